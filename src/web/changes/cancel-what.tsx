/** What a cancel does to each job, in words, before it is asked for: jobs that fare alike stand together. */
import type { JobView } from '../../../projections/jobs.js';
import { fatesOf } from '../parts/cancel-fate.js';
import { jobName } from './phases.js';

export const CancelWhat = ({ jobs }: { readonly jobs: readonly JobView[] }) =>
  jobs.length === 0 ? (
    <p>No job waits or runs now; the stage ends, and nothing more of it starts.</p>
  ) : (
    <ul className="changes-fates" aria-label="What happens to the jobs">
      {fatesOf(jobs).map(({ text, jobs: alike }) => (
        <li key={text}>
          <strong>{alike.map((job) => `${job.stage} / ${jobName(job)}`).join(', ')}</strong>
          {alike.length === 1 ? '' : ` (${alike.length} jobs)`}
          <p>{text}</p>
        </li>
      ))}
    </ul>
  );
