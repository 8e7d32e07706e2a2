/** A job that takes all slots of its runner runs there alone, and stays one run when the server is killed meanwhile. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { QueueView } from '../../projections/queue.js';
import type { RunnerStatus } from '../../src/app/evidence.js';
import { generateKeyPair } from '../../src/ssh/keys.js';
import { findSshd, startSystemSshd } from '../../src/ssh/system-sshd.js';
import { until } from './processes.js';
import { aWorld, type Project, type World } from './world.js';

const sshd = findSshd();

/** Each job writes when it begins and when it ends, and runs until the file of its change is there. */
const project = (folder: string, name: string, phases: readonly string[], baton: object = {}): Project => {
  const mark = (what: string) => `echo "${what} ${name}" >> '${join(folder, 'marks')}'`;
  const wait = `until [ -e '${join(folder, `${name}.go`)}' ]; do sleep 0.05; done`;
  const verify = ['lint', 'syntax', 'unit'];
  return {
    commands: Object.fromEntries(phases.map((phase) => [phase, `${mark('begin')}; ${wait}; ${mark('end')}`])),
    config: {
      ...{ version: '2', job_dispatch: { version: 'v2' }, baton },
      skip_phases: verify.filter((phase) => !phases.includes(phase)),
    },
  };
};

describe.skipIf(sshd === undefined)('a job that takes three slots [needs sshd]', () => {
  let world: World;
  beforeEach(async () => {
    world = await aWorld();
    await world.start();
    const { publicKey, privateKey } = generateKeyPair();
    const server = await startSystemSshd({
      sshdPath: sshd ?? '',
      directory: join(world.folder, 'sshd'),
      authorizedKey: publicKey,
      environment: { HOME: world.folder },
    });
    await world.enrol(
      {
        ...{ name: 'r1', port: server.port, fingerprint: server.fingerprint, user: userInfo().username },
        ...{ privateKey, base: join(world.folder, 'base'), close: () => server.close() },
      },
      3,
    );
  });
  afterEach(() => world.close());

  const current = async () => ((await world.ask('GET', '/runners/r1')).json() as RunnerStatus).current;
  const queue = async () => ((await world.ask('GET', '/queue')).json() as QueueView).entries;
  const go = (name: string): void => writeFileSync(join(world.folder, `${name}.go`), '');
  const marks = (): readonly string[] =>
    existsSync(join(world.folder, 'marks'))
      ? readFileSync(join(world.folder, 'marks'), 'utf8').trimEnd().split('\n')
      : [];
  const begun = (name: string, count: number) =>
    until(`${count} jobs of ${name} run`, () =>
      marks().filter((one) => one === `begin ${name}`).length === count ? true : undefined,
    );

  it('waits for all of them, runs alone, once, over the death of the server; then the others run', async () => {
    const { folder } = world;
    const repository = world.aRepository('shop', project(folder, 'before', ['lint', 'syntax']));
    world.aBranch(repository, 'heavy', project(folder, 'heavy', ['unit'], { slots: { unit: 3 } }));
    world.aBranch(repository, 'after', project(folder, 'after', ['lint', 'syntax', 'unit']));

    const before = await world.submitted(repository);
    await begun('before', 2);
    const heavy = await world.submitted(repository, 'heavy');
    await until('the heavy job waits, and why is recorded', async () =>
      (await queue()).some(({ slots, waiting }) => slots === 3 && waiting?.detail.includes('3 slots free'))
        ? true
        : undefined,
    );
    const after = await world.submitted(repository, 'after');
    // the scheduler has seen them, and left the free slot alone
    await until('the others wait behind it', async () =>
      (await queue()).filter(
        ({ status, waiting }) => status === 'queued' && waiting?.detail.includes('keeps its free slots'),
      ).length === 3
        ? true
        : undefined,
    );
    expect(Object.keys(await current())).toHaveLength(2);
    expect((await world.baton('queue')).out).toContain('unit, takes 3 slots');

    go('before');
    const [job] = await until('the heavy job is there', async () => {
      const jobs = await world.jobsOf(heavy.id);
      return jobs.some(({ status }) => status === 'running') ? jobs : undefined;
    });
    const all = { 0: job?.id, 1: job?.id, 2: job?.id };
    expect(await current()).toEqual(all);
    const shown = (await world.baton('runner', 'show', 'r1')).out;
    expect(shown).toContain('3/3 busy');
    expect(shown).toContain('(takes 3 slots)');

    await world.stop('SIGKILL');
    await world.start();
    expect(await current()).toEqual(all);
    const told = (await world.baton('runner', 'remove', 'r1')).err;
    expect(told).toContain('busy with 1 job:');

    go('heavy');
    await begun('after', 3);
    expect(Object.keys(await current())).toHaveLength(3);
    go('after');
    for (const { id } of [before, heavy, after])
      expect((await world.finished(id)).stages.map(({ status }) => status)).toEqual(['passed']);
    expect(marks()).toEqual([
      ...['begin before', 'begin before', 'end before', 'end before', 'begin heavy', 'end heavy'],
      ...['begin after', 'begin after', 'begin after', 'end after', 'end after', 'end after'],
    ]);

    await world.stop();
    const assigned = (await world.events()).filter(
      ({ stream, event }) => stream === `job-${job?.id ?? ''}` && event.type === 'JobAssigned',
    );
    expect(assigned.map(({ event }) => event.data)).toMatchObject([{ slot: 0, alsoSlots: [1, 2] }]);
  }, 120_000);
});
