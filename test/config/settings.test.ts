import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as E from 'fp-ts/lib/Either.js';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { explainConfig, readConfig, type Environment, type Flags } from '../../src/config.js';
import { readConfigFile } from '../../src/config/file.js';
import { explainSettings, keyOf, resolveSettings } from '../../src/config/resolve.js';
import { setting, text } from '../../src/config/setting.js';
import { settings } from '../../src/config/settings.js';
import { defaultQueuePolicy } from '../../src/domain/queue-policy.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'baton-config-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

const file = (content: string, name = 'baton.toml', mode = 0o600): string => {
  const path = join(folder, name);
  writeFileSync(path, content);
  chmodSync(path, mode);
  return path;
};
const read = (flags: Flags, env: Environment = {}) => readConfig(flags, env, '/work-folder');
const config = (flags: Flags, env?: Environment) => {
  const found = read(flags, env);
  return E.isRight(found) ? found.right : expect.fail(JSON.stringify(found.left));
};
const problems = (flags: Flags, env?: Environment) => {
  const found = read(flags, env);
  return E.isLeft(found) ? (found.left.problems ?? []) : expect.fail('not refused');
};

describe('settings', () => {
  it('given nothing, then the defaults hold', () => {
    expect(config({}, { XDG_STATE_HOME: '/state' })).toMatchObject({
      data: '/state/baton',
      host: '127.0.0.1',
      port: 7350,
      repositoryRoots: [],
      logLevel: 'info',
      keyFile: '/state/baton/operator.key',
      mayMakeKey: true,
    });
  });
  it('takes a flag before the environment, the environment before the file, the file before the default', () => {
    const path = file('log_level = "warn"\nlisten = "127.0.0.1:1"\ndata = "/from-file"\n');
    const env = { BATON_LOG_LEVEL: 'debug', BATON_LISTEN: '127.0.0.1:2', BATON_CONFIG: path };
    const found = config({ logLevel: 'trace' }, env);
    expect([found.logLevel, found.port, found.data]).toEqual(['trace', 2, '/from-file']);
  });
  it('given nothing of phases, then delivery job is off, and told where this server listens', () => {
    expect(config({ listen: 'ci.example.org:7350', tlsCert: '/c', tlsKey: '/k' }).phases).toEqual({
      deliveryJob: false,
      delivery: { server: 'ci.example.org', user: 'builder' },
      minFreeBytes: 100 * 1024 * 1024,
    });
  });
  it('given what phases run, then that; an option in place of a name is none', () => {
    const env = { BATON_DELIVERY_JOB: 'on', BATON_PHASE_COMMAND: 'make', BATON_MIN_FREE_DISK: '0' };
    expect(config({ deliveryServer: 'chef.example.org', deliveryUser: 'ci' }, env).phases).toEqual({
      command: 'make',
      deliveryJob: true,
      delivery: { server: 'chef.example.org', user: 'ci' },
      minFreeBytes: 0,
    });
    const wrong = { deliveryServer: '--help', deliveryUser: '-x', deliveryJob: 'yes', phaseCommand: ' ' };
    expect(problems(wrong).map(({ path }) => path)).toEqual([
      ...['--phase-command', '--delivery-job', '--delivery-server', '--delivery-user'],
    ]);
  });
  it('takes a variable that is set but empty for one that is not set', () => {
    expect(config({}, { BATON_LOG_LEVEL: '', BATON_CONFIG: '' }).logLevel).toBe('info');
  });
  it('reads relative paths from the folder of the file, or from the working folder', () => {
    const path = file('data = "data"\nrepo_root = ["a", "/b"]\nkey_file = "op.key"');
    expect(config({ config: path })).toMatchObject({
      data: join(folder, 'data'),
      repositoryRoots: [join(folder, 'a'), '/b'],
      keyFile: join(folder, 'op.key'),
      mayMakeKey: false,
    });
    expect(config({ data: 'data' }, { BATON_REPO_ROOTS: 'x:/y' })).toMatchObject({
      data: '/work-folder/data',
      repositoryRoots: ['/work-folder/x', '/y'],
    });
  });
  it('reads JSON as well, and refuses a key twice', () => {
    expect(config({ config: file('{"log_level": "warn"}', 'baton.json') }).logLevel).toBe('warn');
    const twice = file('{"data": "/a", "data": "/b"}', 'baton.json');
    expect(problems({ config: twice })[0]).toMatchObject({ expected: 'each key once' });
  });
  it('tells all problems at once, each with its place, and the nearest known word', () => {
    const path = file('log-level = "info"\nlisten = "nowhere"\nrepo_root = [1]\n');
    expect(problems({ config: path, logLevel: 'loud' }, { BATON_DATA: 'a\0b' })).toEqual([
      {
        path: `${path}: log-level`,
        expected: 'the name of a setting',
        found: 'an unknown one',
        mend: 'write "log_level"',
      },
      expect.objectContaining({ path: 'BATON_DATA', expected: 'a path' }),
      expect.objectContaining({ path: `${path}: listen`, found: 'nowhere' }),
      expect.objectContaining({ path: `${path}: repo_root`, expected: 'a list of paths', found: '[1]' }),
      expect.objectContaining({ path: '--log-level', found: 'loud' }),
    ]);
  });
  it('says where a file is no TOML, and not what stands there', () => {
    const [problem] = problems({ config: file('data = "/a"\nlog_level = hunter2 secret\n') });
    expect(problem?.path).toContain('line 2');
    expect(JSON.stringify(problem)).not.toContain('hunter2');
  });
  it('refuses a file that is not there, and one that is no table', () => {
    expect(problems({ config: join(folder, 'none') })[0]?.found).toBe('ENOENT');
    expect(problems({ config: file('[1]', 'baton.json') })[0]?.expected).toBe('a table of settings');
  });
  it('refuses to listen off loopback, naming the place that asked for it', () => {
    expect(problems({}, { BATON_LISTEN: '0.0.0.0:80' })[0]).toMatchObject({
      path: 'BATON_LISTEN',
      found: '0.0.0.0',
    });
  });
  it('listens off loopback with TLS, and answers to that address', () => {
    const tls = { tlsCert: 'c.pem', tlsKey: 'k.pem' };
    expect(config({ listen: '192.0.2.7:443', ...tls }).http).toMatchObject({
      tls: { cert: '/work-folder/c.pem', key: '/work-folder/k.pem' },
      allowedHosts: ['192.0.2.7'],
    });
    expect(problems({ tlsCert: 'c.pem' })[0]).toMatchObject({ path: '--tls-key', found: 'only --tls-cert' });
  });
  it('takes the policy of the queue, with lengths of time', () => {
    const flags = { whenUnmatchable: 'expire', ageing: '90s', queueLimit: '2h', startLimit: '1d' };
    expect(config(flags, { BATON_UNMATCHED_LIMIT: '15m' }).queue).toEqual({
      ...{ whenUnmatchable: 'expire', ageingMs: 90_000, unmatchedMs: 900_000, queueMs: 7_200_000 },
      startMs: 86_400_000,
    });
    expect(config({}).queue).toEqual(defaultQueuePolicy);
    const wrong = { whenUnmatchable: 'never', ageing: '10', queueLimit: '-1s', startLimit: '0s' };
    expect(problems(wrong).map(({ path }) => path)).toEqual([
      '--when-unmatchable',
      '--queue-limit',
      '--start-limit',
      '--ageing',
    ]);
  });
  it('takes numbers and switches from flags, environment and file', () => {
    const path = file('request_burst = 7\nmetrics_public = true\nallowed_host = ["baton.example.org"]\n');
    const { http } = config({ config: path, streamsPerToken: '3' }, { BATON_HEADER_BYTES: '2048' });
    expect(http).toMatchObject({ requestBurst: 7, streamsPerToken: 3, headerBytes: 2048 });
    expect(http).toMatchObject({ metricsPublic: true, allowedHosts: ['baton.example.org'] });
    // commander gives the opposite of what --no-web says
    expect(
      [config({}), config({ web: false }), config({}, { BATON_WEB: '0' })].map((one) => one.http.web),
    ).toEqual([true, false, false]);
    expect(config({ config: file('web = false\n', 'off.toml') }).http.web).toBe(false);
    expect(problems({ requestBurst: '0', allowedHost: ['a b'] }).map((one) => one.path)).toEqual([
      '--allowed-host',
      '--request-burst',
    ]);
  });
});

