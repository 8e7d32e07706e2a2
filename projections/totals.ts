/** How many jobs have come and how each ended, since the first event. */
import type { BatonEvent } from '../src/events/catalog.js';
import { isJobEvent } from '../src/events/catalog.js';
import type { Outcome } from '../src/events/shapes.js';
import type { Projection } from '../src/kernel/projection.js';
import { isJobEnd, outcomeOf } from './summary.js';

export interface TotalsView {
  queued: number;
  requeued: number;
  readonly ended: Record<Outcome, number>;
}

/** Counts that only grow, so that a rate can be made of them. */
export const totals: Projection<TotalsView, BatonEvent> = {
  name: 'totals',
  version: 1,
  init: () => ({
    queued: 0,
    requeued: 0,
    ended: {
      ...{ succeeded: 0, failed: 0, cancelled: 0, timed_out: 0 },
      ...{ lost: 0, expired: 0, undeliverable: 0 },
    },
  }),
  evolve: (view, { event }) => {
    if (!isJobEvent(event)) return;
    if (event.type === 'JobQueued') view.queued++;
    else if (event.type === 'JobRequeued') view.requeued++;
    else if (isJobEnd(event)) view.ended[outcomeOf(event)]++;
  },
};
