/** How far has a stage run come, and what is next? The one place that knows about groups; decider and process both ask it. */
import type { PlannedPhase } from '../../../src/events/change.js';
import type { Outcome } from '../../../src/events/shapes.js';

export type Progress =
  /** The phases of this group may run; some may have ended. */
  | { readonly at: 'group'; readonly group: number; readonly phases: readonly PlannedPhase[] }
  | { readonly at: 'end'; readonly status: 'passed' | 'failed' };

/** `ended`: outcomes of the phases that have ended. Skipped phases count as well ended, cancelled ones as failed. */
export const progress = (
  plan: readonly PlannedPhase[],
  ended: Readonly<Record<string, Outcome>>,
): Progress => {
  const groups = [...new Set(plan.map(({ group }) => group))].sort((a, b) => a - b);
  for (const group of groups) {
    const phases = plan.filter((planned) => planned.group === group && !planned.skipped);
    if (phases.some(({ phase }) => ended[phase] === undefined)) return { at: 'group', group, phases };
    if (phases.some(({ phase }) => ended[phase] !== 'succeeded')) return { at: 'end', status: 'failed' };
  }
  return { at: 'end', status: 'passed' };
};
