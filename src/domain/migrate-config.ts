/** A configuration for Push Jobs, written anew for runners: searches become filters as far as a filter can say them. */
import * as E from 'fp-ts/lib/Either.js';
import { MAX_CONFIG_CHARACTERS, parseDispatchConfig, tooLong } from './dispatch-config.js';
import { understandQuery, type Conditions } from './chef-query.js';
import { aList, anObject, aString, spotOf, type Spot } from './json-check.js';
import { parseJson, type Json } from './json-text.js';
import { laidOut, membersOf, objectOf, tokensOf, type Member } from './json-tokens.js';
import { hintsFor } from './nearest-miss.js';
import type { Problem } from './problem.js';
import { isPhase, isStage, phases, stagePlan, type Phase, type Stage } from './stage-plan.js';

export interface Remark {
  /** Key of `build_nodes`; empty for the file as a whole. */
  readonly about: string;
  /** A sentence. */
  readonly text: string;
}

export interface Migrated {
  readonly text: string;
  readonly remarks: readonly Remark[];
  /** False when a condition was left out: jobs may run on machines that the searches kept them from. */
  readonly complete: boolean;
}

/** What one key of `build_nodes` becomes; several queries were several jobs. */
interface Searched {
  readonly rows: readonly Conditions[];
  readonly remarks: readonly string[];
  readonly complete: boolean;
}

type Filters = Record<string, Json>;

const ORIGINAL = ['os', 'platform', 'platform_family', 'platform_version'];
const OWN = ['hostname', 'labels'];

const filterOf = (conditions: Conditions, keys: readonly string[]): Json =>
  Object.fromEntries(
    keys.flatMap((key): readonly (readonly [string, Json])[] => {
      const values = conditions.get(key);
      return values === undefined ? [] : [[key, values]];
    }),
  );

const isNone = (filter: Json): boolean =>
  filter !== null && typeof filter === 'object' && Object.keys(filter).length === 0;

/** Rows are a matrix from two on. Only Baton's own filters know names and labels; a matrix that needs them stands there as a whole. */
const filtersOf = (rows: readonly Conditions[]): { readonly dispatch: Json; readonly own: Json } => {
  const [only, ...more] = rows;
  if (only === undefined) return { dispatch: {}, own: {} };
  if (more.length === 0) return { dispatch: filterOf(only, ORIGINAL), own: filterOf(only, OWN) };
  return rows.some((row) => OWN.some((key) => row.has(key)))
    ? { dispatch: {}, own: rows.map((row) => filterOf(row, [...ORIGINAL, ...OWN])) }
    : { dispatch: rows.map((row) => filterOf(row, ORIGINAL)), own: {} };
};

const widened = (rows: readonly Conditions[]): string => {
  const anyRunner = rows.filter((row) => row.size === 0).length;
  if (anyRunner === 0) return 'what is left of it is the filter now: more machines suit than before';
  return rows.length === 1
    ? 'nothing is left of it: any runner suits until you write a filter'
    : `nothing is left of ${anyRunner} of its ${rows.length} queries: any runner suits for them`;
};

const noted = (row: Conditions): readonly string[] => [
  ...(row.get('labels') ?? []).map(
    (label) =>
      `tags:${label} asks for the label ${label} now: give it to each such runner (baton runner set NAME --label ${label})`,
  ),
  ...(row.get('hostname') ?? []).map(
    (name) => `${name} has to be enrolled under this name, or to call itself so (uname -n)`,
  ),
  ...[...row].flatMap(([key, values]) => hintsFor({ key, op: 'in', values }, [])),
];

const searchedBy = (queries: readonly string[]): Searched => {
  const read = queries.map((query) => {
    const understood = understandQuery(query);
    return E.isRight(understood)
      ? understood.right
      : {
          conditions: new Map<string, readonly string[]>(),
          leftOut: [`${query} is left out: ${understood.left}`],
        };
  });
  const rows = read.map(({ conditions }) => conditions);
  const leftOut = read.flatMap((one) => one.leftOut);
  const complete = leftOut.length === 0;
  return {
    rows,
    complete,
    remarks: [
      ...(rows.length === 0 ? ['it has no query: any runner suits'] : []),
      ...(complete ? [] : [...leftOut, widened(rows)]),
      ...new Set(rows.flatMap(noted)),
    ],
  };
};

