/**
 * Who waits and who is free, kept so that an event costs what it touches and no more: the freed slot, the new job, the
 * changed runner. Jobs with the same filter wait in one line, their *filter class*. Runners that suit the same classes are
 * one *pool*: there are as many pools as kinds of machine, however many machines. Which pools serve which class is worked
 * out once, when a class or a runner comes or changes. Where runners take jobs of certain enterprises only, each enterprise that is
 * named by one has classes of its own; the others share theirs, since no such runner takes any of them. Jobs that take several slots
 * have classes of their own as well, one for each number: only runners with as many serve them.
 */
import type { Filter } from '../events/shapes.js';
import { Line } from './line.js';
import { admits, classOf, suits, type Candidate, type Demand } from './matching.js';

/** A job, as far as its dispatch goes. */
export interface QueuedJob {
  readonly jobId: string;
  readonly cls: FilterClass;
  /** Smaller goes first: see `dispatchKey`. */
  readonly key: number;
  /** Order of arrival, to decide between equals. */
  readonly order: number;
  readonly whenUnmatchable: 'wait' | 'fail' | 'expire';
  /** Runners that failed it, each once, the last one last. Changes only while the job is in no line. */
  readonly avoid: readonly string[];
  /** It is not yet to be tried again where it failed, even if nothing else is there. Changes only while the job is in no line. */
  readonly shuns: boolean;
}

export interface RunnerSlots extends Candidate {
  /** Empty when it can take jobs now; else why not, in words. */
  readonly unavailable: string;
  /** Never looked at: what it has is not known yet. */
  readonly untested?: boolean;
  readonly slots: number;
  /** Slot → job that holds it. */
  readonly busy: ReadonlyMap<number, string>;
  /** Stay closed until somebody, or a probe, clears them. */
  readonly quarantined: ReadonlySet<number>;
  /** Take no job now: those in quarantine, and those that are closed until jobs have ended in slots that are no more. */
  readonly shut: ReadonlySet<number>;
}

/** What makes a class: `enterprise` is empty for the jobs of every enterprise that no runner names. */
interface ClassKey extends Demand {
  readonly id: string;
  readonly filter: Filter;
}

export interface FilterClass extends ClassKey {
  readonly seq: number;
  readonly line: Line<QueuedJob>;
  /** Those that would rather run elsewhere than where they failed: few. */
  readonly retries: Line<QueuedJob>;
  readonly pools: Set<Pool>;
  /** Since when no runner matches; means something only while `pools` is empty. */
  unmatchedSinceMs: number;
  /** Live jobs, waiting or not. */
  jobs: number;
  /** Waiting jobs that do not wait for ever when nothing matches. */
  impatient: number;
  /** Of the waiting jobs those that wait for a time rather than for a runner. */
  shunning: number;
}

export interface Pool {
  key: string;
  readonly classes: Set<FilterClass>;
  /** Those of its classes in which a job waits. */
  readonly waiting: Set<FilterClass>;
  readonly members: Set<Runner>;
  /** Members that can take jobs at all. */
  available: number;
  /** Members with a free slot, the least loaded first. */
  readonly free: Line<Runner>;
}

export interface Runner {
  readonly name: string;
  readonly seq: number;
  slots: RunnerSlots;
  pool: Pool;
  /** Share of its slots that is busy, as it stands in `free`. */
  load: number;
  /** How many of its slots are free, as it stands there. */
  open: number;
  inFree: boolean;
}

const isFree = ({ busy, shut }: RunnerSlots, slot: number, taken?: ReadonlySet<number>): boolean =>
  !busy.has(slot) && !shut.has(slot) && taken?.has(slot) !== true;

/** The first slot that is neither held nor shut nor in `taken`. */
export const freeSlot = (runner: RunnerSlots, taken?: ReadonlySet<number>): number | undefined => {
  for (let slot = 0; slot < runner.slots; slot++) if (isFree(runner, slot, taken)) return slot;
  return undefined;
};

