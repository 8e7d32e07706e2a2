/** What a job is, where it is, and how it goes. */
import type { JobView } from '../../../projections/jobs.js';
import type { RunnerAsOf } from '../../app/evidence.js';
import { rawUrl } from '../log/source.js';
import { CopyButton } from '../parts/copy-button.js';
import { Link, pageOf } from '../parts/link.js';
import { Status } from '../parts/status.js';
import { Age, At } from '../parts/time.js';
import { Actions } from './actions.js';
import { Lasted } from './lasted.js';
import { useAwayOf, useChangeOf, useRunnerOf } from './use-job.js';
import { useShownLog } from './use-shown-log.js';
import { attemptText, endOf, isEnded, refusedText, slotsText, titleOf } from './words.js';

const Facts = ({ job }: { readonly job: JobView }) => {
  const change = useChangeOf(job);
  const last = job.attempts.at(-1);
  const begun = last?.startedAt;
  const waitEnd = last === undefined ? job.endedAt : (begun ?? last.endedAt ?? job.endedAt);
  return (
    <dl className="facts">
      {job.changeId === undefined ? null : (
        <div>
          <dt>Change</dt>
          <dd>
            <Link to={pageOf.change(job.changeId)}>{job.changeTitle ?? job.changeId.slice(0, 8)}</Link>
          </dd>
        </div>
      )}
      {change === undefined ? null : (
        <div>
          <dt>Commit of the change</dt>
          <dd>
            <code title={change.sha}>{change.sha.slice(0, 12)}</code>
          </dd>
        </div>
      )}
      <div>
        <dt>Project</dt>
        <dd>
          {job.project}, {job.pipeline}
        </dd>
      </div>
      <div>
        <dt>Runner</dt>
        <dd>
          {last?.runner === undefined ? (
            'none yet'
          ) : (
            <>
              <Link to={pageOf.runner(last.runner)}>{last.runner}</Link>
              {slotsText(last)}
            </>
          )}
        </dd>
      </div>
      {job.slots === undefined ? null : (
        <div>
          <dt>Takes</dt>
          <dd>{job.slots} slots</dd>
        </div>
      )}
      <div>
        <dt>Attempt</dt>
        <dd>{attemptText(job)}</dd>
      </div>
      <div>
        <dt>{job.status === 'queued' || waitEnd === undefined ? 'Queued for' : 'Was queued for'}</dt>
        <dd>
          <Lasted
            from={
              job.status === 'queued' ? (job.waitsSince ?? job.queuedAt) : (last?.queuedAt ?? job.queuedAt)
            }
            to={job.status === 'queued' ? undefined : waitEnd}
          />
        </dd>
      </div>
      <div>
        <dt>
          {last?.endedAt === undefined && begun !== undefined && !isEnded(job) ? 'Runs for' : 'Ran for'}
        </dt>
        <dd>
          {begun === undefined ? 'not started' : <Lasted from={begun} to={last?.endedAt ?? job.endedAt} />}
        </dd>
      </div>
    </dl>
  );
};

/** What a reader must know before the log makes sense. */
const Notes = ({ job, away }: { readonly job: JobView; readonly away: RunnerAsOf | undefined }) => {
  const { cancelRequested, collectionPaused, refusedReports = [], evidence, retryAt } = job;
  const survivors = evidence?.survivors ?? [];
  return (
    <>
      {job.summary === undefined ? null : <p className="job-summary">{endOf(job)}</p>}
      {retryAt === undefined ? null : (
        <p>
          It is tried again not before <At at={retryAt} />.
        </p>
      )}
      {cancelRequested === undefined ? null : (
        <p>
          {cancelRequested.by} asked to cancel it, <At at={cancelRequested.at} />
          {cancelRequested.reason === undefined ? '.' : `: ${cancelRequested.reason}`}
        </p>
      )}
      {away === undefined ? null : (
        <p className="note tone-warn">
          {away.name} does not answer
          {away.evidence == null ? (
            ''
          ) : (
            <>
              , it was last tried <Age at={away.evidence.at} /> ago
            </>
          )}
          {away.detail === undefined ? '.' : `: ${away.detail}`} The job may be running: nothing is assumed,
          and when the runner comes back what happened is collected.
          {cancelRequested === undefined ? '' : ' The cancel is owed, and tried again until it answers.'}
        </p>
      )}
      {collectionPaused === undefined ? null : (
        <p className="note tone-warn">
          Nothing of its log is stored since <At at={collectionPaused.at} />: {collectionPaused.detail} The
          runner keeps it meanwhile.
        </p>
      )}
      {survivors.length === 0 ? null : (
        <p className="note tone-bad">
          {survivors.length === 1 ? 'One process has' : `${survivors.length} processes have`} survived on the
          runner ({survivors.map(({ pid }) => `pid ${pid}`).join(', ')}). The slot takes no more jobs until
          they are gone.
        </p>
      )}
      {refusedReports.map((report) => (
        <p key={`${report.at} ${report.report}`} className="muted">
          <At at={report.at} />: {refusedText(report)}
        </p>
      ))}
    </>
  );
};

export const Header = ({ job }: { readonly job: JobView }) => {
  const last = job.attempts.at(-1);
  const runner = useRunnerOf(isEnded(job) ? undefined : last?.runner);
  const away = useAwayOf(job);
  const shown = useShownLog(job);
  return (
    <header className="stack job-head">
      <div className="spread">
        <div className="row">
          <h1>{titleOf(job)}</h1>
          <Status of={job.status} />
          {!isEnded(job) && job.cancelRequested !== undefined ? <Status of="cancelling" /> : null}
          {away === undefined ? null : <Status of="unreachable" title={away.detail ?? ''} />}
        </div>
        <div className="row" role="group" aria-label="What can be done with this job">
          <Actions job={job} runner={runner} />
          {shown === undefined ? null : (
            <a className="button" href={rawUrl(shown.source)} target="_blank" rel="noreferrer">
              Raw log
            </a>
          )}
          <CopyButton text={() => location.href} label="Copy link" isLarge />
        </div>
      </div>
      <Facts job={job} />
      <Notes job={job} away={away} />
    </header>
  );
};
