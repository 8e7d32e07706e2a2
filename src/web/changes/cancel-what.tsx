/** What a cancel does to each job, in words, before it is asked for: jobs that fare alike stand together. */
import type { JobView } from '../../../projections/jobs.js';
import { fatesOf } from '../parts/cancel-fate.js';
import { jobName } from './phases.js';

const namesOf = (jobs: readonly JobView[]): string =>
  jobs.map((job) => `${job.stage} / ${jobName(job)}`).join(', ');

export const CancelWhat = ({ jobs }: { readonly jobs: readonly JobView[] }) =>
  jobs.length === 0 ? (
    <p>No job waits or runs now; the stage ends, and nothing more of it starts.</p>
  ) : (
    <ul className="changes-fates" aria-label="What happens to the jobs">
      {fatesOf(jobs).map(({ text, jobs: alike }) => (
        <li key={text}>
          <strong>{alike.length === 1 ? namesOf(alike) : `${alike.length} jobs`}</strong>
          <p>{text}</p>
          {alike.length === 1 ? null : <p className="small muted">{namesOf(alike)}</p>}
        </li>
      ))}
    </ul>
  );
