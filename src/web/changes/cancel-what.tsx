/** What a cancel does to each job, in words, before it is asked for. */
import type { JobView } from '../../../projections/jobs.js';
import { Link, pageOf } from '../parts/link.js';
import { jobName, runnerOf } from './phases.js';

const Fate = ({ job }: { readonly job: JobView }) => {
  const runner = runnerOf(job);
  if (job.cancelRequested !== undefined) return <>its end has been asked for already</>;
  if (job.status === 'queued') return <>waits; it is taken out of the queue, and nothing runs</>;
  const on = runner === undefined ? 'its runner' : <Link to={pageOf.runner(runner)}>{runner}</Link>;
  return job.status === 'assigned' ? (
    <>starts on {on}; it is revoked there, or ended like one that runs</>
  ) : (
    <>
      runs on {on}; all its processes get <code>TERM</code>, and after 10 seconds those that are left get{' '}
      <code>KILL</code>
    </>
  );
};

export const CancelWhat = ({ jobs }: { readonly jobs: readonly JobView[] }) =>
  jobs.length === 0 ? (
    <p>No job waits or runs now; the stage ends, and nothing more of it starts.</p>
  ) : (
    <ul className="changes-fates" aria-label="What happens to the jobs">
      {jobs.map((job) => (
        <li key={job.id}>
          <strong>
            {job.stage} / {jobName(job)}
          </strong>{' '}
          <Fate job={job} />
        </li>
      ))}
    </ul>
  );
