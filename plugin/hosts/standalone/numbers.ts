/**
 * How would the original have numbered what there is? It counted phase runs, one per row of a matrix, and stage runs from 1. Both follow
 * from the order of events alone: the n-th job that was queued is phase run n, the n-th stage that was triggered is stage run n. A phase
 * run of another host, which knows no stage runs, counts as one of its own.
 */
import { createHash } from 'node:crypto';
import { isJobEnd } from '../../../projections/summary.js';
import { drop, find, idIn, put } from '../../../projections/table.js';
import type { Patchset, Submission } from '../../../src/app/original.js';
import { isJobEvent, type BatonEvent } from '../../../src/events/catalog.js';
import type { Scope } from '../../../src/events/shapes.js';
import type { Projection } from '../../../src/kernel/projection.js';
import type { Recorded } from '../../../src/kernel/recorded.js';
import { HOST, placeOf } from './ids.js';

/** Plain JSON; of a job that has ended its id and two numbers are left. */
export interface NumbersView {
  /** Ids of jobs: that of phase run n is at n - 1, and so is its stage run. */
  readonly jobs: string[];
  readonly stages: number[];
  /** Job → phase run. */
  readonly phaseRuns: Record<string, number>;
  /** How many stage runs there were. */
  stageRuns: number;
  /** Stage run of this host → its number, and when it was put into its queue. */
  readonly stageRunOf: Record<string, { readonly number: number; readonly at: string }>;
  /** Phase run that has not ended → number of its stage run. */
  readonly promoted: Record<string, number>;
  /** Job that waits or runs → its id in the original's queue. */
  readonly live: Record<string, string>;
  /** Change → when it was handed in. */
  readonly submissions: Record<string, Submission>;
  /** Runner → how often one of that name was enrolled. */
  readonly enrolments: Record<string, number>;
  /** Wherever a change or a job has been. */
  readonly places: Record<string, Scope>;
}

/** The id under which a job stood in the original's queue. */
export const queueIdOf = (stageRun: number, phaseRun: number, changeId: string): string =>
  createHash('sha256').update(`${stageRun}${phaseRun}${changeId}`).digest('hex');

const triggered = (view: NumbersView, stageRunId: string, at: string): void => {
  if (find(view.stageRunOf, stageRunId) !== undefined) return;
  view.stageRuns += 1;
  put(view.stageRunOf, stageRunId, { number: view.stageRuns, at });
};

const promoted = (view: NumbersView, id: string, host: string, hostKey: string): void => {
  if (find(view.promoted, id) !== undefined) return;
  const known = host === HOST ? find(view.stageRunOf, placeOf(hostKey).stageRunId) : undefined;
  if (known === undefined) view.stageRuns += 1;
  put(view.promoted, id, known?.number ?? view.stageRuns);
};

type DataOf<T extends BatonEvent['type']> = Extract<BatonEvent, { type: T }>['data'];

const queued = (view: NumbersView, id: string, data: DataOf<'JobQueued'>): void => {
  if (find(view.phaseRuns, id) !== undefined) return;
  let stageRun = find(view.promoted, data.phaseRunId);
  if (stageRun === undefined) stageRun = view.stageRuns += 1;
  view.jobs.push(id);
  view.stages.push(stageRun);
  const phaseRun = view.jobs.length;
  put(view.phaseRuns, id, phaseRun);
  put(view.live, id, queueIdOf(stageRun, phaseRun, data.change?.id ?? ''));
};

const seen = (view: NumbersView, scope: Scope): void => {
  const { enterprise, organisation, project } = scope;
  const key = JSON.stringify([enterprise, organisation, project]);
  if (find(view.places, key) === undefined) put(view.places, key, { enterprise, organisation, project });
};

const handedIn = (view: NumbersView, changeId: string, { event, metadata }: Recorded<BatonEvent>): void => {
  const { recordedAt: at, actor: by } = metadata;
  if (event.type === 'ChangeOpened') {
    put(view.submissions, changeId, { at, by, patchsets: [] });
    seen(view, event.data.scope);
  } else if (event.type === 'PatchsetAdded') {
    const known = find(view.submissions, changeId);
    const patchset: Patchset = { number: event.data.number, sha: event.data.source.sha, at };
    if (known !== undefined)
      put(view.submissions, changeId, { ...known, patchsets: [...known.patchsets, patchset] });
  }
};

/** Folds everything that had a number there. */
export const numbers: Projection<NumbersView, BatonEvent> = {
  name: 'numbers',
  version: 1,
  init: () => ({
    ...{ jobs: [], stages: [], phaseRuns: {}, stageRuns: 0, stageRunOf: {}, promoted: {}, live: {} },
    ...{ submissions: {}, enrolments: {}, places: {} },
  }),
  evolve: (view, recorded) => {
    const { stream, event, metadata } = recorded;
    switch (event.type) {
      case 'StageTriggered':
      case 'PhaseRerunTriggered':
        triggered(view, event.data.stageRunId, metadata.recordedAt);
        return;
      case 'PhasePromoted': {
        const id = idIn('phase_run', stream);
        if (id !== undefined) promoted(view, id, event.data.host, event.data.hostKey);
        return;
      }
      case 'PhaseFinished':
        drop(view.promoted, idIn('phase_run', stream) ?? '');
        return;
      case 'JobQueued': {
        const id = idIn('job', stream);
        if (id !== undefined) queued(view, id, event.data);
        seen(view, event.data.scope);
        return;
      }
      case 'RunnerEnrolled': {
        const name = idIn('runner', stream);
        if (name !== undefined) put(view.enrolments, name, (find(view.enrolments, name) ?? 0) + 1);
        return;
      }
      case 'ChangeOpened':
      case 'PatchsetAdded': {
        const id = idIn('change', stream);
        if (id !== undefined) handedIn(view, id, recorded);
        return;
      }
      default:
        if (isJobEvent(event) && isJobEnd(event)) drop(view.live, idIn('job', stream) ?? '');
    }
  },
};
