/** Two servers, each with a data folder of its own, at one event store: which of them drives the runners? */
import { cpSync, existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Failpoint } from '../../src/app/failpoints.js';
import type { ChangeView } from '../../src/app/use-cases.js';
import { ok } from '../contract/event-store-tools.js';
import { serveProcess, type ServedProcess } from '../store/esdb-process.js';
import { openIn } from '../store/sqlite-tools.js';
import { isLong } from '../faults/length.js';
import { until } from './processes.js';
import { TERMINAL } from './terminal.js';
import { aWorld, type World } from './world.js';

let [first, second]: World[] = [];
let worlds: readonly World[];
let node: ServedProcess;
let events: string;
beforeEach(async () => {
  worlds = [await aWorld(), await aWorld()];
  [first, second] = worlds;
  events = join(the(first).folder, 'events');
  node = await serveProcess(events);
});
afterEach(async () => {
  for (const world of worlds) {
    world.server?.child.kill('SIGCONT');
    await world.stop();
  }
  await node.end();
  for (const world of worlds) await world.close();
});

const the = (world: World | undefined): World => world ?? expect.fail('there is no world');

/** `more`: further flags. */
const start = (world: World | undefined, ...more: readonly string[]): Promise<void> =>
  startWith({}, world, ...more);
const startWith = (
  env: Readonly<Record<string, string>>,
  world: World | undefined,
  ...more: readonly string[]
): Promise<void> => the(world).start(env, 'warn', ['--store', node.address, ...more]);

/** On a copy of the first one's data folder: secrets, and commits that were merged, lie nowhere else. */
const startSecond = async (...more: readonly string[]): Promise<void> => {
  const [from, to] = [the(first), the(second)];
  cpSync(from.data, to.data, { recursive: true });
  await start(to, '--repo-root', from.repositories, ...more);
  to.token = from.token;
};

const isReady = async (world: World | undefined): Promise<boolean> =>
  (await fetch(`${the(world).url}/readyz`)).ok;

it('given one that runs, then another does not start and says who runs; once that one has ended, it starts at once', async () => {
  await start(first);
  const pid = the(first).server?.child.pid ?? 0;
  await expect(startSecond()).rejects.toThrow(
    new RegExp(
      `Another Baton drives the runners of this event store: process ${pid} on the host .*--take-over`,
      's',
    ),
  );
  expect((await the(second).stop())?.code).toBe(5);
  expect(await isReady(first)).toBe(true);

  expect((await the(first).stop())?.code).toBe(0);
  await startSecond();
  expect(the(second).server?.err()).not.toContain('waits up to');
  expect(await isReady(second)).toBe(true);
});

it('given one that was killed, then it starts again at once; another starts when the first has not answered', async () => {
  await start(first, '--lease-time', '2s');
  await the(first).stop('SIGKILL');
  await start(first, '--lease-time', '2s');
  expect(the(first).server?.err()).not.toContain('waits up to');

  await the(first).stop('SIGKILL');
  await startSecond();
  expect(the(second).server?.err()).toContain('waits up to 2 s');
  expect(await isReady(second)).toBe(true);
});

it('given one that stands still while another takes over, when it goes on, then it dispatches nothing and ends, and each job has run once', async () => {
  const [one, two] = [the(first), the(second)];
  await start(one, '--lease-time', '2s');
  await one.addRunner('runner', 1);
  const [marker, blocked, enough] = ['marker', 'blocked', 'enough'].map((name) => join(one.folder, name));
  const mark = `echo "$BATON_JOB_ID" >> '${marker}'`;
  const project = {
    commands: {
      lint: mark,
      syntax: mark,
      unit: `${mark}; : > '${blocked}'; until [ -e '${enough}' ]; do sleep 0.05; done`,
    },
  };
  const repository = one.aRepository('project', project);
  const submit = async (world: World, branch: string): Promise<string> => {
    const answer = await world.ask('POST', '/changes', { repository, branch, target: 'main' });
    expect(answer.status, answer.bytes.toString()).toBe(201);
    return (answer.json() as ChangeView).id;
  };
  const branches = ['feature', 'a', 'b', 'c'];
  for (const branch of branches.slice(1)) one.aBranch(repository, branch, project);
  const marked = async (): Promise<string[]> => (await readFile(marker ?? '', 'utf8')).trimEnd().split('\n');

  // one job runs, and others wait for the only slot
  const changes = [await submit(one, 'feature'), await submit(one, 'a')];
  await until('a job holds the slot', () => existsSync(blocked ?? '') || undefined);
  one.server?.child.kill('SIGSTOP');

  await startSecond();
  changes.push(await submit(two, 'b'));
  const still = one.server;
  still?.child.kill('SIGCONT');
  one.file('enough', '');
  changes.push(await submit(two, 'c'));
  const ended = await still?.done;
  expect([ended?.code, ended?.err]).toEqual([5, expect.stringContaining('has taken over the runners')]);

  const jobs: string[] = [];
  for (const id of changes) {
    const change = await two.finished(id);
    expect(change.stages.map(({ status }) => status)).toEqual(['passed']);
    jobs.push(...change.stages.flatMap(({ phases }) => phases.flatMap((phase) => phase.jobs)));
  }
  expect(jobs).toHaveLength(branches.length * 3);
  expect((await marked()).sort()).toEqual([...jobs].sort());

  await two.stop();
  await node.end();
  const store = await openIn(join(events, 'store'));
  const recorded = await ok(store.readAll('start', { maxCount: 100_000 }));
  await store.close();
  const takenAt = recorded.findLastIndex(({ event }) => event.type === 'ShardTaken');
  const fences = recorded
    .slice(takenAt)
    .flatMap(({ event }) =>
      event.type === 'JobAssigned' ? [(event.data as { readonly fence: number }).fence] : [],
    );
  expect([...new Set(fences)]).toEqual([2]);
  const ends = recorded.filter(({ event }) => event.type === 'JobSucceeded').map(({ stream }) => stream);
  expect(ends.sort()).toEqual(jobs.map((id) => `job-${id}`).sort());
});

