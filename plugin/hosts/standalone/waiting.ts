/** Which jobs of a stage run have a runner, and which still wait for one: a stage all of whose live jobs wait does not really run. */
import { isJobEnd } from '../../../projections/summary.js';
import { drop, find, put } from '../../../projections/table.js';
import type { BatonEvent } from '../../../src/events/catalog.js';

/** Plain JSON, a part of the view of changes. */
export interface Placed {
  /** Jobs that have not ended → whether a runner has it. */
  readonly held: Record<string, boolean>;
  /** Stage run → how many of its jobs wait, and how many a runner has; absent: none of either. */
  readonly live: Record<string, { readonly waiting: number; readonly held: number }>;
}

export const nonePlaced = (): Placed => ({ held: {}, live: {} });

/** Whether a runner has the job after this; `ended`: nobody ever will; undefined: as before. */
const after = (event: BatonEvent): boolean | 'ended' | undefined => {
  switch (event.type) {
    case 'JobQueued':
    case 'JobRequeued':
      return false;
    case 'JobAssigned':
    case 'JobStarted':
      return true;
    default:
      return isJobEnd(event) ? 'ended' : undefined;
  }
};

/** Notes what an event of this job of this stage run says. */
export const place = ({ held, live }: Placed, event: BatonEvent, jobId: string, stageRunId: string): void => {
  const now = after(event);
  const before = find(held, jobId);
  // one that has ended stays ended, whatever a damaged history says
  if (now === undefined || now === before || (before === undefined && event.type !== 'JobQueued')) return;
  const count = { ...(find(live, stageRunId) ?? { waiting: 0, held: 0 }) };
  if (before !== undefined) count[before ? 'held' : 'waiting'] -= 1;
  if (now === 'ended') drop(held, jobId);
  else {
    count[now ? 'held' : 'waiting'] += 1;
    put(held, jobId, now);
  }
  if (count.waiting === 0 && count.held === 0) drop(live, stageRunId);
  else put(live, stageRunId, count);
};

/** Some of its jobs wait for a runner, and none has one. */
export const waitsForRunner = ({ live }: Placed, stageRunId: string): boolean => {
  const { waiting, held } = find(live, stageRunId) ?? { waiting: 0, held: 0 };
  return waiting > 0 && held === 0;
};