/** The slots that are neither held nor shut nor in `taken`, in their order. */
export const freeSlots = (runner: RunnerSlots, taken?: ReadonlySet<number>): readonly number[] => {
  const free: number[] = [];
  for (let slot = 0; slot < runner.slots; slot++) if (isFree(runner, slot, taken)) free.push(slot);
  return free;
};

/** How many slots are neither held nor shut. */
const countFree = (runner: RunnerSlots): number => {
  let free = 0;
  for (let slot = 0; slot < runner.slots; slot++) if (isFree(runner, slot)) free++;
  return free;
};

/** How many slots are free once its jobs have ended: what is in quarantine may stay there for ever. */
export const usableSlots = ({ slots, quarantined }: RunnerSlots): number => {
  let usable = slots;
  for (const slot of quarantined) if (slot < slots) usable--;
  return usable;
};

/** True when so many of its slots are free, or will be when its jobs have ended. */
export const canHold = (runner: RunnerSlots, wanted: number): boolean =>
  wanted === 1 || usableSlots(runner) >= wanted;

export const byDispatch = (a: QueuedJob, b: QueuedJob): number => a.key - b.key || a.order - b.order;
const byLoad = (a: Runner, b: Runner): number => a.load - b.load || a.seq - b.seq;

export const waitingIn = (cls: FilterClass): number => cls.line.size + cls.retries.size;
/** Without those that would not take the runners that there are yet. */
export const waitingForRunners = (cls: FilterClass): number => waitingIn(cls) - cls.shunning;

/** The job may run there, and would. */
const takes = (runner: RunnerSlots, { filter, enterprise, slots }: Omit<ClassKey, 'id'>): boolean =>
  runner.slots >= slots && admits(runner, enterprise) && suits(runner, filter);

/** `''` stands for all enterprises that no runner names, and is the name of none. */
const nameable = (enterprises: readonly string[] = []): readonly string[] =>
  enterprises.filter((enterprise) => enterprise !== '');

/** More classes than this without a live job are forgotten. */
const IDLE_CLASSES = 256;

export class DispatchIndex {
  readonly runners = new Map<string, Runner>();
  /** Pools with a free slot. */
  readonly open = new Set<Pool>();
  /** Classes in which jobs wait and that no enrolled runner matches. */
  readonly unmatched = new Set<FilterClass>();
  /** Classes whose reason to wait may have changed since somebody looked. */
  readonly unsettled = new Set<FilterClass>();
  /** Runners that were never looked at. */
  untested = 0;
  /** Enterprise → how many runners name it. */
  private readonly named = new Map<string, number>();
  private readonly classes = new Map<string, FilterClass>();
  private readonly pools = new Map<string, Pool>();
  private idle = 0;
  /** Classes whose jobs take several slots: while there are some, the number that a runner has says whom it serves. */
  private heavy = 0;
  private seq = 0;

  /** Some class is of jobs that take several slots. */
  get hasHeavy(): boolean {
    return this.heavy > 0;
  }

  /** Classes with a live job, and some without. */
  get classCount(): number {
    return this.classes.size;
  }

  /** Classes in the order in which they came; among them any that was forgotten and may have a reason left to be taken back. */
  get known(): readonly FilterClass[] {
    return [...new Set([...this.classes.values(), ...this.unsettled])].sort((a, b) => a.seq - b.seq);
  }

  /** A class as it was known before a restart, still without jobs; before there are any runners. */
  recall(cls: ClassKey & Pick<FilterClass, 'unmatchedSinceMs'>): void {
    this.unsettled.add(this.classes.get(cls.id) ?? this.addClass(cls, cls.unmatchedSinceMs));
  }

  /** The class of a job; from now on it counts as one of its live jobs. `filterClass`: the hash of its filter alone. */
  join(filterClass: string, filter: Filter, { enterprise: of, slots }: Demand, atMs: number): FilterClass {
    const enterprise = this.named.has(of) ? of : '';
    const id = enterprise === '' && slots === 1 ? filterClass : classOf(filter, { enterprise, slots });
    const cls = this.classes.get(id) ?? this.addClass({ id, filter, enterprise, slots }, atMs);
    if (cls.jobs++ === 0) this.idle--;
    return cls;
  }

