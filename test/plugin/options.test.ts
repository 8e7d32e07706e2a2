import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseOptions } from '../../plugin/options.js';

const problemsOf = (raw: unknown) => {
  const parsed = parseOptions(raw);
  return 'problems' in parsed ? parsed.problems : [];
};

describe('parseOptions', () => {
  it('given only host and data, then the rest has defaults', () => {
    expect(parseOptions({ host: 'ci', data: '/var/lib/baton' })).toEqual({
      options: {
        ...{ host: 'ci', data: '/var/lib/baton', repositoryRoots: [], allowedHosts: [], mount: '' },
        web: true,
        ...{ maxQueued: 1000, logLevel: 'warn', reportTimeoutMs: 30_000, reportRetryMs: 30_000 },
        logPatienceMs: 60_000,
      },
    });
  });

  it('given several mistakes, then all are told at once, each with its path', () => {
    const problems = problemsOf({
      ...{ host: 'standalone', data: 'relative', maxQueued: 0, logLevel: 'loud', mount: 'baton' },
      web: 'no',
      ...{ repositoryRoots: ['/ok', 'not'], authenticate: 'me', publicUrl: 'ci.example.org' },
    });
    expect(problems.map(({ path }) => path).sort()).toEqual(
      [
        'authenticate',
        'data',
        'host',
        'logLevel',
        'maxQueued',
        'mount',
        'publicUrl',
        'repositoryRoots[1]',
        'web',
      ].sort(),
    );
  });

  it('given a misspelt option, then the nearest word is named', () => {
    expect(problemsOf({ host: 'ci', data: '/d', maxQueud: 5 })).toEqual([
      { path: 'maxQueud', expected: 'no option of this name', found: 'one', mend: 'write "maxQueued"' },
    ]);
  });

  it('given webhooks, then they are read as the server reads them, and every problem has its path', () => {
    const chat = { url: 'https://chat.example.org/x', secret_file: '/etc/chat.secret' };
    expect(
      parseOptions({ host: 'ci', data: '/d', webhooks: { chat: { ...chat, topics: ['jobs'] } } }),
    ).toMatchObject({
      options: {
        webhooks: [{ name: 'chat', url: chat.url, secretFile: '/etc/chat.secret', topics: ['jobs'] }],
      },
    });
    const problems = problemsOf({
      ...{ host: 'ci', data: 'relative' },
      webhooks: { chat: { ...chat, secret_file: '', topics: ['job'], scopes: ['/'] } },
    });
    expect(problems.map(({ path }) => path)).toEqual([
      ...['data', 'webhooks.chat.secret_file', 'webhooks.chat.topics[0]', 'webhooks.chat.scopes[0]'],
    ]);
    expect(
      problemsOf({ host: 'ci', data: '/d', webhooks: { a: { ...chat, secret_file: 'a.secret' } } }),
    ).toEqual([{ path: 'webhooks.a.secret_file', expected: 'an absolute path', found: '"a.secret"' }]);
    expect(problemsOf({ host: 'ci', data: '/d', webhooks: 'chat' })).toMatchObject([{ path: 'webhooks' }]);
  });

  it.each([undefined, null, 'text', [], 5])('given %j instead of an object, then that is said', (raw) => {
    expect(problemsOf(raw)).toMatchObject([{ path: '', expected: 'an object with options' }]);
  });

  it('given a function that says who asks, then it is handed through', () => {
    const authenticate = () => undefined;
    expect(parseOptions({ host: 'ci', data: '/d', authenticate })).toMatchObject({
      options: { authenticate },
    });
  });
});

