/** Which phase runs live, whoever promoted them, and how many jobs that makes: what a bounded intake counts. */
import type { BatonEvent } from '../src/events/catalog.js';
import type { Projection } from '../src/kernel/projection.js';
import { drop, find, idIn, put } from './table.js';

export interface LivePhaseRun {
  readonly host: string;
  readonly hostKey: string;
  readonly attempt: number;
  /** One job each. */
  readonly rows: number;
}

export interface PhaseRunsView {
  readonly live: Record<string, LivePhaseRun>;
  /** Rows of all live phase runs: jobs that wait, run, or are about to be queued. */
  rows: number;
}

/** Folds the streams `phase_run-<id>`; keeps only what is live. */
export const phaseRuns: Projection<PhaseRunsView, BatonEvent> = {
  name: 'phase-runs',
  version: 1,
  init: () => ({ live: {}, rows: 0 }),
  evolve: (view, { stream, event }) => {
    const id = idIn('phase_run', stream);
    if (id === undefined) return;
    const known = find(view.live, id);
    if (event.type === 'PhasePromoted' && known === undefined) {
      const { host, hostKey, attempt, rows } = event.data;
      put(view.live, id, { host, hostKey, attempt, rows: rows.length });
      view.rows += rows.length;
    } else if (event.type === 'PhaseFinished' && known !== undefined) {
      drop(view.live, id);
      view.rows -= known.rows;
    }
  },
};
