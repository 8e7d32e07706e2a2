/**
 * What does a project's `.delivery/config.json` ask for: which phases are skipped, on which runners the others run, and
 * for how long? The original answered `invalid_config` and no more; here every problem is told, all at once.
 */
import * as E from 'fp-ts/lib/Either.js';
import type { Dependency } from '../events/promotion.js';
import type { OutputForm, Retry, Row, Workspace } from '../events/shapes.js';
import { batonAt, skippedAt, timeoutsAt, type PerPhase, type Settings } from './baton-config.js';
import { checkCookbook } from './cookbook-config.js';
import { dependencyOf } from './dependency.js';
import { originalEntries, rowsFor, rowsInStage, type Entries } from './filter-config.js';
import { aList, anObject, aString, spotOf, type Spot } from './json-check.js';
import { parseJson } from './json-text.js';
import { jsonBytes, PLAN_LIMIT_BYTES } from './plan-size.js';
import type { Problem } from './problem.js';
import { phases, stagePlan, stages, type Phase, type Stage } from './stage-plan.js';

export interface PhaseConfig {
  readonly skipped: boolean;
  /** One job each; a phase without a matrix has one row with an empty label. */
  readonly rows: readonly Row[];
  /** Absent: no limit. */
  readonly timeoutMs?: number;
  /** Names of the secrets that its jobs are given, as variables; `baton.secrets` of the file. Absent: none. */
  readonly secrets?: readonly string[];
  /** Its jobs' outputs are kept apart; `baton.output` of the file. Absent: both as one. */
  readonly output?: 'split';
  /** Higher goes first. Absent: 0. */
  readonly priority?: number;
  /** That each of its jobs takes on its runner. Absent: 1. */
  readonly slots?: number;
  /** Absent: a job's own end is final. */
  readonly retry?: Retry;
  readonly workspace?: Workspace;
  /** Its jobs may tell of themselves. Absent: they may not. */
  readonly reports?: true;
}

export type PhaseConfigs = Readonly<Record<Phase, PhaseConfig>>;

export interface DispatchConfig {
  readonly phases: PhaseConfigs;
  /** Of each stage only those of its phases that differ there. */
  readonly stages: Readonly<Partial<Record<Stage, Readonly<Partial<PhaseConfigs>>>>>;
  /** Pipelines whose Union this project takes part in. */
  readonly dependencies: readonly Dependency[];
}

/** What the phase asks for in this stage. */
export const phaseIn = (
  { phases: everywhere, stages: inStages }: Pick<DispatchConfig, 'phases' | 'stages'>,
  stage: Stage,
  phase: Phase,
) => inStages[stage]?.[phase] ?? everywhere[phase];

/** `not_dispatched_here`: the project asks for Push Jobs, so its phases are not for runners. */
export interface ConfigError {
  readonly code: 'invalid' | 'not_dispatched_here';
  /** Finer than `code`. */
  readonly reason: string;
  readonly problems: readonly Problem[];
}

/** Rows × filters end in events, which are limited to 1 MiB; the largest file seen in the wild has 3 KiB. */
export const MAX_CONFIG_CHARACTERS = 65_536;

const A_PHASE = 'a phase or "default"';
const MIGRATE =
  'add "job_dispatch": {"version": "v2"}, remove build_nodes, and write its queries as filters (os, platform, platform_family, platform_version); `baton config migrate` does so';

