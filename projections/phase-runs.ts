/**
 * Which phase runs live, whoever promoted them, and how many jobs that makes: what a bounded intake counts. And which attempt of a phase
 * was the last, for engines that ask for it.
 */
import type { BatonEvent } from '../src/events/catalog.js';
import type { Scope } from '../src/events/shapes.js';
import type { Projection } from '../src/kernel/projection.js';
import { drop, find, idIn, put } from './table.js';

export interface LivePhaseRun {
  readonly host: string;
  readonly hostKey: string;
  readonly attempt: number;
  /** One job each. */
  readonly rows: number;
  readonly scope: Scope;
  readonly changeId?: string;
}

export interface PhaseRunsView {
  readonly live: Record<string, LivePhaseRun>;
  /** Rows of all live phase runs: jobs that wait, run, or are about to be queued. */
  rows: number;
  /** Host and its key, as `phaseKeyOf` has them → the highest attempt. */
  readonly last: Record<string, number>;
}

/** Neither holds a line feed. */
export const phaseKeyOf = (host: string, hostKey: string): string => `${host}\n${hostKey}`;

/** The host whose keys nobody asks for: each of them is new. */
const OWN = 'standalone';

/** Folds the streams `phase_run-<id>`; of what has ended it keeps the number of the attempt. */
export const phaseRuns: Projection<PhaseRunsView, BatonEvent> = {
  name: 'phase-runs',
  version: 2,
  init: () => ({ live: {}, rows: 0, last: {} }),
  evolve: (view, { stream, event }) => {
    const id = idIn('phase_run', stream);
    if (id === undefined) return;
    const known = find(view.live, id);
    if (event.type === 'PhasePromoted' && known === undefined) {
      const { host, hostKey, attempt, rows, scope, change } = event.data;
      put(view.live, id, {
        ...{ host, hostKey, attempt, rows: rows.length, scope },
        ...(change === undefined ? {} : { changeId: change.id }),
      });
      view.rows += rows.length;
      const key = phaseKeyOf(host, hostKey);
      if (host !== OWN) put(view.last, key, Math.max(attempt, find(view.last, key) ?? 0));
    } else if (event.type === 'PhaseFinished' && known !== undefined) {
      drop(view.live, id);
      view.rows -= known.rows;
    }
  },
};
