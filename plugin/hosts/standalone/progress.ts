/**
 * How far has a stage run come, and what is next? The one place that knows about order; decider and process both ask it.
 * A stage run has lanes: the change's own phases, then, when those have passed, one for each consumer, side by side.
 */
import type { Consumer, PlannedPhase } from '../../../src/events/change.js';
import type { Outcome } from '../../../src/events/shapes.js';
import { keyOf } from './ids.js';

export interface Planned {
  readonly plan: readonly PlannedPhase[];
  readonly consumers?: readonly Consumer[] | undefined;
}

/** `group`: these phases may run; some may have ended. */
type LaneProgress =
  | { readonly at: 'turn' }
  | { readonly at: 'group'; readonly group: number; readonly phases: readonly PlannedPhase[] }
  | { readonly at: 'end'; readonly status: 'passed' | 'failed' };

/** `turn`: not before the own phases have passed. `consumer`: its change; absent: the change's own phases. */
export type Lane = LaneProgress & { readonly consumer?: string };

export interface Progress {
  readonly lanes: readonly Lane[];
  /** Once nothing more is to run. */
  readonly end?: 'passed' | 'failed';
}

/** By `keyOf`: outcomes of the phases that have ended. */
export type EndedPhases = Readonly<Record<string, Outcome>>;

/** Skipped phases count as well ended, cancelled ones as failed. */
const within = (
  plan: readonly PlannedPhase[],
  endOf: (phase: string) => Outcome | undefined,
): LaneProgress => {
  const groups = [...new Set(plan.map(({ group }) => group))].sort((a, b) => a - b);
  for (const group of groups) {
    const phases = plan.filter((planned) => planned.group === group && !planned.skipped);
    if (phases.some(({ phase }) => endOf(phase) === undefined)) return { at: 'group', group, phases };
    if (phases.some(({ phase }) => endOf(phase) !== 'succeeded')) return { at: 'end', status: 'failed' };
  }
  return { at: 'end', status: 'passed' };
};

const hasEnded = (lane: Lane): boolean => lane.at === 'end';
const hasPassed = (lane: Lane): boolean => lane.at === 'end' && lane.status === 'passed';

/** Where each lane is. A consumer that fails keeps no other from going on, and fails the whole. */
export const progress = ({ plan, consumers = [] }: Planned, ended: EndedPhases): Progress => {
  const own = within(plan, (phase) => ended[keyOf({ phase })]);
  const passed = hasPassed(own);
  const others = consumers.map(({ changeId: consumer, plan: theirs }): Lane => ({
    consumer,
    ...(passed ? within(theirs, (phase) => ended[keyOf({ phase, consumer })]) : { at: 'turn' }),
  }));
  const lanes = [own, ...others];
  if (passed ? !lanes.every(hasEnded) : !hasEnded(own)) return { lanes };
  return { lanes, end: lanes.every(hasPassed) ? 'passed' : 'failed' };
};

/** The plan that this phase is part of, if it is to run at all. */
export const isPlanned = (
  { plan, consumers = [] }: Planned,
  { phase, consumer }: { readonly phase: string; readonly consumer?: string | undefined },
): boolean => {
  const theirs =
    consumer === undefined ? plan : (consumers.find(({ changeId }) => changeId === consumer)?.plan ?? []);
  return theirs.some((planned) => planned.phase === phase && !planned.skipped);
};
