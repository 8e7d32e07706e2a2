/** Every attempt of a job: where, when, how it ended, and what it left. */
import type { AttemptView, JobView } from '../../../projections/jobs.js';
import { CopyButton } from '../parts/copy-button.js';
import { Empty } from '../parts/empty.js';
import { Link, pageOf } from '../parts/link.js';
import { At } from '../parts/time.js';
import { Lasted } from './lasted.js';
import { bytesText, endOfAttempt, slotsText } from './words.js';

type Output = NonNullable<AttemptView['outputs']>[number];

const OutputOf = ({
  output: { name, storedBytes, sourceBytes, storedSha256, truncated },
}: {
  readonly output: Output;
}) => (
  <li>
    {name}: {bytesText(storedBytes)}
    {truncated ? `, truncated at ${bytesText(sourceBytes)}` : ''}{' '}
    <code className="job-digest" title={storedSha256}>
      sha256 {storedSha256.slice(0, 12)}…
    </code>{' '}
    <CopyButton text={storedSha256} label="Copy sha256" />
  </li>
);

const Instant = ({ at }: { readonly at: string | undefined }) =>
  at === undefined ? <span className="muted">never</span> : <At at={at} />;

const Left = ({ attempt: { outputs = [], kept, reported } }: { readonly attempt: AttemptView }) => (
  <ul className="job-left">
    {outputs.map((output) => (
      <OutputOf key={output.name} output={output} />
    ))}
    {kept === undefined ? null : (
      <li>
        Workspace kept at <code>{kept.path ?? kept.folder}</code> until <At at={kept.until} /> at most
      </li>
    )}
    {reported === undefined ? null : (
      <li>
        It reported that it {reported.success ? 'succeeded' : 'failed'} ({reported.status}),{' '}
        <At at={reported.at} />
      </li>
    )}
  </ul>
);

export const AttemptsTab = ({ job }: { readonly job: JobView }) => {
  if (job.attempts.length === 0)
    return (
      <Empty title="There was no attempt">
        <Link to={`${pageOf.job(job.id)}?tab=matching`}>Why it waits</Link>
      </Empty>
    );
  return (
    <div className="table-scroll">
      <table className="table cards" aria-label="Attempts of this job">
        <thead>
          <tr>
            {[
              'Attempt',
              'Runner',
              'Assigned',
              'Started',
              'Ended',
              'Ran for',
              'How it ended',
              'What it left',
            ].map((name) => (
              <th key={name} scope="col">
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {job.attempts.map((attempt) => (
            <tr key={attempt.attempt}>
              <td data-label="Attempt">
                <div>
                  {attempt.attempt}{' '}
                  <Link to={`${pageOf.job(job.id)}?attempt=${attempt.attempt}`}>
                    Log<span className="visually-hidden"> of attempt {attempt.attempt}</span>
                  </Link>
                </div>
              </td>
              <td data-label="Runner">
                <div>
                  {attempt.runner === undefined ? (
                    ''
                  ) : (
                    <Link to={pageOf.runner(attempt.runner)}>{attempt.runner}</Link>
                  )}
                  {slotsText(attempt)}
                  {attempt.rule === undefined ? null : (
                    <span className="muted"> (rule: {attempt.rule.replaceAll('_', ' ')})</span>
                  )}
                </div>
              </td>
              <td data-label="Assigned" className="job-when">
                <Instant at={attempt.assignedAt} />
              </td>
              <td data-label="Started" className="job-when">
                <Instant at={attempt.startedAt} />
              </td>
              <td data-label="Ended" className="job-when">
                {attempt.endedAt === undefined ? 'not yet' : <Instant at={attempt.endedAt} />}
              </td>
              <td data-label="Ran for">
                {attempt.startedAt === undefined ? (
                  ''
                ) : (
                  <Lasted from={attempt.startedAt} to={attempt.endedAt} />
                )}
              </td>
              <td data-label="How it ended">
                <div>{endOfAttempt(attempt)}</div>
              </td>
              <td data-label="What it left">
                <Left attempt={attempt} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
};
