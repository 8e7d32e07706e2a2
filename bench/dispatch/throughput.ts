/** Jobs per second when more are wanted than can run: four at a time, on one runner. */
import { connect, execute, openSlot } from '../fleet/bare.js';
import { allSucceeded, runAtOnce, type Engine } from '../fleet/engine.js';
import type { Machine } from '../fleet/machine.js';
import type { Mux, Ran } from '../fleet/mux.js';
import type { Missing } from '../fleet/programs.js';
import { stopwatch, type Group } from '../report.js';
import { inParallel } from '../store/contender.js';
import type { Undoing } from '../store/tidily.js';

export const AT_ONCE = 4;

export const RATE = {
  ours: 'Baton',
  parallel: 'GNU parallel over a ControlMaster',
  xargs: 'xargs -P4 ssh over a ControlMaster',
  exec: 'ssh2, exec per job',
  slot: 'ssh2, a shell per slot',
} as const;

export const CPU = {
  ours: 'CPU of Baton per job',
  parallel: 'CPU of GNU parallel per job',
} as const;

interface Sides {
  readonly machine: Machine;
  readonly engine: Engine;
  readonly mux: Mux;
}

const rate = (jobs: number, ms: number): number => (jobs * 1000) / ms;

const loop = async (jobs: number, run: (slot: number) => Promise<unknown>): Promise<number> => {
  const free = Array.from({ length: AT_ONCE }, (_, slot) => slot);
  const began = performance.now();
  await inParallel(AT_ONCE, jobs, async () => {
    const slot = free.pop() ?? 0;
    await run(slot);
    free.push(slot);
  });
  return rate(jobs, performance.now() - began);
};

/** `jobs` is for the slowest; who is faster gets more, so that all rounds take about as long. */
export const throughputGroups = async (
  { machine, engine, mux }: Sides,
  jobs: number,
  without: Missing,
  undoing: Undoing,
): Promise<readonly Group[]> => {
  const client = await connect(machine, undoing);
  // on a connection of its own: both together would come near the 10 sessions that sshd allows
  const other = await connect(machine, undoing);
  const slots = await Promise.all(Array.from({ length: AT_ONCE }, () => openSlot(other)));
  const ours: Group = {
    rows: [
      [RATE.ours, 'jobs/s'],
      [CPU.ours, 'ms'],
    ],
    measure: async () => {
      const spent = stopwatch();
      const { ended, ms } = await runAtOnce(engine, 'true', jobs * 2);
      const cpuMs = spent();
      allSucceeded(ended);
      return [rate(ended.length, ms), cpuMs / ended.length];
    },
  };
  const command = (name: string, count: number, words: readonly string[]) => async (): Promise<Ran> =>
    mux.run([name, ...words], count);
  const login = `${AT_ONCE}/${mux.ssh.join(' ')} runner`;
  const parallel = command('parallel', jobs, ['--will-cite', `-j${AT_ONCE}`, '--sshlogin', login, 'true']);
  const xargs = command('xargs', jobs * 2, [`-P${AT_ONCE}`, '-n1', ...mux.ssh, 'runner', 'true']);
  return [
    ours,
    ...(without('parallel') === undefined
      ? [
          {
            rows: [
              [RATE.parallel, 'jobs/s'],
              [CPU.parallel, 'ms'],
            ] as const,
            measure: async () => {
              const { ms, cpuMs } = await parallel();
              return [rate(jobs, ms), cpuMs / jobs];
            },
          },
        ]
      : []),
    ...(without('xargs') === undefined
      ? [
          {
            rows: [[RATE.xargs, 'jobs/s']] as const,
            measure: async () => [rate(jobs * 2, (await xargs()).ms)],
          },
        ]
      : []),
    {
      rows: [[RATE.exec, 'jobs/s']],
      measure: async () => [await loop(jobs * 4, () => execute(client, 'true'))],
    },
    {
      rows: [[RATE.slot, 'jobs/s']],
      measure: async () => [
        await loop(jobs * 4, (slot) => slots[slot]?.run('true') ?? Promise.reject(new Error('no slot'))),
      ],
    },
  ];
};