  /** A job that has joined belongs to another class by now: see `setRunner`. */
  isAstray({ enterprise: of }: FilterClass, enterprise: string): boolean {
    return of !== (this.named.has(enterprise) ? enterprise : '');
  }

  /** The job has ended. */
  leave(cls: FilterClass): void {
    if (--cls.jobs > 0) return;
    if (++this.idle > IDLE_CLASSES) this.forgetIdle();
  }

  enqueue(job: QueuedJob): void {
    const { cls } = job;
    (job.avoid.length === 0 ? cls.line : cls.retries).insert(job);
    if (job.whenUnmatchable !== 'wait') cls.impatient++;
    if (job.shuns) cls.shunning++;
    else if (waitingForRunners(cls) === 1) this.settleAnew(cls);
    if (waitingIn(cls) > 1) return;
    for (const pool of cls.pools) pool.waiting.add(cls);
    if (cls.pools.size === 0) this.unmatched.add(cls);
  }

  dequeue(job: QueuedJob): void {
    const { cls } = job;
    if (!(job.avoid.length === 0 ? cls.line : cls.retries).remove(job)) return;
    if (job.whenUnmatchable !== 'wait') cls.impatient--;
    if (job.shuns) cls.shunning--;
    else if (waitingForRunners(cls) === 0) this.settleAnew(cls);
    if (waitingIn(cls) > 0) return;
    for (const pool of cls.pools) pool.waiting.delete(cls);
    this.unmatched.delete(cls);
  }

  /**
   * Enrolled or changed; `undefined`: retired. True when an enterprise is named by a runner for the first time, or by none any
   * more: then jobs of it belong to other classes, and are to leave theirs and to join anew.
   */
  setRunner(name: string, slots: RunnerSlots | undefined, atMs: number): boolean {
    const before = this.runners.get(name);
    if (before?.slots.untested === true) this.untested--;
    if (slots?.untested === true) this.untested++;
    const samePlace =
      before !== undefined &&
      before.slots.attributes === slots?.attributes &&
      before.slots.labels === slots.labels &&
      before.slots.enterprises === slots.enterprises &&
      (before.slots.slots === slots.slots || this.heavy === 0);
    if (samePlace && before.slots.unavailable === slots.unavailable) {
      before.slots = slots;
      this.refresh(name);
      // whether it has enough slots out of quarantine may be another answer now
      if (this.heavy > 0) for (const cls of before.pool.waiting) if (cls.slots > 1) this.unsettled.add(cls);
      return false;
    }
    const renamed = this.rename(nameable(before?.slots.enterprises), nameable(slots?.enterprises));
    if (before !== undefined) {
      this.mark(before.pool.waiting);
      this.displace(before, atMs);
    }
    if (slots === undefined) this.runners.delete(name);
    else {
      const runner = before ?? this.addRunner(name, slots);
      runner.slots = slots;
      this.place(runner);
      this.mark(runner.pool.waiting);
    }
    // their reason tells what the runners have instead
    if (!samePlace) this.mark(this.unmatched);
    return renamed;
  }

  /** Counts who is named; true when that makes other classes of somebody's jobs. */
  private rename(before: readonly string[], after: readonly string[]): boolean {
    const known = [...before, ...after].map((enterprise) => this.named.has(enterprise));
    for (const enterprise of after) this.named.set(enterprise, (this.named.get(enterprise) ?? 0) + 1);
    for (const enterprise of before) {
      const left = (this.named.get(enterprise) ?? 1) - 1;
      if (left === 0) this.named.delete(enterprise);
      else this.named.set(enterprise, left);
    }
    return [...before, ...after].some((enterprise, i) => this.named.has(enterprise) !== known[i]);
  }

  /** One of its slots was taken, freed or quarantined. */
  refresh(name: string): void {
    const runner = this.runners.get(name);
    if (runner === undefined) return;
    this.closeSlots(runner);
    this.openSlots(runner);
  }

  /** Its jobs wait for runners from now on, or none does any more. */
  private settleAnew(cls: FilterClass): void {
    this.unsettled.add(cls);
    // free slots may be kept for it, which the others' reason tells
    if (cls.slots > 1) for (const pool of cls.pools) this.mark(pool.waiting);
  }

