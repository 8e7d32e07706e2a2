/** May this branch become a change, may this change be merged, and what would its stages run? Everything is looked at before any event is written. */
import * as E from 'fp-ts/lib/Either.js';
import type { TaskEither } from 'fp-ts/lib/TaskEither.js';
import { appError, type AppError } from '../../../src/app/errors.js';
import type { SourceProvider } from '../../../src/app/ports.js';
import type { SubmitChange } from '../../../src/app/use-cases.js';
import { isScopeName } from '../../../src/domain/dependency.js';
import {
  parseDispatchConfig,
  pushJobsText,
  type ConfigError,
  type DispatchConfig,
} from '../../../src/domain/dispatch-config.js';
import { placed, type Placed } from '../../../src/domain/placed.js';
import type { PhaseWays } from '../../../src/domain/phase-ways.js';
import { shown, type Problem } from '../../../src/domain/problem.js';
import {
  noProjectConfig,
  parseProjectConfig,
  type ProjectConfig,
} from '../../../src/domain/project-config.js';
import type { PlannedPhase } from '../../../src/events/change.js';
import type { Dependency } from '../../../src/events/promotion.js';
import type { Scope, Source } from '../../../src/events/shapes.js';
import type { Patchset } from './change.js';
import { changeIdOf } from './ids.js';
import { planMerge, planStage, type MergePlan, type NoPlan } from './plan.js';

export type Submission = { readonly changeId: string } & Patchset;

const CONFIG = '.delivery/config.json';
const PROJECT = '.delivery/project.toml';

/** Resolves the branch, reads both files at that commit and plans Verify. Problems of both files come together. */
export const prepareSubmission =
  (source: SourceProvider, ways: PhaseWays, request: SubmitChange): TaskEither<AppError, Submission> =>
  async () => {
    const { branch, target: pipeline } = request;
    // First, since the project may be named after the address: what is wrong with that is said in its own words.
    const resolved = await source.resolve(request)();
    if (E.isLeft(resolved)) return resolved;
    const scope = scopeOf(request);
    if (E.isLeft(scope)) return scope;
    const { source: commit, title } = resolved.right;
    const configured = await configuredAt(source, commit);
    if (E.isLeft(configured)) return configured;
    const { dispatch, project } = configured.right;
    const changeId = changeIdOf(scope.right, pipeline, branch);
    return E.map((plan: readonly PlannedPhase[]) => ({
      ...{ changeId, scope: scope.right, pipeline, branch, title, source: commit, plan },
    }))(E.mapLeft(noPlan)(planStage('verify', dispatch, project, ways)));
  };

interface PreparedMerge extends MergePlan {
  readonly source: Source;
  readonly dependencies: readonly Dependency[];
}

/** The patchset merged into its target as it is now, and what this very merge configures for every later stage. */
export const prepareMerge =
  (source: SourceProvider, ways: PhaseWays, patchset: Source): TaskEither<AppError, PreparedMerge> =>
  async () => {
    const merge = await source.merge(patchset)();
    if (E.isLeft(merge)) return merge;
    const configured = await configuredAt(source, merge.right);
    if (E.isLeft(configured)) return configured;
    const { dispatch, project } = configured.right;
    const { dependencies } = dispatch;
    return E.map((plan: MergePlan) => ({ source: merge.right, dependencies, ...plan }))(
      E.mapLeft(noPlan)(planMerge(dispatch, project, ways)),
    );
  };

interface Configured {
  readonly dispatch: DispatchConfig;
  readonly project: ProjectConfig;
}

/** Both files at that commit. Problems of both come together. */
const configuredAt = async (
  source: SourceProvider,
  commit: Source,
): Promise<E.Either<AppError, Configured>> => {
  const config = await source.readFile(commit, CONFIG)();
  if (E.isLeft(config)) return config;
  const project = await source.readFile(commit, PROJECT)();
  return E.isLeft(project) ? project : configuredBy(config.right, project.right);
};

/** In whose scope the change would lie; the project may be named after the address of its repository. */
export const scopeOf = (request: SubmitChange): E.Either<AppError, Scope> => {
  const scope: Scope = {
    enterprise: request.enterprise ?? 'default',
    organisation: request.organisation ?? 'default',
    project: request.project ?? projectOf(request.repository),
  };
  const problems = Object.entries(scope)
    .filter(([, name]) => !isScopeName(name))
    .map(([path, name]): Problem => ({
      path,
      expected: '1 to 64 letters, digits, dots, dashes or underscores, the first no dot and no dash',
      found: shown(name),
      mend: path === 'project' ? 'give the project a name of its own' : 'correct the name',
    }));
  return problems.length === 0
    ? E.right(scope)
    : E.left(invalid('scope_invalid', 'The names of the change', problems));
};

/** Last part of the repository's path, without `.git`: `git@host:group/web.git` is `web`. */
const projectOf = (repository: string): string =>
  repository
    .replace(/\/+$/, '')
    .replace(/(?:\/)?\.git$/, '')
    .replace(/^.*[/:]/s, '');

const configuredBy = (
  configText: string | undefined,
  projectText: string | undefined,
): E.Either<AppError, Configured> => {
  const config = configText === undefined ? E.left(noConfig) : parseDispatchConfig(configText);
  if (E.isLeft(config) && config.left.code === 'not_dispatched_here')
    return E.left(elsewhere(config.left, configText ?? ''));
  const project = projectText === undefined ? E.right(noProjectConfig) : parseProjectConfig(projectText);
  const problems = [
    ...(E.isLeft(config) ? inFile(CONFIG, placed(configText ?? '', config.left.problems)) : []),
    ...(E.isLeft(project) ? inFile(PROJECT, project.left) : []),
  ];
  return E.isRight(config) && E.isRight(project)
    ? E.right({ dispatch: config.right, project: project.right })
    : E.left(invalid('config_invalid', 'The configuration of the project', problems));
};

const noPlan = ({ reason, problems }: NoPlan): AppError =>
  invalid(
    reason,
    'The commands of the project',
    inFile(PROJECT, problems),
    reason === 'no_command'
      ? `${CORRECT} Where a build cookbook knows what to run, start the server with --delivery-job on.`
      : CORRECT,
  );

const noConfig: ConfigError = {
  code: 'invalid',
  reason: 'config_missing',
  problems: [
    {
      path: '',
      expected: 'the file',
      found: 'nothing',
      mend: 'add it, at least {"version": "2", "job_dispatch": {"version": "v2"}}',
    },
  ],
};

const inFile = (file: string, problems: readonly Placed[]): readonly Placed[] =>
  problems.map((problem) => ({ ...problem, path: problem.path === '' ? file : `${file}: ${problem.path}` }));

const CORRECT = 'Correct what is listed, commit, push and submit again.';

const invalid = (reason: string, what: string, problems: readonly Problem[], hint = CORRECT): AppError =>
  appError(
    'invalid',
    reason,
    `${what} cannot be used: ${problems.length === 1 ? 'one problem was' : `${problems.length} problems were`} found.`,
    { hint, problems },
  );

const elsewhere = (error: ConfigError, text: string): AppError => {
  const { sentence, hint } = pushJobsText(error);
  return appError('not_dispatched_here', error.reason, sentence, {
    hint,
    problems: inFile(CONFIG, placed(text, error.problems)),
  });
};
