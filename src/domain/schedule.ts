/** Who runs next, and where. Pure: the same queue and runners give the same decisions. */
import {
  byDispatch,
  freeSlot,
  type DispatchIndex,
  type FilterClass,
  type Pool,
  type QueuedJob,
  type Runner,
} from './dispatch-index.js';

export interface Policy {
  /** Waiting this long counts as much as one step of priority. */
  readonly ageingMs: number;
  /** How long a job whose policy is `expire`, and that has no limit of its own, waits for a runner that matches. */
  readonly unmatchedMs: number;
}

export interface Assignment {
  readonly job: QueuedJob;
  readonly runner: string;
  readonly slot: number;
  readonly rule: 'only_match' | 'least_loaded' | 'other_runner';
}

/**
 * Dispatch order: priority with ageing, then age, then arrival. All jobs age alike, so the order of two jobs does not change as
 * time passes: it is a number that needs no clock.
 */
export const dispatchKey = (
  queuedAtMs: number,
  priority: number,
  { ageingMs }: Pick<Policy, 'ageingMs'>,
): number => queuedAtMs - priority * ageingMs;

/** A runner as it is after what was decided so far in this round. */
interface Offer {
  readonly runner: Runner;
  readonly load: number;
  readonly slot: number;
  readonly taken: ReadonlySet<number>;
}

const NONE: ReadonlySet<number> = new Set();

/** Runners that a job does not get, though they suit it. */
type Avoided = ReadonlySet<string>;
const NOBODY: Avoided = new Set();

const better = (a: Offer | undefined, b: Offer | undefined): Offer | undefined => {
  if (a === undefined || b === undefined) return a ?? b;
  return (a.load - b.load || a.runner.seq - b.runner.seq) <= 0 ? a : b;
};

/** The index with what was just given away on top of it; the index itself stays as the events made it. */
class Round {
  /** Runners that got a job in this round; `undefined`: no slot is left. */
  private readonly used = new Map<Runner, Offer | undefined>();
  private readonly usedIn = new Map<Pool, Set<Runner>>();
  /** Free runners of each pool that come before this place were used. */
  private readonly next = new Map<Pool, number>();

  /** The least loaded runner of the pool that has a slot left. */
  best(pool: Pool, avoid: Avoided): Offer | undefined {
    let best: Offer | undefined;
    for (const runner of this.usedIn.get(pool) ?? [])
      if (!avoid.has(runner.name)) best = better(best, this.used.get(runner));
    return better(best, this.fresh(pool, avoid));
  }

  take({ runner, slot, taken }: Offer): void {
    const now = new Set(taken).add(slot);
    const { pool, slots } = runner;
    const left = freeSlot(slots, now);
    const load = (slots.busy.size + now.size) / slots.slots;
    this.used.set(runner, left === undefined ? undefined : { runner, load, slot: left, taken: now });
    const used = this.usedIn.get(pool) ?? new Set();
    this.usedIn.set(pool, used);
    if (left === undefined) used.delete(runner);
    else used.add(runner);
  }

  private fresh(pool: Pool, avoid: Avoided): Offer | undefined {
    let place = this.next.get(pool) ?? 0;
    let runner = pool.free.at(place);
    while (runner !== undefined && this.used.has(runner)) runner = pool.free.at(++place);
    if (place > 0) this.next.set(pool, place);
    while (runner !== undefined && (this.used.has(runner) || avoid.has(runner.name)))
      runner = pool.free.at(++place);
    const slot = runner && freeSlot(runner.slots);
    return runner === undefined || slot === undefined
      ? undefined
      : { runner, load: runner.load, slot, taken: NONE };
  }
}

/** Whether a runner that is not among these could take a job of the class in time. */
const isAnotherLeft = (cls: FilterClass, without: readonly Runner[]): boolean => {
  for (const pool of cls.pools)
    if (pool.available > without.filter((runner) => runner.pool === pool).length) return true;
  return false;
};

