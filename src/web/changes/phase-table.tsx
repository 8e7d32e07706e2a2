/** The phases of a stage, or of a consumer in it, and the rows of their matrices: a table that goes on by itself. */
import { useState } from 'react';
import type { JobView } from '../../../projections/jobs.js';
import { Icon } from '../parts/icon.js';
import { Link, pageOf } from '../parts/link.js';
import { Status } from '../parts/status.js';
import { LogLink, Runner, Took } from './job-cells.js';
import { isLive, isUnwell, jobName, jobStatus, runnerOf, timesOf, type PhaseRow } from './phases.js';

/** What may be asked for in the table; absent: nothing, since it is the past, or not for the reader to do. */
export interface TableDeeds {
  /** Undefined: the jobs are not the reader's to cancel. */
  readonly cancel: ((jobs: readonly JobView[], what: string) => void) | undefined;
  readonly rerun: (phase: string) => void;
  /** Why no phase can be run again now. */
  readonly noRerun: string | undefined;
}

interface TableProps {
  readonly label: string;
  readonly rows: readonly PhaseRow[];
  /** Jobs that are missing are not for the reader to see; else they are on their way. */
  readonly isWhole: boolean;
  readonly deeds: TableDeeds | undefined;
  /** The instant of the past that is shown. */
  readonly asOf: string | undefined;
}

const CancelButton = ({
  jobs,
  what,
  deeds,
}: {
  readonly jobs: readonly JobView[];
  readonly what: string;
  readonly deeds: TableDeeds;
}) => {
  const { cancel } = deeds;
  const live = jobs.filter(isLive);
  if (live.length === 0 || cancel === undefined) return null;
  const asked = live.every(({ cancelRequested }) => cancelRequested !== undefined);
  const by = live[0]?.cancelRequested?.by;
  return (
    <button
      type="button"
      className="button small"
      disabled={asked}
      {...(asked && by !== undefined ? { title: `${by} has asked for it` } : {})}
      onClick={() => cancel(live, what)}
    >
      <Icon name="cross" />
      {asked ? 'Cancel asked for' : live.length === 1 ? 'Cancel' : `Cancel ${live.length} jobs`}
      <span className="visually-hidden">: {what}</span>
    </button>
  );
};

const JobRow = ({ job, deeds, asOf }: Pick<TableProps, 'deeds' | 'asOf'> & { readonly job: JobView }) => {
  const name = jobName(job);
  return (
    <tr className="changes-sub">
      <td data-label="Job">
        <Link to={pageOf.job(job.id)}>{job.label === '' ? job.id.slice(0, 8) : job.label}</Link>
      </td>
      <td data-label="Status">
        <Status of={jobStatus(job)} {...(job.summary === undefined ? {} : { title: job.summary })} />
      </td>
      <td data-label="Runner">
        <Runner name={runnerOf(job)} />
      </td>
      <td data-label="Time">
        <Took times={timesOf([job])} asOf={asOf} />
      </td>
      <td>
        <span className="row changes-deeds">
          <LogLink job={job} name={name} />
          {deeds === undefined ? null : <CancelButton jobs={[job]} what={name} deeds={deeds} />}
        </span>
      </td>
    </tr>
  );
};

const RerunButton = ({ phase, deeds }: { readonly phase: string; readonly deeds: TableDeeds }) => (
  <button
    type="button"
    className="button small"
    disabled={deeds.noRerun !== undefined}
    {...(deeds.noRerun === undefined ? {} : { title: deeds.noRerun })}
    onClick={() => deeds.rerun(phase)}
  >
    Run again
    <span className="visually-hidden">
      {' '}
      {phase}
      {deeds.noRerun === undefined ? '' : `: ${deeds.noRerun}`}
    </span>
  </button>
);

const runnersText = (jobs: readonly JobView[]): string => {
  const names = new Set(jobs.flatMap((job) => runnerOf(job) ?? []));
  return names.size === 0 ? 'none yet' : `${names.size} ${names.size === 1 ? 'runner' : 'runners'}`;
};

const PhaseRows = ({
  row: { phase, jobs, unseen, times },
  isWhole,
  deeds,
  asOf,
}: Omit<TableProps, 'label' | 'rows'> & { readonly row: PhaseRow }) => {
  const [chosen, setChosen] = useState<boolean>();
  const [first] = jobs;
  const count = phase.jobs.length;
  const isMatrix = count > 1;
  const isOpen = isMatrix && (chosen ?? true);
  const isEmpty = count === 0;
  return (
    <>
      <tr>
        <th scope="row">
          {first !== undefined && !isMatrix ? (
            <Link to={pageOf.job(first.id)}>{phase.phase}</Link>
          ) : isMatrix ? (
            <button
              type="button"
              className="button quiet small changes-fold"
              aria-expanded={isOpen}
              onClick={() => setChosen(!isOpen)}
            >
              {isOpen ? '▾' : '▸'} {phase.phase} <span className="muted">({count} jobs)</span>
            </button>
          ) : (
            phase.phase
          )}
        </th>
        <td data-label="Status">
          <span className="row">
            <Status of={first !== undefined && !isMatrix ? jobStatusOr(phase.status, first) : phase.status} />
            {phase.kept === true ? <span className="small muted">kept from an earlier run</span> : null}
          </span>
        </td>
        <td data-label="Runner">
          {isEmpty ? (
            <span className="muted">none</span>
          ) : isMatrix ? (
            <span className="muted">{runnersText(jobs)}</span>
          ) : first === undefined ? (
            <span className="muted">{isWhole ? 'not for you to see' : '…'}</span>
          ) : (
            <Runner name={runnerOf(first)} />
          )}
        </td>
        <td data-label="Time">
          <Took times={times} asOf={asOf} />
        </td>
        <td>
          <span className="row changes-deeds">
            {first !== undefined && !isMatrix ? <LogLink job={first} name={phase.phase} /> : null}
            {deeds === undefined ? null : (
              <>
                <CancelButton jobs={jobs} what={`the phase ${phase.phase}`} deeds={deeds} />
                {isUnwell(phase) ? <RerunButton phase={phase.phase} deeds={deeds} /> : null}
              </>
            )}
          </span>
        </td>
      </tr>
      {isOpen ? (
        <>
          {jobs.map((job) => (
            <JobRow key={job.id} job={job} deeds={deeds} asOf={asOf} />
          ))}
          {unseen.length === 0 || !isWhole ? null : (
            <tr className="changes-sub">
              <td colSpan={5} className="muted">
                {unseen.length} more that you may not see
              </td>
            </tr>
          )}
        </>
      ) : null}
    </>
  );
};

/** Of a phase with one job: what the job says, as long as the phase goes on. */
const jobStatusOr = (status: string, job: JobView): string =>
  status === 'waiting' || status === 'running' ? jobStatus(job) : status;

export const PhaseTable = ({ label, rows, ...more }: TableProps) => (
  <div className="table-scroll">
    <table className="table cards changes-phases" aria-label={label}>
      <thead>
        <tr>
          <th scope="col">Phase</th>
          <th scope="col">Status</th>
          <th scope="col">Runner</th>
          <th scope="col">Time</th>
          <th scope="col">
            <span className="visually-hidden">Log and actions</span>
          </th>
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => (
          <PhaseRows key={row.phase.phase} row={row} {...more} />
        ))}
      </tbody>
    </table>
  </div>
);
