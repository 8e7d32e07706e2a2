/** The stages of a change as the original showed them: the latest run of each, phase by phase, and of each phase every run. */
import type { NumberedChange, NumberedJob } from '../../app/original.js';
import type { ChangeView, PhaseView } from '../../app/use-cases.js';
import { stages } from '../../domain/stage-plan.js';
import type { Filter } from '../../events/shapes.js';
import { statusOf, together, type Status } from './words.js';

type StageRun = ChangeView['stages'][number];

/** A phase run, or a phase that is skipped and has none. */
export interface PhaseRunOf {
  readonly status: Status;
  readonly project: string;
  readonly numbered?: NumberedJob;
}

export interface PhaseOf {
  readonly name: string;
  readonly status: Status;
  readonly runs: readonly PhaseRunOf[];
}

export interface StageOf {
  readonly stage: string;
  readonly status: Status;
  readonly stageRunId: string;
  readonly phases: readonly PhaseOf[];
}

const stageStatus: Readonly<Record<StageRun['status'], Status>> = {
  ...{ queued: 'idle', running: 'running', passed: 'passed', failed: 'failed', cancelled: 'failed' },
};

/** Phases that have not begun are not there yet, as in the original. */
const runsOf = (
  { jobs, status }: PhaseView,
  project: string,
  known: NumberedChange['jobs'],
): readonly PhaseRunOf[] =>
  status === 'skipped'
    ? [{ status, project }]
    : jobs.flatMap((id) => {
        const numbered = known[id];
        return numbered === undefined ? [] : [{ status: statusOf(numbered.job), project, numbered }];
      });

/** Consumers of a Union ran in the same stage run, so their phase runs stand beside the change's own. */
const phasesOf = (run: StageRun, project: string, known: NumberedChange['jobs']): readonly PhaseOf[] => {
  const all = [
    ...run.phases.map((phase) => ({ phase, project })),
    ...(run.consumers ?? []).flatMap((consumer) =>
      consumer.phases.map((phase) => ({ phase, project: consumer.project })),
    ),
  ];
  const names = [...new Set(all.map(({ phase }) => phase.phase))];
  return names.flatMap((name) => {
    const runs = all
      .filter(({ phase }) => phase.phase === name)
      .flatMap(({ phase, project: owner }) => runsOf(phase, owner, known));
    return runs.length === 0 ? [] : [{ name, status: together(runs.map(({ status }) => status)), runs }];
  });
};

export const stagesOf = ({ change, jobs }: NumberedChange): readonly StageOf[] =>
  stages.flatMap((stage) => {
    const run = change.stages.findLast((other) => other.stage === stage);
    return run === undefined
      ? []
      : [
          {
            ...{ stage, status: stageStatus[run.status], stageRunId: run.stageRunId },
            phases: phasesOf(run, change.project, jobs),
          },
        ];
  });

/** What a runner must be, as the original put it; conditions that it did not have are named with how they compare. */
const criteria = (filter: Filter): Readonly<Record<string, readonly string[]>> =>
  Object.fromEntries(filter.map(({ key, op, values }) => [op === 'in' ? key : `${key} (${op})`, values]));

/** `proj - {"platform_family":["rhel"]}`. */
export const descriptionOf = (project: string, filter: Filter): string =>
  `${project} - ${JSON.stringify(criteria(filter))}`;
