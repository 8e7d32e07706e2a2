/** A runner that says nothing any more, though nothing has ended: packets are dropped, or sshd stands still. */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, it } from 'vitest';
import { until } from '../e2e/processes.js';
import { aWorld, type World } from '../e2e/world.js';
import { descendantsNamedSshd } from '../sshd.js';
import { skipped } from '../store/small-disk.js';
import { aFaultyRunner, filesOn, type FaultyRunner } from './runner.js';
import { sum, tallyOf } from './tally.js';

const execute = promisify(execFile);

/** Silences a runner; answers how it is made to speak again. */
type Silence = (runner: FaultyRunner) => Promise<() => Promise<void>>;

/** Both directions of the port, on the loopback's way in: whoever sends is told nothing. */
const dropPackets: Silence = async ({ sshdPort }) => {
  const rules = ['--dport', '--sport'].map((which) => [
    'INPUT',
    '-p',
    'tcp',
    which,
    String(sshdPort),
    '-j',
    'DROP',
  ]);
  for (const rule of rules) await execute('iptables', ['-w', '-I', ...rule]);
  return async () => {
    for (const rule of rules) await execute('iptables', ['-w', '-D', ...rule]);
  };
};

/** What listens goes on, so that new connections find somebody. */
const stopSessions: Silence = async ({ sshdPid }) => {
  const pids = await descendantsNamedSshd(sshdPid);
  for (const pid of pids) process.kill(pid, 'SIGSTOP');
  return () => {
    for (const pid of pids) {
      try {
        process.kill(pid, 'SIGCONT');
      } catch {
        // its connection was given up meanwhile
      }
    }
    return Promise.resolve();
  };
};

const whyNoFilter = await execute('iptables', ['-w', '-L', 'INPUT', '-n']).then(
  () => undefined,
  () => 'needs iptables, and root',
);

const silences: readonly (readonly [string, string | undefined, Silence])[] = [
  ['packets that are dropped', whyNoFilter, dropPackets],
  ['sessions of sshd that stand still', undefined, stopSessions],
];

describe('a runner that falls silent', { timeout: 180_000 }, () => {
  let world: World;
  const undo: (() => Promise<void>)[] = [];
  beforeEach(async () => {
    world = await aWorld();
  });
  afterEach(async () => {
    for (const one of undo.splice(0)) await one();
    await world.close();
  });

  for (const [what, why, silence] of silences)
    it.skipIf(why !== undefined)(
      `given ${what}, at the start of a job, in a log and at an end, then it is noticed, each job ran once, and each log is whole${skipped(why)}`,
      async () => {
        const tally = tallyOf(world);
        await world.start({}, 'warn');
        const names = ['one', 'two', 'three'];
        const runners = await Promise.all(names.map((name) => aFaultyRunner(world, name, { slots: 1 })));
        const file = (name: string): string => join(world.folder, name);
        const waits = (name: string): string =>
          `: > '${file(name)}.waits'; until [ -e '${file(name)}' ]; do sleep 0.02; done`;
        const waiting = (name: string): Promise<true> =>
          until(`${name} waits`, () => existsSync(`${file(name)}.waits`) || undefined);
        const line = 'seq 200000 230000';
        const scripts = {
          // prints all the time
          log: `${line}; ${waits('log')}; until [ -e '${file('enough')}' ]; do ${line}; sleep 0.1; done`,
          end: `${line}; ${waits('end')}; echo last`,
          start: line,
        };
        const onRunner = async (change: string): Promise<FaultyRunner> =>
          until('the job is assigned', async () => {
            const [job] = await world.jobsOf(change);
            return runners.find(({ name }) => name === job?.attempts.at(-1)?.runner);
          });

        const log = await tally.submit(tally.project(scripts.log)).change();
        await waiting('log');
        const end = await tally.submit(tally.project(scripts.end)).change();
        await waiting('end');
        // the third one has an open slot, too
        await tally.expectOnce(await tally.submit(tally.project('true')).change());
        const busy = [await onRunner(log), await onRunner(end)];
        const idle = runners.find((one) => !busy.includes(one));
        // its slot is free for the job to come, and not tidying up after the one before
        await until('the third one is tidied up', async () =>
          idle === undefined || (await filesOn(idle, '.go')).size === 0 ? true : undefined,
        );
        await writeFile(file('log'), '');
        // as each begins to do what it is here for
        for (const runner of [...busy, idle]) if (runner !== undefined) undo.push(await silence(runner));
        await writeFile(file('end'), '');
        const start = await tally.submit(tally.project(scripts.start)).change();
        await until('each loss is noticed', () => {
          const said = world.server?.err() ?? '';
          return names.every((name) => new RegExp(`\\d on ${name}: `).test(said)) || undefined;
        });
        for (const one of undo.splice(0)) await one();
        await writeFile(file('enough'), '');
        const counts = [];
        for (const change of [log, end, start]) counts.push(await tally.expectOnce(change));
        console.log(`faults: ${what}, ${JSON.stringify(sum(counts))}`);
      },
    );
});
