/** Asks before a job is cancelled, and says what that does to it. */
import type { QueueEntry } from '../../../projections/queue.js';
import { apiPath } from '../api/client.js';
import { Confirm } from '../parts/confirm.js';
import { jobText } from './rows.js';

const What = ({ entry: { status, runner = 'its runner' } }: { readonly entry: QueueEntry }) => {
  if (status === 'queued') return <p>It waits. It is taken out of the queue, and nothing runs.</p>;
  if (status === 'assigned')
    return (
      <p>
        It is starting on <strong>{runner}</strong>. If it has not started there it never will; otherwise the
        whole tree of its processes gets <code>TERM</code> and, after the grace period, what is left gets{' '}
        <code>KILL</code>.
      </p>
    );
  return (
    <p>
      The whole tree of its processes on <strong>{runner}</strong> gets <code>TERM</code>; after the grace
      period, what is left gets <code>KILL</code>.
    </p>
  );
};

interface CancelDialogProps {
  readonly entry: QueueEntry;
  readonly onClose: () => void;
}

export const CancelDialog = ({ entry, onClose }: CancelDialogProps) => {
  const { jobId, project, changeTitle, status, runner, unreachableSince } = entry;
  return (
    <Confirm
      title="Cancel this job?"
      verb="Cancel the job"
      danger
      asksReason
      command={{
        url: apiPath('jobs', jobId, 'cancel'),
        done:
          status === 'queued'
            ? `The job ${jobText(entry)} is cancelled.`
            : `The end of the job ${jobText(entry)} has been asked for.`,
      }}
      onClose={onClose}
    >
      <p>
        <strong>{jobText(entry)}</strong> of {project}
        {changeTitle === undefined ? '' : `: ${changeTitle}`} (<code>{jobId.slice(0, 8)}</code>)
      </p>
      <What entry={entry} />
      {unreachableSince === undefined ? null : (
        <p className="note tone-warn">
          {runner} cannot be reached now: the cancel is owed, and tried again until it can.
        </p>
      )}
    </Confirm>
  );
};
