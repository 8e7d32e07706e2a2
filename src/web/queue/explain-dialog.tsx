/** Why a job waits, over the queue: the queue stays where it is, and the address says what is open. */
import { Dialog } from '../parts/dialog.js';
import { ExplainTable } from '../parts/explain-table.js';
import { Link, pageOf } from '../parts/link.js';
import { ProblemNote } from '../parts/problem.js';
import { useExplained } from '../parts/use-explained.js';

interface ExplainDialogProps {
  readonly jobId: string;
  readonly onClose: () => void;
}

export const ExplainDialog = ({ jobId, onClose }: ExplainDialogProps) => {
  const { data, error } = useExplained(jobId);
  return (
    <Dialog title="Which runner could take this job?" wide onClose={onClose}>
      <ProblemNote error={error} />
      {data === undefined ? (
        error === null && <p className="muted">One moment…</p>
      ) : (
        <ExplainTable answer={data} />
      )}
      <div className="dialog-foot">
        <Link to={pageOf.job(jobId)} className="button">
          To the job
        </Link>
        <button type="button" className="button primary" onClick={onClose}>
          Close
        </button>
      </div>
    </Dialog>
  );
};
