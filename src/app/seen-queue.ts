/** The queue as somebody sees it who may not see every project: the others' jobs are counted, and not told of. */
import type { QueueEntry, QueueView } from '../../projections/queue.js';
import type { OtherJobs } from './use-cases.js';

/** Blockers may be jobs of others; a job is known by its place in the queue, a runner is everybody's to see. */
const withoutOthers = (entry: QueueEntry, isHidden: (id: string) => boolean): QueueEntry =>
  entry.waiting === undefined
    ? entry
    : {
        ...entry,
        waiting: { ...entry.waiting, blockers: entry.waiting.blockers.filter((id) => !isHidden(id)) },
      };

/** `others` says how many jobs stand in the queue beside those that are shown. */
export const queueSeenBy = (
  view: QueueView,
  isSeen: (jobId: string) => boolean,
): QueueView & { readonly others: OtherJobs } => {
  const hidden = view.entries.filter(({ jobId }) => !isSeen(jobId));
  const hiddenIds = new Set(hidden.map(({ jobId }) => jobId));
  const count = (status: QueueEntry['status']): number =>
    hidden.filter((entry) => entry.status === status).length;
  return {
    ...view,
    entries: view.entries
      .filter(({ jobId }) => !hiddenIds.has(jobId))
      .map((entry) => withoutOthers(entry, (id) => hiddenIds.has(id))),
    others: { queued: count('queued'), assigned: count('assigned'), running: count('running') },
  };
};
