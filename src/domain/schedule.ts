/** Who runs next, and where; and why the others wait. Pure: the same queue and runners give the same decisions. */
import type { WaitReasonChanged } from '../events/ownership.js';
import type { Filter } from '../events/shapes.js';
import { describeFilter, judge, suits, type Candidate } from './matching.js';

export interface Waiting {
  readonly jobId: string;
  readonly filter: Filter;
  readonly filterClass: string;
  readonly priority: number;
  /** Milliseconds since the epoch. */
  readonly queuedAtMs: number;
  /** Order of arrival, to decide between equals. */
  readonly order: number;
  readonly whenUnmatchable: 'wait' | 'fail' | 'expire';
}

export interface RunnerSlots extends Candidate {
  /** Empty when it can take jobs now; else why not, in words. */
  readonly unavailable: string;
  readonly slots: number;
  /** Slot → job that holds it. */
  readonly busy: ReadonlyMap<number, string>;
  readonly badSlots: ReadonlySet<number>;
}

export interface Policy {
  /** Waiting this long counts as much as one step of priority. */
  readonly ageingMs: number;
}

export interface Assignment {
  readonly jobId: string;
  readonly runner: string;
  readonly slot: number;
  readonly rule: 'only_match' | 'least_loaded';
}

export interface Decisions {
  readonly assignments: readonly Assignment[];
  /** Reason of each filter class whose jobs go on waiting. */
  readonly reasons: ReadonlyMap<string, WaitReasonChanged>;
  /** Jobs whose policy is to fail when no enrolled runner can ever match. */
  readonly hopeless: readonly { readonly jobId: string; readonly detail: string }[];
}

/**
 * Dispatch order: priority with ageing, then age, then arrival. Both jobs age alike, so the comparison does not change as
 * time passes and needs no clock.
 */
export const dispatchOrder =
  (policy: Policy) =>
  (a: Waiting, b: Waiting): number =>
    a.queuedAtMs - a.priority * policy.ageingMs - (b.queuedAtMs - b.priority * policy.ageingMs) ||
    a.order - b.order;

const freeSlot = (runner: RunnerSlots, taken: ReadonlySet<number>): number | undefined => {
  for (let slot = 0; slot < runner.slots; slot++)
    if (!runner.busy.has(slot) && !taken.has(slot) && !runner.badSlots.has(slot)) return slot;
  return undefined;
};

const plural = (n: number, noun: string): string => `${n} ${noun}${n === 1 ? '' : 's'}`;

/** The nearest miss: which clauses fail, and what the runners have instead. */
const missing = (filter: Filter, runners: readonly RunnerSlots[]): string => {
  const failing = filter.filter((clause) => !runners.some((r) => judge(r, [clause])[0]?.holds));
  const shown = (failing.length > 0 ? failing : filter).map((clause) => {
    const have = [...new Set(runners.map((r) => judge(r, [clause])[0]?.found || 'nothing'))].sort();
    return `${describeFilter([clause])} (they have ${have.slice(0, 5).join('; ')})`;
  });
  return `none of the ${plural(runners.length, 'enrolled runner')} can ever match: wanted ${shown.join(' and ')}`;
};

const reasonFor = (
  filter: Filter,
  runners: readonly RunnerSlots[],
  takenNow: ReadonlyMap<string, ReadonlyMap<number, string>>,
): WaitReasonChanged => {
  if (runners.length === 0)
    return { filter, reason: 'no_runner', detail: 'no runner is enrolled', blockers: [] };
  const matching = runners.filter((r) => suits(r, filter));
  if (matching.length === 0)
    return { filter, reason: 'none_matches', detail: missing(filter, runners), blockers: [] };
  const available = matching.filter((r) => r.unavailable === '');
  if (available.length === 0)
    return {
      filter,
      reason: 'none_available',
      detail: matching.map((r) => `${r.name} ${r.unavailable}`).join('; '),
      blockers: matching.map((r) => r.name),
    };
  const blockers = available.flatMap((r) => [...r.busy.values(), ...(takenNow.get(r.name)?.values() ?? [])]);
  return {
    filter,
    reason: 'all_busy',
    detail: `${available.length === 1 ? 'the only available matching runner is' : `all ${available.length} available matching runners are`} busy: ${available.map((r) => r.name).join(', ')}`,
    blockers,
  };
};

export const schedule = (
  queue: readonly Waiting[],
  runners: readonly RunnerSlots[],
  policy: Policy,
): Decisions => {
  const assignments: Assignment[] = [];
  const hopeless: { jobId: string; detail: string }[] = [];
  const taken = new Map<string, Map<number, string>>();
  const matchingByClass = new Map<string, readonly RunnerSlots[]>();
  const stuck = new Map<string, Filter>();
  const load = (r: RunnerSlots): number => (r.busy.size + (taken.get(r.name)?.size ?? 0)) / r.slots;

  for (const waiting of [...queue].sort(dispatchOrder(policy))) {
    const { filterClass, filter, jobId } = waiting;
    let matching = matchingByClass.get(filterClass);
    if (matching === undefined) {
      matching = runners.filter((r) => suits(r, filter));
      matchingByClass.set(filterClass, matching);
    }
    if (matching.length === 0 && runners.length > 0 && waiting.whenUnmatchable === 'fail') {
      hopeless.push({ jobId, detail: missing(filter, runners) });
      continue;
    }
    if (stuck.has(filterClass)) continue;
    let best: { readonly runner: RunnerSlots; readonly slot: number } | undefined;
    for (const runner of matching) {
      if (runner.unavailable !== '') continue;
      const slot = freeSlot(runner, new Set(taken.get(runner.name)?.keys()));
      if (slot === undefined) continue;
      if (best === undefined || load(runner) < load(best.runner)) best = { runner, slot };
    }
    if (best === undefined) {
      stuck.set(filterClass, filter);
      continue;
    }
    const { runner, slot } = best;
    taken.set(runner.name, (taken.get(runner.name) ?? new Map<number, string>()).set(slot, jobId));
    assignments.push({
      jobId,
      runner: runner.name,
      slot,
      rule: matching.length === 1 ? 'only_match' : 'least_loaded',
    });
  }
  const reasons = new Map(
    [...stuck].map(([cls, filter]) => [cls, reasonFor(filter, runners, taken)] as const),
  );
  return { assignments, reasons, hopeless };
};
