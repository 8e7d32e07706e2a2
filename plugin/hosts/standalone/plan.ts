/** What will each phase of a stage run, where, and for how long? Both configuration files together give the plan. */
import * as E from 'fp-ts/lib/Either.js';
import type { DispatchConfig } from '../../../src/domain/dispatch-config.js';
import { nearest, type Problem } from '../../../src/domain/problem.js';
import type { ProjectConfig } from '../../../src/domain/project-config.js';
import { phases, stagePlan, type Phase, type Stage } from '../../../src/domain/stage-plan.js';
import type { PlannedPhase } from '../../../src/events/change.js';

const CANCEL_GRACE_MS = 10_000;
const LOG_BYTES = 64 * 1024 * 1024;

/** The plan of a stage, or a problem for each phase that should run and has no command. */
export const planStage = (
  stage: Stage,
  dispatch: DispatchConfig,
  project: ProjectConfig,
): E.Either<readonly Problem[], readonly PlannedPhase[]> => {
  const problems: Problem[] = [];
  const plan = stagePlan[stage].flatMap((group, index) =>
    group.map((phase): PlannedPhase => {
      const { skipped, rows, timeoutMs } = dispatch.phases[phase];
      const run = project.commands[phase];
      if (!skipped && run === undefined) problems.push(noCommand(phase, project));
      return {
        phase,
        group: index,
        skipped,
        rows,
        steps: skipped || run === undefined ? [] : [{ name: phase, run }],
        limits: {
          cancelGraceMs: CANCEL_GRACE_MS,
          logBytes: LOG_BYTES,
          ...(timeoutMs === undefined ? {} : { totalMs: timeoutMs }),
        },
      };
    }),
  );
  return problems.length > 0 ? E.left(problems) : E.right(plan);
};

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