describe('explaining settings', () => {
  it('gives each one with its value, source and meaning', () => {
    const path = file('log_level = "warn"\n');
    const found = explainConfig({ config: path, listen: '[::1]:0' }, { BATON_DATA: '/d' }, '/');
    if (E.isLeft(found)) expect.fail(JSON.stringify(found.left));
    expect(found.right).toHaveLength(Object.keys(settings).length);
    expect(found.right.slice(0, 6).map(({ name, value, source }) => [name, value, source])).toEqual([
      ['data', '/d', 'environment BATON_DATA'],
      ['listen', '[::1]:0', 'flag --listen'],
      ['key_file', '/d/operator.key', 'default'],
      ['repo_root', '', 'default'],
      ['source', 'push', 'default'],
      ['log_level', 'warn', `file ${path}`],
    ]);
    expect(found.right.every(({ meaning }) => meaning.endsWith('.'))).toBe(true);
  });
});

describe('a secret setting', () => {
  const table = {
    ...settings,
    proxyToken: setting({
      flag: '--proxy-token',
      takes: '<token>',
      env: 'BATON_PROXY_TOKEN',
      codec: text('a token of 8 characters', (value) => value.length === 8),
      defaultOf: () => '',
      defaultText: 'none',
      meaning: 'A token.',
      secret: true,
    }),
  };
  const resolve = (path: string | undefined, env: Environment = {}) => {
    const found = path === undefined ? E.right(undefined) : readConfigFile(path);
    if (E.isLeft(found)) expect.fail(JSON.stringify(found.left));
    return resolveSettings(table, { flags: {}, env, file: found.right, cwd: '/' });
  };
  it('is shown as set, never with its value', () => {
    const found = resolve(file('proxy_token = "hunter22"'));
    if (E.isLeft(found)) expect.fail(JSON.stringify(found.left));
    expect(found.right.proxyToken.value).toBe('hunter22');
    const row = explainSettings(table, found.right).find(({ name }) => name === 'proxy_token');
    expect(row?.value).toBe('set');
    expect(JSON.stringify(row)).not.toContain('hunter22');
  });
  it('is not repeated when it cannot be used', () => {
    const found = resolve(undefined, { BATON_PROXY_TOKEN: 'hunter2' });
    expect(E.isLeft(found) && found.left[0]).toMatchObject({ found: 'a value that is not shown' });
    expect(JSON.stringify(found)).not.toContain('hunter2');
  });
  it.each([0o640, 0o604, 0o644])('keeps a file with mode %o from being used', (mode) => {
    const found = resolve(file('proxy_token = "hunter22"', 'baton.toml', mode));
    expect(E.isLeft(found) && found.left[0]?.expected).toContain('no more than 0600');
  });
  it('is no matter for a file that holds none', () => {
    expect(E.isRight(resolve(file('log_level = "info"', 'baton.toml', 0o644)))).toBe(true);
  });
});

