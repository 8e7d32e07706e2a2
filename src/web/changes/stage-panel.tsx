/** One run of a stage: its phases, its consumers if it is a Union, the runs before it, and what may be done with it. */
import { useSearch } from 'wouter';
import type { ChangeView, ConsumerView } from '../../app/change-view.js';
import { useMay } from '../api/session.js';
import { Icon } from '../parts/icon.js';
import { Link, pageOf } from '../parts/link.js';
import { Status, wordOf } from '../parts/status.js';
import { At } from '../parts/time.js';
import { withParams } from '../parts/params.js';
import type { Asked } from './deed-dialogs.js';
import { phaseRows } from './phases.js';
import { PhaseTable, type TableDeeds } from './phase-table.js';
import type { KnownJobs } from './queries.js';
import { beginsWhen, isLiveRun, runStatus, titleOf, type StageRun } from './stages.js';
import { pipelineText } from './words.js';

interface PanelDeeds {
  readonly ask: (asked: Asked) => void;
  readonly cancel: NonNullable<TableDeeds['cancel']>;
}

interface PanelProps {
  readonly change: ChangeView;
  readonly stage: string;
  /** All runs of the stage, oldest first. */
  readonly runs: readonly StageRun[];
  /** The one that is shown; undefined where the stage has not begun. */
  readonly run: StageRun | undefined;
  readonly jobs: KnownJobs;
  /** Absent: nothing may be done. */
  readonly deeds: PanelDeeds | undefined;
  readonly asOf: string | undefined;
}

const Runs = ({ change, stage, runs, run }: Pick<PanelProps, 'change' | 'stage' | 'runs' | 'run'>) => {
  const search = useSearch();
  if (runs.length < 2) return null;
  return (
    <nav className="tabs" aria-label={`Runs of ${titleOf(stage)}`}>
      {runs
        .map((other, index) => (
          <Link
            key={other.stageRunId}
            to={withParams(pageOf.change(change.id), search, {
              stage,
              run: index === runs.length - 1 ? undefined : other.stageRunId,
            })}
            {...(other.stageRunId === run?.stageRunId ? { 'aria-current': 'page' as const } : {})}
          >
            Run {index + 1}, patchset {other.patchset}: {wordOf(runStatus(other))}
          </Link>
        ))
        .reverse()}
    </nav>
  );
};

/** Why no phase of this run can be run again; undefined when one can. */
const noRerun = (change: ChangeView, stage: string, isNewest: boolean): string | undefined => {
  if (!isNewest) return 'A later run of the stage has taken its place.';
  if (change.actions.includes(`rerun-${stage}`)) return undefined;
  return change.moving ? 'Something of the change still waits or runs.' : 'The change has gone past it.';
};

const Consumer = ({
  change,
  consumer,
  jobs,
  deeds,
  asOf,
}: Pick<PanelProps, 'change' | 'jobs' | 'asOf'> & {
  readonly consumer: ConsumerView;
  readonly deeds: TableDeeds | undefined;
}) => {
  const name = pipelineText(change, consumer);
  const { organisation, project } = consumer;
  // its jobs belong to its own project
  const mayCancel = useMay('operator', { enterprise: change.enterprise, organisation, project });
  return (
    <section className="stack" aria-label={`Consumer ${name}`}>
      <h3 className="row">
        <Link to={pageOf.change(consumer.changeId)}>{name}</Link>
        <Status of={consumer.status} />
        <code className="muted">{consumer.sha.slice(0, 12)}</code>
      </h3>
      <PhaseTable
        label={`Phases of the consumer ${name}`}
        rows={phaseRows(consumer.phases, jobs.byId)}
        isWhole={jobs.isWhole}
        deeds={deeds && { ...deeds, cancel: mayCancel ? deeds.cancel : undefined }}
        asOf={asOf}
      />
    </section>
  );
};

export const StagePanel = ({ change, stage, runs, run, jobs, deeds, asOf }: PanelProps) => {
  const isNewest = run === runs.at(-1);
  const none = noRerun(change, stage, isNewest);
  const tableDeeds = (consumer?: ConsumerView): TableDeeds | undefined =>
    deeds && {
      cancel: deeds.cancel,
      noRerun: none,
      rerun: (phase) =>
        deeds.ask({
          ...{ kind: 'rerun', stage, phase },
          ...(consumer === undefined
            ? {}
            : { consumer: { changeId: consumer.changeId, name: pipelineText(change, consumer) } }),
        }),
    };
  return (
    <section className="stack" aria-label={titleOf(stage)}>
      <div className="spread">
        <h2 className="row">
          {titleOf(stage)}
          {run === undefined ? null : <Status of={runStatus(run)} />}
        </h2>
        {run === undefined || deeds === undefined ? null : (
          <span className="row">
            {isNewest && change.actions.includes(`rerun-${stage}`) ? (
              <button
                type="button"
                className="button small"
                onClick={() => deeds.ask({ kind: 'rerun', stage })}
              >
                <Icon name="turns" />
                Run the stage again
              </button>
            ) : null}
            {isLiveRun(run) && change.actions.includes('cancel') ? (
              <button
                type="button"
                className="button small"
                disabled={run.cancelRequested !== undefined}
                onClick={() => deeds.ask({ kind: 'cancel' })}
              >
                <Icon name="cross" />
                {run.cancelRequested === undefined ? 'Cancel the stage' : 'Cancel asked for'}
              </button>
            ) : null}
          </span>
        )}
      </div>
      <Runs change={change} stage={stage} runs={runs} run={run} />
      {run === undefined ? (
        <p className="muted">
          {titleOf(stage)} has not begun. {beginsWhen[stage]}
        </p>
      ) : (
        <>
          {run.cancelRequested === undefined ? null : (
            <p className="note tone-warn">
              {run.cancelRequested.by} asked for its end at <At at={run.cancelRequested.at} />
              {run.cancelRequested.reason === undefined ? '.' : `: ${run.cancelRequested.reason}`}
            </p>
          )}
          <PhaseTable
            label={`Phases of ${titleOf(stage)}`}
            rows={phaseRows(run.phases, jobs.byId)}
            isWhole={jobs.isWhole}
            deeds={tableDeeds()}
            asOf={asOf}
          />
          {run.consumers === undefined ? null : (
            <>
              <h2>Consumers</h2>
              {run.consumers.map((consumer) => (
                <Consumer
                  key={consumer.changeId}
                  change={change}
                  consumer={consumer}
                  jobs={jobs}
                  deeds={tableDeeds(consumer)}
                  asOf={asOf}
                />
              ))}
            </>
          )}
        </>
      )}
    </section>
  );
};
