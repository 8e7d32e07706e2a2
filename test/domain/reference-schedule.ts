/** The rules of dispatch in their plainest form: every job against every runner, in order. Slow, and easy to believe. */
import type { RunnerSlots } from '../../src/domain/dispatch-index.js';
import { admits, suits } from '../../src/domain/matching.js';
import type { WaitReasonChanged } from '../../src/events/ownership.js';
import type { Filter } from '../../src/events/shapes.js';

export interface Waiting {
  readonly jobId: string;
  readonly filter: Filter;
  readonly filterClass: string;
  readonly enterprise: string;
  /** That it takes on its runner. */
  readonly slots: number;
  readonly priority: number;
  readonly queuedAtMs: number;
  readonly order: number;
  readonly whenUnmatchable: 'wait' | 'fail' | 'expire';
  /** Runners that failed it, the last one last. */
  readonly avoid: readonly string[];
  /** It is not tried again before; 0: it may be now. */
  readonly notBeforeMs: number;
  /** Not before on those runners; on another it may be at once. */
  readonly elsewhereAtOnce: boolean;
}

export interface Decisions {
  /** `job→runner/slot rule`, in the order of decision; `slot+slot` where it takes several. */
  readonly assignments: readonly string[];
  readonly hopeless: readonly string[];
  /** By filter class, enterprise and number of slots: `placeOf`. */
  readonly reasons: ReadonlyMap<string, WaitReasonChanged['reason']>;
}

export const placeOf = ({
  filterClass,
  enterprise,
  slots,
}: Pick<Waiting, 'filterClass' | 'enterprise' | 'slots'>): string => `${filterClass} ${enterprise} ${slots}`;

export const referenceSchedule = (
  queue: readonly Waiting[],
  runners: readonly RunnerSlots[],
  ageingMs: number,
  nowMs: number,
): Decisions => {
  const assignments: string[] = [];
  const hopeless: string[] = [];
  const reasons = new Map<string, WaitReasonChanged['reason']>();
  const busy = new Map(runners.map((r) => [r.name, new Set(r.busy.keys())]));
  const load = (r: RunnerSlots) => busy.get(r.name)!.size / r.slots;
  /** Runners from which later jobs get nothing. */
  const reserved = new Set<string>();
  /** Classes of jobs with several slots that have their runner in this round. */
  const reserving = new Set<string>();
  const free = (r: RunnerSlots) =>
    reserved.has(r.name)
      ? []
      : [...Array(r.slots).keys()].filter((slot) => !busy.get(r.name)!.has(slot) && !r.shut.has(slot));
  const holds = (r: RunnerSlots, wanted: number) =>
    wanted === 1 || [...Array(r.slots).keys()].filter((slot) => !r.quarantined.has(slot)).length >= wanted;
  const named = new Set(runners.flatMap((r) => r.enterprises ?? []));
  const rank = (w: Waiting) => w.queuedAtMs - w.priority * ageingMs;
  const inOrder = [...queue].sort((a, b) => rank(a) - rank(b) || a.order - b.order);

  for (const waiting of inOrder) {
    const { jobId, filter, enterprise, slots, whenUnmatchable, avoid, ...when } = waiting;
    const place = placeOf(waiting);
    const isDue = when.notBeforeMs <= nowMs;
    if (!isDue && !when.elsewhereAtOnce) continue;
    const matching = runners.filter((r) => r.slots >= slots && admits(r, enterprise) && suits(r, filter));
    const available = matching.filter((r) => r.unavailable === '' && holds(r, slots));
    const without = (shunned: readonly string[]) => available.filter((r) => !shunned.includes(r.name));
    const choices = isDue ? [without(avoid), without(avoid.slice(-1)), available] : [without(avoid)];
    const mayGo = choices.find((some) => some.length > 0) ?? [];
    let best: RunnerSlots | undefined;
    for (const r of mayGo)
      if (free(r).length >= slots && (best === undefined || load(r) < load(best))) best = r;
    if (best !== undefined) {
      const taken = free(best).slice(0, slots);
      for (const slot of taken) busy.get(best.name)!.add(slot);
      const rule =
        mayGo.length < available.length
          ? 'other_runner'
          : matching.length === 1
            ? 'only_match'
            : 'least_loaded';
      assignments.push(`${jobId}→${best.name}/${taken.join('+')} ${rule}`);
      continue;
    }
    const cls = placeOf({ ...waiting, enterprise: named.has(enterprise) ? enterprise : '' });
    if (slots > 1 && isDue && !reserving.has(cls)) {
      const [most] = [...mayGo].sort((a, b) => free(b).length - free(a).length || load(a) - load(b));
      if (most !== undefined && free(most).length > 0) {
        reserved.add(most.name);
        reserving.add(cls);
      }
    }
    const isHopeless = runners.length > 0 && matching.length === 0;
    if (isHopeless && whenUnmatchable === 'fail' && !runners.some((r) => r.untested === true))
      hopeless.push(jobId);
    // what waits for a time does not wait for a runner
    if (!isDue) continue;
    if (runners.length === 0) reasons.set(place, 'no_runner');
    else if (isHopeless) reasons.set(place, 'none_matches');
    else reasons.set(place, available.length > 0 ? 'all_busy' : 'none_available');
  }
  return { assignments, hopeless, reasons };
};