  private mark(classes: ReadonlySet<FilterClass>): void {
    for (const cls of classes) this.unsettled.add(cls);
  }

  private openSlots(runner: Runner): void {
    const { slots, pool } = runner;
    if (slots.unavailable !== '') return;
    runner.open = countFree(slots);
    if (runner.open === 0) return;
    runner.load = slots.busy.size / slots.slots;
    runner.inFree = true;
    pool.free.insert(runner);
    this.open.add(pool);
  }

  private closeSlots(runner: Runner): void {
    if (!runner.inFree) return;
    runner.pool.free.remove(runner);
    runner.inFree = false;
    if (runner.pool.free.size === 0) this.open.delete(runner.pool);
  }

  private addRunner(name: string, slots: RunnerSlots): Runner {
    const nowhere = { pool: newPool('', []), load: 0, open: 0, inFree: false };
    const runner = { name, seq: this.seq++, slots, ...nowhere };
    this.runners.set(name, runner);
    return runner;
  }

  private place(runner: Runner): void {
    const classes = [...this.classes.values()].filter((cls) => takes(runner.slots, cls));
    const key = classes.map(({ seq }) => seq).join(' ');
    let pool = this.pools.get(key);
    if (pool === undefined) {
      pool = newPool(key, classes);
      this.addPool(pool);
    }
    this.admit(runner, pool);
  }

  private admit(runner: Runner, pool: Pool): void {
    runner.pool = pool;
    pool.members.add(runner);
    if (runner.slots.unavailable === '') pool.available++;
    this.openSlots(runner);
  }

  private displace(runner: Runner, atMs: number): void {
    const { pool } = runner;
    this.closeSlots(runner);
    pool.members.delete(runner);
    if (runner.slots.unavailable === '') pool.available--;
    if (pool.members.size > 0) return;
    this.pools.delete(pool.key);
    for (const cls of pool.classes) {
      cls.pools.delete(pool);
      if (cls.pools.size > 0) continue;
      cls.unmatchedSinceMs = atMs;
      if (waitingIn(cls) > 0) this.unmatched.add(cls);
    }
  }

  private addPool(pool: Pool): void {
    this.pools.set(pool.key, pool);
    for (const cls of pool.classes) {
      cls.pools.add(pool);
      this.unmatched.delete(cls);
    }
  }

  /** A new class splits each pool of which it suits only some. */
  private addClass({ id, filter, enterprise, slots }: ClassKey, atMs: number): FilterClass {
    const cls: FilterClass = {
      ...{ id, filter, enterprise, slots, seq: this.seq++, jobs: 0, impatient: 0, shunning: 0 },
      ...{ unmatchedSinceMs: atMs, pools: new Set() },
      line: new Line(byDispatch),
      retries: new Line(byDispatch),
    };
    this.classes.set(id, cls);
    if (slots > 1) this.heavy++;
    this.idle++;
    for (const pool of [...this.pools.values()]) {
      const suited = [...pool.members].filter(({ slots }) => takes(slots, cls));
      if (suited.length === 0) continue;
      const part = newPool(`${pool.key} ${cls.seq}`.trim(), [...pool.classes, cls]);
      this.addPool(part);
      for (const runner of suited) {
        this.displace(runner, atMs);
        this.admit(runner, part);
      }
    }
    return cls;
  }

  private forgetIdle(): void {
    for (const cls of [...this.classes.values()]) if (cls.jobs === 0) this.classes.delete(cls.id);
    this.heavy = [...this.classes.values()].filter(({ slots }) => slots > 1).length;
    this.idle = 0;
    this.pools.clear();
    this.open.clear();
    for (const cls of this.classes.values()) cls.pools.clear();
    for (const runner of this.runners.values()) {
      runner.inFree = false;
      this.place(runner);
    }
  }
}

const newPool = (key: string, classes: readonly FilterClass[]): Pool => ({
  ...{ key, classes: new Set(classes), members: new Set(), available: 0, free: new Line(byLoad) },
  waiting: new Set(classes.filter((cls) => waitingIn(cls) > 0)),
});