describe('parseOptions, where events are kept', () => {
  const given = (more: object) => parseOptions({ host: 'ci', data: '/d', ...more });

  it.each([{}, { store: 'sqlite' }, { store: undefined }])('given %j, then it is the data folder', (more) => {
    expect(given(more)).toEqual(given({}));
    expect(given(more)).not.toHaveProperty('options.store');
  });

  it('given a server, then it is that one, and nothing of how it was told is left beside it', () => {
    expect(given({ store: 'esdb+discover://events.example.org' })).toEqual({
      options: {
        ...(given({}) as { options: object }).options,
        store: { address: 'esdb+discover://events.example.org' },
      },
    });
  });

  it('given user and password file, then the password is read, without the line break at its end', () => {
    const folder = mkdtempSync(join(tmpdir(), 'baton-options-'));
    const storePasswordFile = join(folder, 'password');
    writeFileSync(storePasswordFile, 'open sesame\n');
    const parsed = given({ store: 'esdb://h:2113', storeUser: 'ali', storePasswordFile });
    rmSync(folder, { recursive: true });
    expect(parsed).toMatchObject({
      options: {
        store: { address: 'esdb://h:2113', credentials: { user: 'ali', password: 'open sesame' } },
      },
    });
  });

  it.each([
    [{ store: 'esdb://h', storeUser: 'ali' }, 'storePasswordFile', 'only storeUser'],
    [{ store: 'esdb://h', storePasswordFile: '/p' }, 'storeUser', 'only storePasswordFile'],
    [{ store: 'esdb://h', storeUser: 'ali', storePasswordFile: '/no/such' }, '/no/such', 'ENOENT'],
    [{ store: 'esdb://h', storeUser: 'ali', storePasswordFile: 'p' }, 'storePasswordFile', '"p"'],
    [{ store: 'esdb://h', storeUser: '', storePasswordFile: '/p' }, 'storeUser', '""'],
  ])('given %j, then the problem is one of %s', (more, path, found) => {
    expect(problemsOf({ host: 'ci', data: '/d', ...more })).toMatchObject([{ path, found }]);
  });

  it('given mistakes in all of them, then all are told at once, beside the others', () => {
    const problems = problemsOf({ host: 'CI', data: '/d', store: 'mysql://h', storeUser: 'ali', mount: 'x' });
    expect(problems.map(({ path }) => path).sort()).toEqual(['host', 'mount', 'store', 'storePasswordFile']);
  });

  it.each([
    'esbd://ali:sesame@h:2113',
    'esdb:/ali:sesame@h:2113',
    `http://ali:${'sesame'.repeat(30)}@h`,
    { user: 'ali', password: 'sesame' },
    ['esdb://ali:sesame@h'],
  ])('given the mistyped address %j, then its password is not shown', (store) => {
    const problems = problemsOf({ host: 'ci', data: '/d', store });
    expect(problems).toMatchObject([{ path: 'store' }]);
    expect(JSON.stringify(problems)).not.toContain('sesame');
  });

  it('given toolchains and rules, then as the server reads them; all that is wrong with both at once', () => {
    const table = { chefdk: { version: '2.4.17' } };
    const read = (more: object) => parseOptions({ host: 'ci', data: '/d', ...more });
    expect(read({ toolchains: table })).toMatchObject({
      options: {
        toolchains: {
          toolchains: [{ name: 'chefdk', version: '2.4.17' }],
          rules: [{ text: 'toolchain chefdk >=2.0 needs engine >=1.5' }],
        },
      },
    });
    expect(read({ compatibility: ['os linux needs engine >=2'] })).toMatchObject({
      options: { toolchains: { rules: [{ text: 'os linux needs engine >=2' }] } },
    });
    expect(read({})).not.toHaveProperty('options.toolchains');
    expect(
      read({ toolchains: { chefdk: { url: 'ftp://x' } }, compatibility: ['os linux need engine >=2'] }),
    ).toMatchObject({
      problems: [{ path: 'toolchains.chefdk.url' }, { path: 'compatibility[0], column 10' }],
    });
    expect(read({ compatibility: ['toolchain git needs os linux'] })).toMatchObject({
      problems: [{ path: 'compatibility: toolchain git needs os linux' }],
    });
  });
});
