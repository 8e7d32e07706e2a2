/** What is shown of a row of the queue. */
import type { QueueEntry } from '../../../projections/queue.js';

/** `verify / unit · platform=debian` */
export const jobText = ({ stage, phase, label }: Pick<QueueEntry, 'stage' | 'phase' | 'label'>): string =>
  `${stage} / ${phase}${label === '' ? '' : ` · ${label}`}`;

/** `queued` and so on; one whose end has been asked for is cancelling. */
export const shownStatus = ({ status, cancelAskedAt }: QueueEntry): string =>
  cancelAskedAt === undefined ? status : 'cancelling';

/** `10,000`: as people of here write it. */
export const grouped = (n: number): string => n.toLocaleString();