/** Reads version 2 of `job_dispatch`; keys that Baton does not know pass, since jobs read them themselves. */
export const parseDispatchConfig = (text: string): E.Either<ConfigError, DispatchConfig> => {
  if (text.length > MAX_CONFIG_CHARACTERS) return E.left(tooLong(text.length));
  const parsed = parseJson(text);
  if (E.isLeft(parsed)) return E.left(invalid([parsed.left], 'not_json'));
  const problems: Problem[] = [];
  const root = spotOf(parsed.right, problems);
  if (anObject(root) === undefined) return E.left(invalid(problems));

  const elsewhere = pushJobs(root);
  if (elsewhere) return E.left(elsewhere);
  checkVersion(root);
  checkDispatchVersion(root.at('job_dispatch'));
  if (root.at('build_nodes').value !== undefined)
    root
      .at('build_nodes')
      .refuse('no build_nodes beside job_dispatch v2', 'remove it: filters choose the runner');
  const dependencies = checkDependencies(root.at('dependencies'));
  const skipped = skippedAt(root.at('skip_phases')) ?? new Set();
  const filters = originalEntries(root.at('job_dispatch').at('filters'), ['default', ...phases], A_PHASE);
  const timeouts = timeoutsAt(root.at('phase_timeouts'));
  const { own, inStages } = batonAt(root.at('baton'));
  const config = { ...merge(filters, { ...own, skipped, timeouts }, inStages), dependencies };
  for (const path of parsed.right.duplicates.filter(isOurs))
    problems.push({ path, expected: 'each key once', found: 'the key twice', mend: 'keep one of the two' });
  if (problems.length === 0 && jsonBytes(config, PLAN_LIMIT_BYTES) > PLAN_LIMIT_BYTES)
    problems.push(TOO_LARGE);
  return problems.length > 0 ? E.left(invalid(problems)) : E.right(config);
};

const invalid = (problems: readonly Problem[], reason = 'config_invalid'): ConfigError => ({
  code: 'invalid',
  reason,
  problems,
});

/** Of a file with so many characters. */
export const tooLong = (length: number): ConfigError =>
  invalid([
    {
      path: '',
      expected: `at most ${MAX_CONFIG_CHARACTERS} characters`,
      found: `${length} characters`,
      mend: 'move what does not concern the pipeline to a file of its own',
    },
  ]);

/** Problems in what is only passed through to jobs are theirs. */
const isOurs = (path: string): boolean =>
  /^(version|build_cookbook|baton|skip_phases|job_dispatch|phase_timeouts|build_nodes|dependencies)\b/.test(
    path,
  );

/** How a project says that Push Jobs are to dispatch it. */
export type PushJobsReason = 'no_job_dispatch' | 'job_dispatch_v1';

/** Why its phases are not for runners, and how it is moved to them. */
export const forPushJobs = (reason: PushJobsReason): ConfigError => {
  const found =
    reason === 'no_job_dispatch' ? 'nothing, which means Push Jobs (v1)' : '"v1", which means Push Jobs';
  return {
    code: 'not_dispatched_here',
    reason,
    problems: [{ path: 'job_dispatch', expected: '{"version": "v2"}', found, mend: MIGRATE }],
  };
};

/** The same for people. */
export const pushJobsText = ({
  problems: [problem],
}: ConfigError): { readonly sentence: string; readonly hint: string } => ({
  sentence: `A project with job_dispatch v2 was expected; this one has ${problem?.found ?? 'none'}, so its phases are not for runners.`,
  hint: `To move it to runners: ${problem?.mend ?? 'use v2'}.`,
});

/** No `job_dispatch` at all means v1 (chef-web-docs, job_dispatch.rst): such a project is dispatched by Push Jobs. */
const pushJobs = (root: Spot): ConfigError | undefined => {
  const dispatch = root.at('job_dispatch');
  if (dispatch.value === undefined) return forPushJobs('no_job_dispatch');
  return dispatch.at('version').value === 'v1' ? forPushJobs('job_dispatch_v1') : undefined;
};

const checkVersion = (root: Spot): void => {
  const version = root.at('version');
  if (version.value !== '1' && version.value !== '2') version.refuse('"2" (or "1")', 'write "version": "2"');
  checkCookbook(root.at('build_cookbook'), version.value === '1');
};

const checkDispatchVersion = (dispatch: Spot): void => {
  if (anObject(dispatch, 'write {"version": "v2"}') === undefined) return;
  const version = dispatch.at('version');
  if (version.value !== 'v2') version.refuse('"v2"', 'write "version": "v2"');
};