/** Where the one that stands still has asked whether it may, and has not done it yet; or has done it, and not said so. */
const standstills: readonly Failpoint[] = isLong
  ? [
      ...[
        'append.JobAssigned.before',
        'append.JobAssigned.after',
        'start.before',
        'start.sent',
        'start.after',
      ],
      ...['append.JobStarted.before', 'log.write.before', 'log.seal.after', 'append.JobSucceeded.before'],
      ...['append.JobSucceeded.after', 'cleanUp.before', 'append.PhaseFinished.before'],
    ].map((name) => name as Failpoint)
  : ['append.JobAssigned.before', 'start.before', 'start.sent', 'append.JobSucceeded.before'];

it.each(standstills)(
  'given one that stands still at %s while another takes over, when it goes on, then it ends, and each job has run once and has one end',
  async (failpoint) => {
    const [one, two] = [the(first), the(second)];
    await startWith({ BATON_FAILPOINT: `${failpoint}:stop` }, one, '--lease-time', '2s');
    await one.addRunner('runner', 1);
    const marker = join(one.folder, 'marker');
    const work = `echo "$BATON_JOB_ID" >> '${marker}'; seq 20000; sleep 0.2; echo last`;
    const project = { commands: { lint: work, syntax: work, unit: work } };
    const repository = one.aRepository('project', project);
    const submitted = await one.ask('POST', '/changes', { repository, branch: 'feature', target: 'main' });
    const { id } = submitted.json() as ChangeView;
    const still = one.server;
    await until('it stands still', async () => {
      const stat = await readFile(`/proc/${String(still?.child.pid)}/stat`, 'utf8');
      return /\) T /.test(stat) || undefined;
    });

    await startSecond();
    const change = await two.finished(id);
    expect(change.stages.map(({ status }) => status)).toEqual(['passed']);
    still?.child.kill('SIGCONT');
    const ended = await still?.done;
    expect([ended?.code, ended?.err]).toEqual([5, expect.stringContaining('has taken over the runners')]);

    const jobs = change.stages.flatMap(({ phases }) => phases.flatMap((phase) => phase.jobs));
    expect((await readFile(marker, 'utf8')).trimEnd().split('\n').sort()).toEqual([...jobs].sort());
    const log = Array.from({ length: 20_000 }, (_, i) => `${i + 1}\n`).join('') + 'last\n';
    for (const job of jobs)
      expect((await two.ask('GET', `/jobs/${job}/log`)).bytes.toString() === log, `log of ${job}`).toBe(true);
    await two.stop();
    await node.end();
    const store = await openIn(join(events, 'store'));
    const recorded = await ok(store.readAll('start', { maxCount: 100_000 }));
    await store.close();
    for (const job of jobs) {
      const own = recorded.filter(({ stream }) => stream === `job-${job}`).map(({ event }) => event);
      const story = own.map(({ type }) => type).join(' ');
      expect(
        own.filter(({ type }) => TERMINAL.includes(type)).map(({ type }) => type),
        story,
      ).toEqual(['JobSucceeded']);
      for (const type of ['JobAssigned', 'JobStarted']) {
        const attempts = own
          .filter((event) => event.type === type)
          .map(({ data }) => (data as { readonly attempt: number }).attempt);
        expect(new Set(attempts).size, story).toBe(attempts.length);
      }
    }
  },
);