/** A query as text, or with a description; one alone need not stand in a list. */
const queriesAt = (spot: Spot): readonly string[] => {
  if (typeof spot.value === 'string') return [spot.value];
  return (aList(spot, 'queries') ?? []).flatMap((item) => {
    const query = typeof item.value === 'string' ? item : item.at('query');
    return aString(query, 'a query, or {"query": …}', 'put it in double quotes') ?? [];
  });
};

const readBuildNodes = (spot: Spot): ReadonlyMap<string, Searched> => {
  const found = new Map<string, Searched>();
  if (spot.value === undefined) return found;
  for (const key of Object.keys(anObject(spot) ?? {})) found.set(key, searchedBy(queriesAt(spot.at(key))));
  return found;
};

/** A default that is a matrix is none in version 2: it is written out for the phases that it stands for. */
const spread = (
  searched: ReadonlyMap<string, Searched>,
  wanted: readonly string[],
): ReadonlyMap<string, readonly Conditions[]> => {
  const own = wanted.flatMap((key) => {
    const found = searched.get(key);
    return found === undefined ? [] : [[key, found.rows] as const];
  });
  const usual = searched.get('default')?.rows ?? [];
  if (usual.length <= 1) return new Map([['default', usual], ...own]);
  const named = new Set(own.map(([key]) => key));
  return new Map([...wanted.filter((key) => !named.has(key)).map((key) => [key, usual] as const), ...own]);
};

/** Each entry replaces `default`; where it asks for nothing, it has to say so once there is a default. */
const written = (
  entries: ReadonlyMap<string, readonly Conditions[]>,
): { readonly dispatch: Filters; readonly own: Filters } => {
  const made = [...entries].map(([key, rows]) => ({ key, ...filtersOf(rows) }));
  const pick = (of: 'dispatch' | 'own'): Filters => {
    const hasDefault = made.some((one) => one.key === 'default' && !isNone(one[of]));
    return Object.fromEntries(
      made
        .filter((one) => !isNone(one[of]) || (hasDefault && one.key !== 'default'))
        .map((one) => [one.key, one[of]]),
    );
  };
  return { dispatch: pick('dispatch'), own: pick('own') };
};

/** The original knew phases here only; what a stage was meant to have, Baton's own stages can say. */
const writtenForStage = (stage: Stage, rows: readonly Conditions[]): Filters => {
  const whole = rows.map((row) => filterOf(row, [...ORIGINAL, ...OWN]));
  const [only, ...more] = whole;
  return more.length === 0
    ? { default: only ?? {} }
    : Object.fromEntries(stagePlan[stage].flat().map((phase: Phase) => [phase, whole]));
};

const json = (value: Json): readonly string[] => tokensOf(JSON.stringify(value));
const member = (key: string, value: Json): Member => ({ key: JSON.stringify(key), value: json(value) });

interface New {
  readonly dispatch: Filters;
  readonly own: Filters;
  readonly stages: Record<string, Json>;
}

/** The file's own members in their order; `job_dispatch` takes the place of what it replaces. */
const rewritten = (text: string, { dispatch, own, stages: inStages }: New): string => {
  const before = membersOf(tokensOf(text));
  const has = (key: string): boolean => before.some((one) => one.key === JSON.stringify(key));
  const jobDispatch = member('job_dispatch', {
    version: 'v2',
    ...(isNone(dispatch) ? {} : { filters: dispatch }),
  });
  const added = [
    ...(isNone(own) ? [] : [member('filters', own)]),
    ...(isNone(inStages) ? [] : [member('stages', { ...inStages })]),
  ];
  const place = ['job_dispatch', 'build_nodes'].find(has);
  const baton: readonly Member[] =
    added.length === 0 || has('baton') ? [] : [{ key: '"baton"', value: objectOf(added) }];
  const members = before.flatMap((one): readonly Member[] => {
    const key: unknown = JSON.parse(one.key);
    if (key === place) return [jobDispatch, ...baton];
    if (key === 'build_nodes') return [];
    if (key === 'baton') return [{ ...one, value: objectOf([...membersOf(one.value), ...added]) }];
    return [one];
  });
  const result = laidOut(objectOf(place === undefined ? [...members, jobDispatch, ...baton] : members));
  return `${result}\n`.replaceAll('\n', text.includes('\r\n') ? '\r\n' : '\n');
};