const checkDependencies = (spot: Spot): readonly Dependency[] => {
  const items = spot.value === undefined ? [] : (aList(spot, 'projects') ?? []);
  return items.flatMap((item) => {
    const name = aString(item, 'the name of a project', 'put it in double quotes');
    if (name === undefined) return [];
    const dependency = dependencyOf(name);
    if (dependency) return [dependency];
    item.refuse('a project', 'write "project", "project:pipeline", "org/project" or "org/project:pipeline"');
    return [];
  });
};

const entryFor = <A>(layers: readonly PerPhase<A>[], phase: Phase): A | undefined => {
  for (const layer of layers) for (const key of [phase, 'default']) if (layer.has(key)) return layer.get(key);
  return undefined;
};

/** An entry of a phase replaces the default, it is not merged with it; what a stage says replaces both. */
const configOf = (phase: Phase, rows: readonly Row[], layers: readonly Settings[]): PhaseConfig => {
  const find = <A>(of: (settings: Settings) => PerPhase<A>): A | undefined => entryFor(layers.map(of), phase);
  const timeoutMs = find(({ timeouts }) => timeouts);
  const secrets = find((settings) => settings.secrets) ?? [];
  const output: OutputForm | undefined = find(({ outputs }) => outputs);
  const priority = find(({ priorities }) => priorities) ?? 0;
  const slots = find((settings) => settings.slots) ?? 1;
  const retry = find(({ retries }) => retries);
  const workspace = find(({ workspaces }) => workspaces) ?? {};
  const reports = find((settings) => settings.reports) ?? false;
  return {
    skipped: layers.find(({ skipped }) => skipped !== undefined)?.skipped?.has(phase) === true,
    rows,
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
    ...(secrets.length === 0 ? {} : { secrets }),
    ...(output === 'split' ? { output } : {}),
    ...(priority === 0 ? {} : { priority }),
    ...(slots === 1 ? {} : { slots }),
    ...(retry === undefined ? {} : { retry }),
    ...(Object.keys(workspace).length === 0 ? {} : { workspace }),
    ...(reports ? { reports } : {}),
  };
};

const merge = (
  filters: Entries,
  everywhere: Settings,
  inStages: ReadonlyMap<Stage, Settings>,
): Omit<DispatchConfig, 'dependencies'> => {
  const all = Object.fromEntries(
    phases.map((phase) => [
      phase,
      configOf(phase, rowsFor(phase, filters, everywhere.filters), [everywhere]),
    ]),
  ) as Record<Phase, PhaseConfig>;
  const differing = (stage: Stage, settings: Settings) =>
    stagePlan[stage].flat().flatMap((phase): readonly (readonly [Phase, PhaseConfig])[] => {
      const rows = rowsInStage(settings.filters, phase) ?? all[phase].rows;
      const config = configOf(phase, rows, [settings, everywhere]);
      return isSame(config, all[phase]) ? [] : [[phase, config]];
    });
  return {
    phases: all,
    stages: Object.fromEntries(
      stages.flatMap((stage) => {
        const settings = inStages.get(stage);
        const found = settings === undefined ? [] : differing(stage, settings);
        return found.length === 0 ? [] : [[stage, Object.fromEntries(found)]];
      }),
    ),
  };
};

/** Both are made by `configOf`, so their members stand in one order. */
const isSame = (one: PhaseConfig, other: PhaseConfig): boolean =>
  one === other ||
  (JSON.stringify({ ...one, rows: [] }) === JSON.stringify({ ...other, rows: [] }) &&
    (one.rows === other.rows ||
      (one.rows.length === other.rows.length &&
        one.rows.every((row, at) => JSON.stringify(row) === JSON.stringify(other.rows[at])))));

const TOO_LARGE: Problem = {
  path: '',
  expected: `filters, matrices and secrets of all phases and stages, written out for each, of at most ${PLAN_LIMIT_BYTES / 1024} KiB`,
  found: 'more',
  mend: 'shorten the filters that are added to a matrix, or the matrix',
};