/**
 * Of several runners that could take the job in time, it does not get one that failed it; where all of them did, not the last. While it
 * shuns them, none of them in any case.
 */
const avoided = ({ cls, avoid, shuns }: QueuedJob, index: DispatchIndex): Avoided => {
  const failed = avoid.flatMap((name) => {
    const runner = index.runners.get(name);
    return runner !== undefined && runner.slots.unavailable === '' && cls.pools.has(runner.pool)
      ? [runner]
      : [];
  });
  if (failed.length === 0) return NOBODY;
  if (shuns || isAnotherLeft(cls, failed)) return new Set(failed.map(({ name }) => name));
  const last = failed.filter(({ name }) => name === avoid.at(-1));
  return last.length > 0 && isAnotherLeft(cls, last) ? new Set(last.map(({ name }) => name)) : NOBODY;
};

const ruleOf = ({ pools }: FilterClass, avoid: Avoided): Assignment['rule'] => {
  if (avoid.size > 0) return 'other_runner';
  const [only, ...others] = pools;
  return others.length === 0 && only?.members.size === 1 ? 'only_match' : 'least_loaded';
};

/** First of a line, or one job that is choosy. */
interface Head {
  job: QueuedJob;
  readonly avoid: Avoided;
  /** Place of `job` in the line of its class; -1: it stands for itself. */
  place: number;
}

const headsOf = (index: DispatchIndex): Head[] => {
  const classes = new Set<FilterClass>();
  for (const pool of index.open) for (const cls of pool.waiting) classes.add(cls);
  const heads: Head[] = [];
  for (const cls of classes) {
    const job = cls.line.at(0);
    if (job !== undefined) heads.push({ job, avoid: NOBODY, place: 0 });
    for (const retry of cls.retries) heads.push({ job: retry, avoid: avoided(retry, index), place: -1 });
  }
  return heads;
};

const firstOf = (heads: readonly Head[]): number => {
  let first = 0;
  for (let i = 1; i < heads.length; i++) {
    const [a, b] = [heads[i], heads[first]];
    if (a !== undefined && b !== undefined && byDispatch(a.job, b.job) < 0) first = i;
  }
  return first;
};

/** What is to be assigned now: in dispatch order each job takes the least loaded runner that suits it, or is passed over. */
export const decide = (index: DispatchIndex): readonly Assignment[] => {
  let left = 0;
  for (const pool of index.open) if (pool.waiting.size > 0) left++;
  if (left === 0) return [];
  const decided: Assignment[] = [];
  const heads = headsOf(index);
  const round = new Round();
  while (heads.length > 0 && left > 0) {
    const i = firstOf(heads);
    const head = heads[i];
    if (head === undefined) break;
    const { job, avoid, place } = head;
    let best: Offer | undefined;
    for (const pool of job.cls.pools) if (pool.free.size > 0) best = better(best, round.best(pool, avoid));
    const next = best === undefined || place < 0 ? undefined : job.cls.line.at(place + 1);
    if (best !== undefined) {
      const { runner, slot } = best;
      decided.push({ job, runner: runner.name, slot, rule: ruleOf(job.cls, avoid) });
      round.take(best);
      if (round.best(runner.pool, NOBODY) === undefined) left--;
    }
    if (next === undefined) heads.splice(i, 1);
    else {
      head.job = next;
      head.place++;
    }
  }
  return decided;
};

/** Jobs that are not to wait, since no enrolled runner can ever match. While a runner was never looked at, nobody can tell. */
export const hopeless = (index: DispatchIndex): readonly QueuedJob[] => {
  if (index.unmatched.size === 0 || index.runners.size === 0 || index.untested > 0) return [];
  return [...index.unmatched].flatMap((cls) =>
    cls.impatient === 0
      ? []
      : [...cls.line, ...cls.retries].filter(({ whenUnmatchable }) => whenUnmatchable === 'fail'),
  );
};
