/**
 * Who runs next, and where. Pure: the same queue and runners give the same decisions.
 *
 * A job that takes several slots and finds no runner with as many free ones *reserves* one: later jobs of the round get none of that
 * runner's slots. Nothing of it is remembered, and yet it ends. Let the job be the first in dispatch order, which every job is at some
 * time since all age alike, and let F be the most free slots that one of its runners has. Each round reserves a runner with F of them,
 * which are as free after the round as before; so F never falls while the runners stay as they are. Nor does it stay for ever: of
 * runners with equally many free slots the choice goes by a fixed order, so it moves at most once to each while F is the same; the one
 * that it rests on starts no other job, all of its jobs end, and the first that does makes F larger. Once F is what the job takes, it
 * starts.
 */
import {
  byDispatch,
  canHold,
  freeSlot,
  freeSlots,
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
  /** The further ones that it holds; none: absent. */
  readonly alsoSlots?: readonly number[];
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
  /** How many of its slots are free. */
  readonly open: number;
  /** Its first free slot. */
  readonly slot: number;
  readonly taken: ReadonlySet<number>;
}

/** The free slots that are left there, in their order. */
const leftOf = ({ runner, taken }: Offer): readonly number[] => freeSlots(runner.slots, taken);

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

  /** The least loaded runner that has as many slots left as a job of this class takes. */
  bestFor({ pools, slots }: FilterClass, avoid: Avoided): Offer | undefined {
    let best: Offer | undefined;
    for (const pool of pools) {
      if (pool.free.size === 0) continue;
      if (slots === 1) best = better(best, this.best(pool, avoid));
      else for (const offer of this.all(pool, avoid, slots)) best = better(best, offer);
    }
    return best;
  }

  /** Keeps what is left of the runner with most of it, of those that can have enough one day. */
  reserve({ pools, slots }: FilterClass, avoid: Avoided): Runner | undefined {
    let most: Offer | undefined;
    for (const pool of pools)
      for (const offer of this.all(pool, avoid, 1)) {
        const more = most === undefined ? 1 : offer.open - most.open;
        if (more < 0 || !canHold(offer.runner.slots, slots)) continue;
        if (more > 0 || (more === 0 && better(most, offer) === offer)) most = offer;
      }
    if (most !== undefined) this.close(most.runner);
    return most?.runner;
  }

  /** The slots that are given away with it: the first ones. */
  take(offer: Offer, count: number): readonly number[] {
    const { runner, slot, taken, open } = offer;
    const given = count === 1 ? [slot] : leftOf(offer).slice(0, count);
    const now = new Set(taken);
    for (const one of given) now.add(one);
    const { slots } = runner;
    const left = freeSlot(slots, now);
    const load = (slots.busy.size + now.size) / slots.slots;
    if (left === undefined) this.close(runner);
    else {
      this.used.set(runner, { runner, load, open: open - count, slot: left, taken: now });
      this.inUse(runner.pool).add(runner);
    }
    return given;
  }

  /** Nobody gets anything of it any more in this round. */
  private close(runner: Runner): void {
    this.used.set(runner, undefined);
    this.inUse(runner.pool).delete(runner);
  }

  private inUse(pool: Pool): Set<Runner> {
    const used = this.usedIn.get(pool) ?? new Set();
    this.usedIn.set(pool, used);
    return used;
  }

  /** What is left of each runner of the pool that has at least so many slots left. */
  private *all(pool: Pool, avoid: Avoided, least: number): Generator<Offer> {
    for (const runner of pool.free) {
      if (runner.open < least || avoid.has(runner.name)) continue;
      const offer = this.used.has(runner) ? this.used.get(runner) : untouched(runner);
      if (offer !== undefined && offer.open >= least) yield offer;
    }
  }

  private fresh(pool: Pool, avoid: Avoided): Offer | undefined {
    let place = this.next.get(pool) ?? 0;
    let runner = pool.free.at(place);
    while (runner !== undefined && this.used.has(runner)) runner = pool.free.at(++place);
    if (place > 0) this.next.set(pool, place);
    while (runner !== undefined && (this.used.has(runner) || avoid.has(runner.name)))
      runner = pool.free.at(++place);
    return runner && untouched(runner);
  }
}

const untouched = (runner: Runner): Offer | undefined => {
  const slot = freeSlot(runner.slots);
  return slot === undefined ? undefined : { runner, load: runner.load, open: runner.open, slot, taken: NONE };
};

/** Whether a runner that is not among these could take a job of the class in time. */
const isAnotherLeft = (cls: FilterClass, without: readonly Runner[]): boolean => {
  for (const pool of cls.pools)
    if (pool.available > without.filter((runner) => runner.pool === pool).length)
      if (cls.slots === 1 || isAnyHolding(pool, cls.slots, without)) return true;
  return false;
};

const isAnyHolding = ({ members }: Pool, wanted: number, without: readonly Runner[]): boolean => {
  for (const runner of members)
    if (runner.slots.unavailable === '' && !without.includes(runner) && canHold(runner.slots, wanted))
      return true;
  return false;
};

/**
 * Of several runners that could take the job in time, it does not get one that failed it; where all of them did, not the last. While it
 * shuns them, none of them in any case.
 */
const avoided = ({ cls, avoid, shuns }: QueuedJob, index: DispatchIndex): Avoided => {
  const failed = avoid.flatMap((name) => {
    const runner = index.runners.get(name);
    return runner?.slots.unavailable === '' && cls.pools.has(runner.pool) && canHold(runner.slots, cls.slots)
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

/**
 * What is to be assigned now: in dispatch order each job takes the least loaded runner that suits it, or is passed over. Of each
 * class that takes several slots the first that finds something to keep, and waits for no time, keeps a runner from the jobs after it.
 */
export const decide = (index: DispatchIndex): readonly Assignment[] => {
  let left = 0;
  for (const pool of index.open) if (pool.waiting.size > 0) left++;
  if (left === 0) return [];
  const decided: Assignment[] = [];
  const heads = headsOf(index);
  const round = new Round();
  const reserving = new Set<FilterClass>();
  while (heads.length > 0 && left > 0) {
    const i = firstOf(heads);
    const head = heads[i];
    if (head === undefined) break;
    const { job, avoid, place } = head;
    const { cls } = job;
    const best = round.bestFor(cls, avoid);
    const next = best === undefined || place < 0 ? undefined : cls.line.at(place + 1);
    let used = best?.runner;
    if (best !== undefined) {
      const [slot = best.slot, ...also] = round.take(best, cls.slots);
      const made: Assignment = { job, runner: best.runner.name, slot, rule: ruleOf(cls, avoid) };
      decided.push(also.length === 0 ? made : { ...made, alsoSlots: also });
    } else if (cls.slots > 1 && !job.shuns && !reserving.has(cls)) {
      // what waits for its time gets another runner when one is there, and none is emptied for it: those behind it wait for runners
      used = round.reserve(cls, avoid);
      // one that finds nothing to keep, as those that it would take are full, leaves it to the next of its class
      if (used !== undefined) reserving.add(cls);
    }
    if (used !== undefined && round.best(used.pool, NOBODY) === undefined) left--;
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
