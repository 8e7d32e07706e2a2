/** Asks before jobs are cancelled: which, where, and what of the pipeline goes on. Then tells what came of each. */
import { useState } from 'react';
import type { JobView } from '../../../projections/jobs.js';
import { Dialog } from '../parts/dialog.js';
import { Icon } from '../parts/icon.js';
import { ReasonField } from '../parts/reason-field.js';
import { useCancelJobs, type Result } from './cancel-jobs.js';
import { CancelWhat } from './cancel-what.js';
import { jobName } from './phases.js';

const Outcome = ({ result }: { readonly result: Result }) => {
  if (result.kind === 'waits') return <span className="muted">its turn comes</span>;
  if (result.kind === 'sent') return <span className="muted">one moment…</span>;
  return result.kind === 'asked' ? (
    <span className="chip tone-ok">
      <Icon name="check" />
      asked for
    </span>
  ) : (
    <span>
      <span className="chip tone-bad">
        <Icon name="cross" />
        refused
      </span>{' '}
      {result.why}
    </span>
  );
};

interface CancelDialogProps {
  /** As they were when it was opened. */
  readonly jobs: readonly JobView[];
  /** `the phase unit` */
  readonly what: string;
  readonly onClose: () => void;
}

export const CancelDialog = ({ jobs, what, onClose }: CancelDialogProps) => {
  const [reason, setReason] = useState('');
  const { results, state, run } = useCancelJobs(jobs.map(({ id }) => id));
  const refused = [...results.values()].some(({ kind }) => kind === 'refused');
  const isOver = state === 'done' && !refused;
  return (
    <Dialog title={`Cancel ${what}?`} onClose={onClose}>
      <form
        className="stack"
        onSubmit={(event) => {
          event.preventDefault();
          if (isOver) onClose();
          else void run(reason.trim());
        }}
      >
        {state === 'asks' ? (
          <>
            <CancelWhat jobs={jobs} />
            <p>
              Other jobs go on to their end, those of phases beside it too. Phases that come after it do not
              start, and the stage does not pass.
            </p>
            <ReasonField value={reason} onChange={setReason} />
          </>
        ) : (
          <ul className="changes-fates" aria-label="What came of it">
            {jobs.map((job) => (
              <li key={job.id}>
                <strong>{jobName(job)}</strong> <Outcome result={results.get(job.id) ?? { kind: 'waits' }} />
              </li>
            ))}
          </ul>
        )}
        <div className="dialog-foot">
          {isOver ? null : (
            <button type="button" className="button" onClick={onClose}>
              {state === 'asks' ? 'Back' : 'Close'}
            </button>
          )}
          <button
            type="submit"
            className={isOver ? 'button primary' : 'button danger'}
            disabled={state === 'sends'}
          >
            {state === 'sends'
              ? 'One moment…'
              : isOver
                ? 'Close'
                : refused
                  ? 'Try again'
                  : jobs.length === 1
                    ? 'Cancel the job'
                    : `Cancel ${jobs.length} jobs`}
          </button>
        </div>
      </form>
    </Dialog>
  );
};
