/** What will each phase of a stage run, where, and for how long? Both configuration files together give the plan. */
import * as E from 'fp-ts/lib/Either.js';
import { phaseIn, type DispatchConfig, type PhaseConfig } from '../../../src/domain/dispatch-config.js';
import { jsonBytes, PLAN_LIMIT_BYTES } from '../../../src/domain/plan-size.js';
import { nearest, type Problem } from '../../../src/domain/problem.js';
import type { PhaseWays } from '../../../src/domain/phase-ways.js';
import type { ProjectConfig } from '../../../src/domain/project-config.js';
import { phases, stagePlan, stages, type Phase, type Stage } from '../../../src/domain/stage-plan.js';
import type { PlannedPhase } from '../../../src/events/change.js';
import type { ConfiguredPhase, StageOverride } from '../../../src/events/promotion.js';

const CANCEL_GRACE_MS = 10_000;
const LOG_BYTES = 64 * 1024 * 1024;

/** Why there is no plan. */
export interface NoPlan {
  readonly reason: 'no_command' | 'plan_too_large';
  readonly problems: readonly Problem[];
}

/** The plan of a stage, or a problem for each phase that should run and has no command. */
export const planStage = (
  stage: Stage,
  dispatch: DispatchConfig,
  project: ProjectConfig,
  ways: PhaseWays,
): E.Either<NoPlan, readonly PlannedPhase[]> =>
  E.chain((configured: readonly ConfiguredPhase[]) => unlessTooLarge(planOf(stage, configured)))(
    configurePhases(stagePlan[stage].flat(), (phase) => phaseIn(dispatch, stage, phase), project, ways),
  );

/** What every phase runs, and what single stages run instead. Verify has been planned before, and by another commit. */
export const planMerge = (
  { phases: everywhere, stages: inStages }: DispatchConfig,
  project: ProjectConfig,
  ways: PhaseWays,
): E.Either<NoPlan, MergePlan> => {
  const problems = new Map<string, Problem>();
  const configured = (wanted: readonly Phase[], configOf: (phase: Phase) => PhaseConfig) => {
    const found = configurePhases(wanted, configOf, project, ways);
    // A command is missing once, in however many stages.
    if (E.isLeft(found)) for (const problem of found.left.problems) problems.set(problem.path, problem);
    return E.isLeft(found) ? [] : found.right;
  };
  const all = configured(phases, (phase) => everywhere[phase]);
  const overrides = stages.flatMap((stage): readonly StageOverride[] => {
    const own = inStages[stage] ?? {};
    const wanted = stage === 'verify' ? [] : phases.filter((phase) => own[phase] !== undefined);
    return wanted.length === 0
      ? []
      : [{ stage, phases: configured(wanted, (phase) => own[phase] ?? everywhere[phase]) }];
  });
  if (problems.size > 0) return E.left({ reason: 'no_command', problems: [...problems.values()] });
  return unlessTooLarge({ phases: all, ...(overrides.length === 0 ? {} : { overrides }) });
};

/** What later stages run of a merge. */
export interface MergePlan {
  readonly phases: readonly ConfiguredPhase[];
  readonly overrides?: readonly StageOverride[];
}

/** The phases as this stage runs them. */
export const phasesOf = (
  stage: string,
  { phases: all, overrides }: MergePlan,
): readonly ConfiguredPhase[] => {
  const own = overrides?.find((override) => override.stage === stage)?.phases ?? [];
  return all.map((configured) => own.find(({ phase }) => phase === configured.phase) ?? configured);
};

const unlessTooLarge = <A>(plan: A): E.Either<NoPlan, A> =>
  jsonBytes(plan, PLAN_LIMIT_BYTES) <= PLAN_LIMIT_BYTES
    ? E.right(plan)
    : E.left({ reason: 'plan_too_large', problems: [TOO_LARGE] });

const TOO_LARGE: Problem = {
  path: 'local_phases',
  expected: `commands, filters and matrices of all phases and stages of at most ${PLAN_LIMIT_BYTES / 1024} KiB together`,
  found: 'more',
  mend: 'move long commands to scripts in the repository, or shorten the filters',
};

/**
 * What each of these phases runs, or a problem for each that should run and has no command: that of the installation, else that of
 * the project. Without steps, where that is wanted: `delivery job`, which is put into words when the phase is promoted.
 */
const configurePhases = (
  wanted: readonly Phase[],
  configOf: (phase: Phase) => PhaseConfig,
  project: ProjectConfig,
  ways: PhaseWays,
): E.Either<NoPlan, readonly ConfiguredPhase[]> => {
  const problems: Problem[] = [];
  const configured = wanted.map((phase): ConfiguredPhase => {
    const { skipped, rows, timeoutMs, output, priority, retry, workspace, reports, slots } = configOf(phase);
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
      ...(reports === undefined ? {} : { reports }),
      ...(slots === undefined ? {} : { slots }),
    };
  });
  return problems.length > 0 ? E.left({ reason: 'no_command', problems }) : E.right(configured);
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
