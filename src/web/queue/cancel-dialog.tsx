/** Asks before a job is cancelled, and says what that does to it. */
import type { QueueEntry } from '../../../projections/queue.js';
import { apiPath } from '../api/client.js';
import { fateText, owedText, type Fate } from '../parts/cancel-fate.js';
import { Confirm } from '../parts/confirm.js';
import { jobText } from './rows.js';

const fate = ({ status, runner, cancelAskedAt }: QueueEntry): Fate => {
  if (cancelAskedAt !== undefined) return { kind: 'asked' };
  if (status === 'queued') return { kind: 'waits' };
  return { kind: status === 'assigned' ? 'starts' : 'runs', runner };
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
      <p>{fateText(fate(entry))}</p>
      {unreachableSince === undefined ? null : <p className="note tone-warn">{owedText(runner)}</p>}
    </Confirm>
  );
};
