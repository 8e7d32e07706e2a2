/** A runner's day, told on the command line: added, wrong host key, trusted, drained, a black hole, recovered, removed. */
import { existsSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { JobView } from '../../projections/jobs.js';
import type { RunnerStatus } from '../../src/app/evidence.js';
import type { ChangeView } from '../../src/app/use-cases.js';
import { generateKeyPair } from '../../src/ssh/keys.js';
import { startLocalSshServer, type LocalServer } from '../../src/ssh/local-server.js';
import { findSshd, startSystemSshd } from '../../src/ssh/system-sshd.js';
import { until } from './processes.js';
import type { Ran } from './program.js';
import { aWorld, type World } from './world.js';

let world: World;
type Machine = Pick<LocalServer, 'port' | 'fingerprint' | 'close'> & Partial<LocalServer>;
let server: Machine | undefined;
const key = generateKeyPair();
const lines: string[] = [];

beforeAll(async () => {
  world = await aWorld();
  // long, so that only what is told here is seen; the recovery is watched at each half second
  await world.start({}, 'error', ['--probe-interval', '1h', '--recovery-interval', '1s']);
});
afterAll(async () => {
  // where the transcript goes that docs/a-runners-day.md shows
  const file = process.env['BATON_TRANSCRIPT'];
  if (file !== undefined) writeFileSync(file, lines.join('\n'));
  await server?.close();
  await world.close();
});

/** What a person would read: folders and times of this run are none of the story. */
const told = (text: string): string => text.replaceAll(world.folder, '/work').trimEnd();
const say = (text: string): void => void lines.push('', `# ${text}`);

const baton = async (...argv: readonly string[]): Promise<Ran> => {
  const ran = await world.baton(...argv);
  const quoted = argv.map((word) => (/^[\w./:@+=-]+$/.test(word) ? word : `"${word}"`)).join(' ');
  lines.push(`$ baton ${told(quoted)}`, told(ran.out + ran.err));
  if (ran.code !== 0) lines.push(`(exit code ${ran.code})`);
  return ran;
};

const show = async (name: string): Promise<RunnerStatus> =>
  (await world.ask('GET', `/runners/${name}`)).json() as RunnerStatus;
const inState = (name: string, state: string): Promise<RunnerStatus> =>
  until(`${name} is ${state}`, async () => {
    const found = await show(name);
    return found.state === state ? found : undefined;
  });

const submit = async (repository: string, branch: string): Promise<ChangeView> => {
  const answer = await world.ask('POST', '/changes', { repository, branch, target: 'main' });
  expect(answer.status).toBe(201);
  return answer.json() as ChangeView;
};

/** The system's sshd where there is one. Its `tar` fails while the file `broken` is there: probes without a start would find it well. */
const serve = (port?: number): Promise<Machine> => {
  const home = world.folder;
  const authorizedKey = key.publicKey;
  const environment = { HOME: home, PATH: `${join(home, 'bin')}:/usr/local/bin:/usr/bin:/bin` };
  const at = port === undefined ? {} : { port };
  const sshdPath = findSshd();
  if (sshdPath !== undefined)
    return startSystemSshd({ ...at, sshdPath, directory: join(home, 'sshd'), authorizedKey, environment });
  const hostKey = generateKeyPair().privateKey;
  return startLocalSshServer({ ...at, hostKey, authorizedKey, home, environment });
};

const FINGERPRINT = /SHA256:[A-Za-z0-9+/]{43}/g;
const broken = (): string => join(world.folder, 'broken');
const go = (): string => join(world.folder, 'go');
const loop = (): string => `while [ ! -e ${go()} ]; do sleep 0.05; done`;
const user = userInfo().username;

const aRunningJob = (change: ChangeView): Promise<JobView> =>
  until('a job runs', async () => (await world.jobsOf(change.id)).find(({ status }) => status === 'running'));

describe("a runner's day", { timeout: 120_000 }, () => {
  let repository = '';
  let port = 0;

  it('is added, and tested with the host key that a person compared', async () => {
    world.dir('bin');
    world.file(
      'bin/tar',
      `#!/bin/sh\n[ ! -e ${broken()} ] || { echo 'tar: cannot run' >&2; exit 126; }\nexec /bin/tar "$@"\n`,
      0o755,
    );
    repository = world.aRepository('shop', {
      commands: { lint: loop(), syntax: loop(), unit: loop() },
    });
    server = await serve();
    ({ port } = server);
    say('A machine is added, and tested');
    const added = await baton(
      ...['runner', 'add', 'build-07', '--host', '127.0.0.1', '--port', String(port), '--user', user],
      ...['--base', join(world.folder, 'base'), '--identity', world.file('identity', key.privateKey)],
    );
    expect([added.code, added.err]).toEqual([0, '']);
    const first = await baton('runner', 'test', 'build-07');
    expect(first.out).toContain(server.fingerprint);
    const mistyped = await baton(
      'runner',
      'test',
      'build-07',
      '--accept-host-key',
      `SHA256:${'A'.repeat(43)}`,
    );
    expect([mistyped.code, mistyped.err]).toEqual([5, expect.stringContaining('nothing was accepted')]);
    expect((await show('build-07')).hostKeys).toEqual([]);
    const accepted = await baton('runner', 'test', 'build-07', '--accept-host-key', server.fingerprint);
    expect(accepted.code).toBe(0);
  });

  it('shows another host key: quarantined, both keys told, and back only by name', async () => {
    const before = server?.fingerprint ?? '';
    await server?.close();
    server = await serve(port);
    const { fingerprint } = server;
    say('The machine comes back with another host key');
    const tested = await baton('runner', 'test', 'build-07');
    expect(tested.code).toBe(1);
    expect((await baton('runner', 'list')).out).toContain('quarantined');
    const shown = await baton('runner', 'trust', 'build-07');
    expect(shown.code).toBe(5);
    expect(new Set(shown.err.match(FINGERPRINT))).toEqual(new Set([before, fingerprint]));
    expect(shown.err).toContain(`baton runner trust build-07 --fingerprint ${fingerprint}`);
    expect((await baton('runner', 'clear', 'build-07')).code).toBe(5);
    expect(server.authentications?.() ?? 0).toBe(0);
    const reason = ['--reason', 'reinstalled, key compared on its console'];
    const trusted = await baton('runner', 'trust', 'build-07', '--fingerprint', fingerprint, ...reason);
    expect([trusted.code, trusted.err]).toEqual([0, '']);
    expect((await show('build-07')).state).toBe('ready');
  });

  it('is drained while a job runs: the job finishes, no other one starts', async () => {
    say('It is drained while a job runs there');
    const change = await submit(repository, 'feature');
    const { id } = await aRunningJob(change);
    const drained = await baton('runner', 'drain', 'build-07', '--reason', 'new disk');
    expect(drained.out).toMatch(/is draining \(drained by \S+: new disk\).*One job is still there/);
    const busy = await baton('runner', 'remove', 'build-07');
    expect([busy.code, busy.err]).toEqual([5, expect.stringContaining('is busy with 1 job')]);
    world.file('go', '');
    await until('the job has ended', async () =>
      (await show('build-07')).lastOutcomes.find(({ jobId }) => jobId === id),
    );
    await baton('queue');
    const statuses = (await world.jobsOf(change.id)).map(({ status }) => status);
    expect(statuses.sort()).toEqual(['queued', 'queued', 'succeeded']);
    expect((await baton('runner', 'clear', 'build-07', '--slot', '7')).code).toBe(2);
    await baton('runner', 'resume', 'build-07');
    expect((await world.finished(change.id)).stages[0]?.status).toBe('passed');
    await baton('runner', 'pause', 'build-07', '--until', '2s', '--reason', 'a snapshot');
    await inState('build-07', 'ready');
  });

  it('becomes a black hole: quarantined after three attempts, the jobs pass elsewhere', async () => {
    say('Its tools break: jobs cannot start there, and another machine is added');
    world.file('broken', '');
    await world.addRunner('build-08', 1);
    await world.ask('POST', '/runners/build-08/drain', {});
    world.aBranch(repository, 'third', { commands: { lint: 'true', syntax: 'true', unit: 'true' } });
    const change = await submit(repository, 'third');
    const found = await inState('build-07', 'quarantined');
    expect(found.detail).toMatch(/^It failed 3 attempts in a row \(not_prepared\)/);
    await baton('runner', 'resume', 'build-08');
    expect((await world.finished(change.id)).stages[0]?.status).toBe('passed');
    const runners = (await world.jobsOf(change.id)).flatMap((job) =>
      job.attempts.map(({ runner }) => runner),
    );
    expect(runners.filter((name) => name === 'build-07')).toHaveLength(3);
    await baton('history', '--limit', '6');
    await until('a recovery probe failed', async () => {
      const { evidence } = await show('build-07');
      return evidence?.ok === false ? evidence : undefined;
    });
    await baton('runner', 'show', 'build-07');
  });

  it('recovers: once it is mended, clean probes bring it back', async () => {
    rmSync(broken());
    await inState('build-07', 'ready');
    say('Somebody mends the machine; nobody tells Baton');
    await baton('runner', 'list');
  });

  it('is removed with the job that runs there: cancelled first, then retired, and its key is gone', async () => {
    rmSync(go());
    say('It is removed while a job runs');
    await world.ask('POST', '/runners/build-08/drain', {});
    world.aBranch(repository, 'fourth', { commands: { lint: loop(), syntax: loop(), unit: loop() } });
    const change = await submit(repository, 'fourth');
    const { id } = await aRunningJob(change);
    const secrets = (): number => readdirSync(join(world.data, 'secrets')).length;
    const before = secrets();
    const removed = await baton('runner', 'remove', 'build-07', '--cancel-jobs', '--reason', 'sold');
    expect(removed.out).toMatch(/is removing \(is being removed by \S+: sold\)/);
    await inState('build-07', 'retired');
    const jobs = await world.jobsOf(change.id);
    expect(jobs.find((job) => job.id === id)).toMatchObject({
      status: 'cancelled',
      cancelRequested: { reason: 'sold' },
    });
    await until('its key is gone', () => (secrets() === before - 1 ? true : undefined));
    await baton('list-runners');
    const again = await baton('runner', 'add', 'build-07', '--host', '127.0.0.1', '--user', user);
    expect([again.code, again.err]).toEqual([0, '']);
    await inState('build-07', 'untested');
    expect(existsSync(go())).toBe(false);
  });
});
