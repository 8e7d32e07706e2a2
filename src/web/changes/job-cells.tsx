/** Cells that rows of phases and rows of jobs have in common. */
import type { JobView } from '../../../projections/jobs.js';
import { useAt } from '../api/past.js';
import { Link, pageOf } from '../parts/link.js';
import { Age, Span } from '../parts/time.js';
import type { Times } from './phases.js';

/** How long it has waited, runs, or ran. `asOf`: of the past, counted to that instant. */
export const Took = ({
  times: { queuedAt, startedAt, endedAt },
  asOf,
}: {
  readonly times: Times;
  readonly asOf: string | undefined;
}) => {
  const to = asOf === undefined ? {} : { asOf };
  if (endedAt !== undefined)
    return startedAt === undefined ? (
      <span className="muted">never started</span>
    ) : (
      <Span from={startedAt} to={endedAt} />
    );
  if (startedAt !== undefined)
    return (
      <span>
        runs <Age at={startedAt} {...to} />
      </span>
    );
  return queuedAt === undefined ? (
    <span className="muted">none</span>
  ) : (
    <span>
      waits <Age at={queuedAt} {...to} />
    </span>
  );
};

export const Runner = ({ name }: { readonly name: string | undefined }) =>
  name === undefined ? <span className="muted">none yet</span> : <Link to={pageOf.runner(name)}>{name}</Link>;

/** To the page of the job, where its log is, or why it waits when it has none. A job of the past has no log of then. */
export const LogLink = ({ job, name }: { readonly job: JobView; readonly name: string }) => {
  const at = useAt();
  const hasNone = job.status === 'queued' && job.attempts.length === 0;
  return (
    <Link to={hasNone ? `${pageOf.job(job.id)}?tab=matching` : pageOf.job(job.id)} className="button small">
      {hasNone ? 'Why it waits' : at === undefined ? 'Log' : 'Job'}
      <span className="visually-hidden">{hasNone ? `: ${name}` : ` of ${name}`}</span>
    </Link>
  );
};