const TWICE = {
  expected: 'each key once',
  found: 'the key twice',
  mend: 'keep one of the two, or the other is lost',
};

/** What keeps the file from being migrated at all. */
const obstacles = (root: Spot): void => {
  const dispatch = root.at('job_dispatch');
  const version = dispatch.at('version');
  if (version.value === 'v2')
    version.refuse(
      'a project of Push Jobs',
      root.at('build_nodes').value === undefined
        ? 'there is nothing to migrate'
        : 'it is migrated already: remove build_nodes, which has no effect',
    );
  else if (dispatch.value !== undefined && version.value !== 'v1')
    version.refuse('"v1", or no job_dispatch at all', 'write "version": "v1", or remove job_dispatch');
  if (version.value === 'v1' && dispatch.at('filters').value !== undefined)
    dispatch
      .at('filters')
      .refuse('no filters beside "version": "v1", which does not use them', 'remove one of the two');
};

/** Which filters the searches become, with what is to be told of each. */
const translated = (nodes: Spot): New & Pick<Migrated, 'remarks' | 'complete'> => {
  const searched = readBuildNodes(nodes);
  const known = [...searched].filter(([key]) => key === 'default' || isPhase(key) || isStage(key));
  const remarks = [...searched].flatMap(([key, found]): readonly Remark[] => {
    if (!known.some(([one]) => one === key))
      return [{ about: key, text: 'it is left out: it is neither a phase nor a stage nor "default"' }];
    const told = isStage(key)
      ? ['the original knew phases here and no stages: it becomes baton.stages', ...found.remarks]
      : found.remarks;
    return told.map((text) => ({ about: key, text }));
  });
  const none: readonly Remark[] =
    searched.size === 0 ? [{ about: '', text: 'no search was given: any runner suits every phase' }] : [];
  const inStages = known.flatMap(([key, { rows }]): readonly (readonly [string, Json])[] =>
    isStage(key) ? [[key, { filters: writtenForStage(key, rows) }]] : [],
  );
  return {
    ...written(spread(searched, phases)),
    stages: Object.fromEntries(inStages),
    remarks: [...none, ...remarks],
    complete: [...searched].every(([key, found]) => found.complete && known.some(([one]) => one === key)),
  };
};

/** The new text, laid out with two spaces, every word of what is passed through as it was; or all that has to be mended first. */
export const migrateConfig = (text: string): E.Either<readonly Problem[], Migrated> => {
  if (text.length > MAX_CONFIG_CHARACTERS) return E.left(tooLong(text.length).problems);
  const parsed = parseJson(text);
  if (E.isLeft(parsed)) return E.left([parsed.left]);
  const problems: Problem[] = [];
  const root = spotOf(parsed.right, problems);
  if (anObject(root) === undefined) return E.left(problems);
  for (const path of parsed.right.duplicates) problems.push({ path, ...TWICE });
  obstacles(root);
  const { remarks, complete, ...filters } = translated(root.at('build_nodes'));
  const baton = root.at('baton');
  for (const [key, isNeeded] of [
    ['filters', !isNone(filters.own)],
    ['stages', !isNone(filters.stages)],
  ] as const)
    if (isNeeded && baton.at(key).value !== undefined)
      baton
        .at(key)
        .refuse(`no baton.${key} beside build_nodes, which become the same`, 'remove one of the two');
  if (problems.length > 0) return E.left(problems);
  const result = rewritten(text, filters);
  const checked = parseDispatchConfig(result);
  return E.isLeft(checked)
    ? E.left(checked.left.problems.map(withoutLine))
    : E.right({ text: result, remarks, complete });
};

/** The line is one of the new text, which nobody has seen. */
const withoutLine = (problem: Problem): Problem => ({
  ...problem,
  found: problem.found.replace(/ \(line \d+\)$/, ''),
});