describe('the public address', () => {
  it('given one, then it is told without a slash at its end, and its host is answered to', () => {
    const { http } = config({ publicUrl: 'https://CI.example.org:8443/baton/' });
    expect(http.publicUrl).toBe('https://ci.example.org:8443/baton');
    expect(http.allowedHosts).toEqual(['ci.example.org']);
    expect(config({}, { BATON_PUBLIC_URL: 'http://[2001:db8::1]:7350' }).http).toMatchObject({
      ...{ publicUrl: 'http://[2001:db8::1]:7350', allowedHosts: ['[2001:db8::1]'] },
    });
    expect(config({}).http.publicUrl).toBeUndefined();
  });
  it.each([
    'ci.example.org',
    'ftp://ci.example.org',
    'https://me:secret@ci.example.org',
    'https://ci.example.org/?a=1',
    'https://ci.example.org/#a',
    "https://ci.example.org/'",
    'https://',
    'https://ci example.org',
  ])('given %j, then refused', (publicUrl) => {
    expect(problems({ publicUrl })[0]).toMatchObject({ path: '--public-url' });
  });
});

describe('the table', () => {
  it('has no two settings of one name, variable or key', () => {
    const rows = Object.values(settings);
    for (const of of [
      rows.map(({ flag }) => flag),
      rows.map(({ env }) => env),
      rows.map(({ flag }) => keyOf(flag)),
    ])
      expect(new Set(of).size).toBe(rows.length);
  });
});
