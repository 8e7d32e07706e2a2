/** What is compared: something that keeps jobs durably, and a life of a job in it. */
import type { Subject } from '../report.js';

/** Ready for one round. */
export interface Crew {
  /** From before its enqueueing until its completion is on the disk. */
  readonly live: (job: number) => Promise<void>;
  /** Resolves when all that was completed is on the disk; counts as time of the round. */
  readonly settle?: () => Promise<void>;
  /** After the round. */
  readonly leave?: () => Promise<void>;
}

export interface Contender {
  readonly name: string;
  /** `jobs` lives will follow, so many of them at once. */
  readonly prepare: (inFlight: number, jobs: number) => Promise<Crew>;
  /** Jobs completed since it was opened, by what is found in its own tables. */
  readonly completed: () => Promise<number>;
}

/** So many at once, each followed by the next one. */
export const inParallel = async (
  atOnce: number,
  count: number,
  one: (n: number) => Promise<void>,
): Promise<void> => {
  let next = 0;
  const line = async (): Promise<void> => {
    while (next < count) await one(next++);
  };
  await Promise.all(Array.from({ length: atOnce }, line));
};

export const at = (name: string, inFlight: number): string => `${name}, ${inFlight} in flight`;

/** Jobs per second by the clock on the wall, since durability is waiting for the disk. */
export const lives = ({ name, prepare, completed }: Contender, inFlight: number, jobs: number): Subject => ({
  name: at(name, inFlight),
  unit: 'jobs/s',
  measure: async () => {
    const before = await completed();
    const { live, settle, leave } = await prepare(inFlight, jobs);
    const began = performance.now();
    await inParallel(inFlight, jobs, live);
    await settle?.();
    const ms = performance.now() - began;
    await leave?.();
    const found = (await completed()) - before;
    if (found !== jobs) throw new Error(`${at(name, inFlight)}: ${found} of ${jobs} jobs are completed`);
    return (jobs * 1000) / ms;
  },
});
