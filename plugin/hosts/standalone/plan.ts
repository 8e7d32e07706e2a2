/** What will each phase of a stage run, where, and for how long? Both configuration files together give the plan. */
import * as E from 'fp-ts/lib/Either.js';
import type { DispatchConfig } from '../../../src/domain/dispatch-config.js';
import { nearest, type Problem } from '../../../src/domain/problem.js';
import type { PhaseWays } from '../../../src/domain/phase-ways.js';
import type { ProjectConfig } from '../../../src/domain/project-config.js';
import { phases, stagePlan, type Phase, type Stage } from '../../../src/domain/stage-plan.js';
import type { PlannedPhase } from '../../../src/events/change.js';
import type { ConfiguredPhase } from '../../../src/events/promotion.js';

const CANCEL_GRACE_MS = 10_000;
const LOG_BYTES = 64 * 1024 * 1024;

/** The plan of a stage, or a problem for each phase that should run and has no command. */
export const planStage = (
  stage: Stage,
  dispatch: DispatchConfig,
  project: ProjectConfig,
  ways: PhaseWays,
): E.Either<readonly Problem[], readonly PlannedPhase[]> =>
  E.map((configured: readonly ConfiguredPhase[]) => planOf(stage, configured))(
    configurePhases(stagePlan[stage].flat(), dispatch, project, ways),
  );

/**
 * What each of these phases runs, or a problem for each that should run and has no command: that of the installation, else that of
 * the project. Without steps, where that is wanted: `delivery job`, which is put into words when the phase is promoted.
 */
export const configurePhases = (
  wanted: readonly Phase[],
  dispatch: DispatchConfig,
  project: ProjectConfig,
  ways: PhaseWays,
): E.Either<readonly Problem[], readonly ConfiguredPhase[]> => {
  const problems: Problem[] = [];
  const configured = wanted.map((phase): ConfiguredPhase => {
    const { skipped, rows, timeoutMs, output, priority, retry, workspace } = dispatch.phases[phase];
    const run = ways.command ?? project.commands[phase];
    if (!skipped && run === undefined && !ways.deliveryJob) problems.push(noCommand(phase, project));
    return {
      phase,
      skipped,
      rows,
      steps: skipped || run === undefined ? [] : [{ name: phase, run }],
      limits: {
        cancelGraceMs: CANCEL_GRACE_MS,
        logBytes: LOG_BYTES,
        ...(timeoutMs === undefined ? {} : { totalMs: timeoutMs }),
      },
      ...(output === undefined ? {} : { output }),
      ...(priority === undefined ? {} : { priority }),
      ...(retry === undefined ? {} : { retry }),
      ...(workspace === undefined ? {} : { workspace }),
    };
  });
  return problems.length > 0 ? E.left(problems) : E.right(configured);
};

/** The phases of the stage in their groups; one that is not configured is left out. */
export const planOf = (stage: Stage, configured: readonly ConfiguredPhase[]): readonly PlannedPhase[] =>
  stagePlan[stage].flatMap((phasesOfGroup, group) =>
    configured
      .filter(({ phase }) => (phasesOfGroup as readonly string[]).includes(phase))
      .map((phase) => ({ ...phase, group })),
  );

const noCommand = (phase: Phase, { otherKeys, remoteFile }: ProjectConfig): Problem => {
  const misspelt = otherKeys.find((key) => nearest(key, phases) === phase);
  const found =
    misspelt !== undefined
      ? `none, but "${misspelt}"`
      : remoteFile !== undefined
        ? 'none, but remote_file, which is not fetched'
        : 'none';
  return {
    path: `local_phases.${phase}`,
    expected: `a command for phase ${phase}, which is not skipped`,
    found,
    mend:
      misspelt !== undefined
        ? `rename it to ${phase}`
        : `add ${phase} = "command" to [local_phases], or "${phase}" to skip_phases of .delivery/config.json`,
  };
};
