/**
 * What does a project's `.delivery/config.json` ask for: which phases are skipped, on which runners the others run, and
 * for how long? The original answered `invalid_config` and no more; here every problem is told, all at once.
 */
import * as E from 'fp-ts/lib/Either.js';
import {
  OutputForm,
  type Clause,
  type Filter,
  type Retry,
  type Row,
  type Workspace,
} from '../events/shapes.js';
import type { Dependency } from '../events/promotion.js';
import { dependencyOf } from './dependency.js';
import { aList, anObject, aString, knownMembers, spotOf, type Spot } from './json-check.js';
import { parseJson } from './json-text.js';
import type { Problem } from './problem.js';
import { suggest } from './problem.js';
import { isSecretName, SECRET_NAME } from './secret-ref.js';
import { isPhase, phases, type Phase } from './stage-plan.js';

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
  /** Absent: a job's own end is final. */
  readonly retry?: Retry;
  readonly workspace?: Workspace;
}

export interface DispatchConfig {
  readonly phases: Readonly<Record<Phase, PhaseConfig>>;
  /** Pipelines whose Union this project takes part in. */
  readonly dependencies: readonly Dependency[];
}

/** `not_dispatched_here`: the project asks for Push Jobs, so its phases are not for runners. */
export interface ConfigError {
  readonly code: 'invalid' | 'not_dispatched_here';
  /** Finer than `code`. */
  readonly reason: string;
  readonly problems: readonly Problem[];
}

/** Rows × filters end in events, which are limited to 1 MiB; the largest file seen in the wild has 3 KiB. */
export const MAX_CONFIG_CHARACTERS = 65_536;
/** A timer of 2^31 ms or more would fire at once. */
const MAX_TIMEOUT_SECONDS = 2_147_483;

const filterKeys = ['os', 'platform', 'platform_family', 'platform_version'] as const;
const withDefault = ['default', ...phases];
const MIGRATE =
  'add "job_dispatch": {"version": "v2"}, remove build_nodes, and write its queries as filters (os, platform, platform_family, platform_version)';

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
  const skipped = skippedPhases(root.at('skip_phases'));
  const filters = phaseFilters(root.at('job_dispatch').at('filters'));
  const timeouts = phaseTimeouts(root.at('phase_timeouts'));
  const { secrets, outputs } = ownSettings(root.at('baton'));
  for (const path of parsed.right.duplicates.filter(isOurs))
    problems.push({ path, expected: 'each key once', found: 'the key twice', mend: 'keep one of the two' });
  return problems.length > 0
    ? E.left(invalid(problems))
    : E.right({ phases: merge(skipped, filters, timeouts, secrets, outputs), dependencies });
};

const invalid = (problems: readonly Problem[], reason = 'config_invalid'): ConfigError => ({
  code: 'invalid',
  reason,
  problems,
});

const tooLong = (length: number): ConfigError =>
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

/** No `job_dispatch` at all means v1 (chef-web-docs, job_dispatch.rst): such a project is dispatched by Push Jobs. */
const pushJobs = (root: Spot): ConfigError | undefined => {
  const dispatch = root.at('job_dispatch');
  const problem = { path: 'job_dispatch', expected: '{"version": "v2"}', mend: MIGRATE };
  const refusal = (reason: string, found: string): ConfigError => ({
    code: 'not_dispatched_here',
    reason,
    problems: [{ ...problem, found }],
  });
  if (dispatch.value === undefined) return refusal('no_job_dispatch', 'nothing, which means Push Jobs (v1)');
  if (dispatch.at('version').value === 'v1') return refusal('job_dispatch_v1', '"v1", which means Push Jobs');
  return undefined;
};

const checkVersion = (root: Spot): void => {
  const version = root.at('version');
  if (version.value !== '1' && version.value !== '2') version.refuse('"2" (or "1")', 'write "version": "2"');
  const cookbook = root.at('build_cookbook');
  // The original requires it; Baton runs the commands of project.toml and can do without.
  if (cookbook.value === undefined) return;
  if (version.value === '1') aString(cookbook, 'a string, since version is "1"');
  else
    for (const key of Object.keys(anObject(cookbook, 'write {"name": …, "path": …}') ?? {}))
      aString(cookbook.at(key), 'a string', 'put it in double quotes');
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

const skippedPhases = (spot: Spot): ReadonlySet<string> => {
  const skipped = new Set<string>();
  if (spot.value === undefined) return skipped;
  for (const item of aList(spot, 'phase names') ?? []) {
    const name = aString(item, 'a phase name');
    if (name === undefined) continue;
    if (isPhase(name)) skipped.add(name);
    else item.refuse('a phase', suggest(name, phases));
  }
  return skipped;
};

const phaseTimeouts = (spot: Spot): ReadonlyMap<string, number> => {
  const timeouts = new Map<string, number>();
  if (spot.value === undefined) return timeouts;
  for (const [phase, { value, refuse }] of knownMembers(spot, withDefault, 'a phase or "default"')) {
    if (typeof value === 'number' && value > 0 && value <= MAX_TIMEOUT_SECONDS)
      timeouts.set(phase, Math.max(1, Math.round(value * 1000)));
    else
      refuse(`seconds, a number above 0 and at most ${MAX_TIMEOUT_SECONDS}`, 'remove the key for no limit');
  }
  return timeouts;
};

/** What is Baton's own stands under one key, so that no key of another tool can ever be meant. */
const ownSettings = (
  baton: Spot,
): {
  readonly secrets: ReadonlyMap<string, readonly string[]>;
  readonly outputs: ReadonlyMap<string, OutputForm>;
} => {
  const secrets = new Map<string, readonly string[]>();
  const outputs = new Map<string, OutputForm>();
  if (baton.value === undefined) return { secrets, outputs };
  const members = knownMembers(
    baton,
    ['secrets', 'output'],
    'a setting of Baton',
    'write {"secrets": {"default": ["NAME"]}} or {"output": {"default": "split"}}',
  );
  for (const [key, spot] of members)
    for (const [phase, entry] of knownMembers(spot, withDefault, 'a phase or "default"'))
      if (key === 'secrets') secrets.set(phase, secretNames(entry));
      else if (OutputForm.is(entry.value)) outputs.set(phase, entry.value);
      else entry.refuse('"merged" or "split"', 'remove the key for both outputs in one log');
  return { secrets, outputs };
};

const secretNames = (entry: Spot): readonly string[] => {
  const names = new Set<string>();
  for (const item of aList(entry, 'names of secrets', 'write ["NAME"]') ?? []) {
    const name = aString(item, 'the name of a secret', 'put it in double quotes');
    if (name === undefined) continue;
    if (!isSecretName(name))
      item.refuse(SECRET_NAME, 'write the last part of the secret, e.g. "DEPLOY_TOKEN"');
    else if (names.has(name)) item.refuse('each name once', 'leave one out');
    names.add(name);
  }
  return [...names];
};

const phaseFilters = (spot: Spot): ReadonlyMap<string, readonly Row[]> => {
  const filters = new Map<string, readonly Row[]>();
  if (spot.value === undefined) return filters;
  for (const [phase, entry] of knownMembers(spot, withDefault, 'a phase or "default"'))
    filters.set(phase, rowsOf(phase, entry));
  return filters;
};

const rowsOf = (phase: string, entry: Spot): readonly Row[] => {
  if (!Array.isArray(entry.value)) return [{ label: '', filter: filterOf(entry) }];
  if (phase === 'default') {
    entry.refuse('one filter, not a matrix', 'move the matrix to the phases that need it');
    return [];
  }
  const rows = aList(entry, 'filters') ?? [];
  if (rows.length === 0)
    entry.refuse('at least one row', 'add a row, or remove the key to use the default filter');
  return rows.map((row) => {
    const filter = filterOf(row);
    return { label: labelOf(filter), filter };
  });
};

const filterOf = (spot: Spot): Filter => {
  const clauses = new Map<string, Clause>();
  for (const [key, entry] of knownMembers(spot, filterKeys, 'a filter key', 'write {"os": ["linux"]}'))
    clauses.set(key, { key, op: 'in', values: valuesOf(entry) });
  // In a fixed order, so that equal filters have equal labels however they are written.
  return filterKeys.flatMap((key) => clauses.get(key) ?? []);
};

const valuesOf = (spot: Spot): readonly string[] => {
  const mend = typeof spot.value === 'string' ? `write [${JSON.stringify(spot.value)}]` : undefined;
  const items = aList(spot, 'strings', mend) ?? [];
  if (Array.isArray(spot.value) && items.length === 0)
    spot.refuse('at least one value: an empty list matches no runner', 'remove the key to allow any');
  return items.flatMap((item) => {
    const value = aString(item, 'a string', 'put it in double quotes');
    if (value === undefined) return [];
    if (/^[^\p{C}]{1,200}$/u.test(value)) return [value];
    item.refuse('1 to 200 characters without control characters');
    return [];
  });
};

/** How a person knows a row, e.g. `platform_family=rhel platform_version=6.9,7.4`. */
const labelOf = (filter: Filter): string =>
  filter.length === 0 ? 'any' : filter.map(({ key, values }) => `${key}=${values.join(',')}`).join(' ');

/** An entry of a phase replaces the default, it is not merged with it. */
const merge = (
  skipped: ReadonlySet<string>,
  filters: ReadonlyMap<string, readonly Row[]>,
  timeouts: ReadonlyMap<string, number>,
  secrets: ReadonlyMap<string, readonly string[]>,
  outputs: ReadonlyMap<string, OutputForm>,
): Record<Phase, PhaseConfig> => {
  const configOf = (phase: Phase): PhaseConfig => {
    const names = secrets.get(phase) ?? secrets.get('default') ?? [];
    const output = outputs.get(phase) ?? outputs.get('default');
    const timeoutMs = timeouts.get(phase) ?? timeouts.get('default');
    return {
      skipped: skipped.has(phase),
      rows: filters.get(phase) ?? filters.get('default') ?? [{ label: '', filter: [] }],
      ...(timeoutMs === undefined ? {} : { timeoutMs }),
      ...(names.length === 0 ? {} : { secrets: names }),
      ...(output === 'split' ? { output } : {}),
    };
  };
  return Object.fromEntries(phases.map((phase) => [phase, configOf(phase)])) as Record<Phase, PhaseConfig>;
};
