/** What a job says in its annotations: where it may run, and how. What begins with `baton/` is Baton's; of Screwdriver's own those that it obeys. Pure. */
import * as E from 'fp-ts/lib/Either.js';
import * as t from 'io-ts';
import { checked, line, list, name, whole } from '../../../src/domain/checks.js';
import type { Problem, Promotion } from '../../contract.js';
import { suggest } from '../../../src/domain/problem.js';
import { problemsOf } from '../../../src/events/report.js';

type Row = NonNullable<Promotion['rows']>[number];

export interface JobWishes {
  readonly row: Row;
  readonly priority?: number;
  /** Name of a cache that its pipeline finds again. */
  readonly cache?: string;
  readonly timeoutMinutes?: number;
  /** How long the teardown of a build that is ended from outside may take. */
  readonly graceSeconds?: number;
  /** Builds of the same job do not wait for each other. */
  readonly atOnce: boolean;
  /** Older builds of the job that wait as well are collapsed into it; absent: as the options say. */
  readonly collapse?: boolean;
}

const values = t.union([line(200), list(line(200), 1, 100)]);
/** `{ platform_family: debian, os: [linux] }`: each key is one of those values. */
const simple = t.record(name, values);
const clause = t.exact(
  t.type({
    key: name,
    op: t.keyof({ in: null, all: null, none: null, version: null }),
    values: list(line(200), 1, 100),
  }),
);

/** Annotations are text or what YAML made of it: `90`, `"90"`. */
const minutes = checked(
  'a whole number of minutes from 1 to 43200',
  (value): value is number | string =>
    (typeof value === 'number' || typeof value === 'string') &&
    /^[1-9]\d{0,4}$/.test(String(value)) &&
    Number(value) <= 43_200,
);
const seconds = checked(
  'a whole number of seconds from 0 to 3600',
  (value): value is number | string =>
    (typeof value === 'number' || typeof value === 'string') &&
    /^\d{1,4}$/.test(String(value)) &&
    Number(value) <= 3600,
);
const yesOrNo = checked(
  'true or false',
  (value): value is boolean | 'true' | 'false' =>
    ['true', 'false'].includes(String(value)) && typeof value !== 'object',
);

const clauses = list(clause, 1, 50);
const OURS = {
  'baton/filter': t.union([clauses, simple]),
  'baton/label': line(100),
  'baton/priority': whole(-1000, 1000),
  'baton/cache': name,
};
const THEIRS = {
  'screwdriver.cd/timeout': minutes,
  'screwdriver.cd/terminationGracePeriodSeconds': seconds,
  'screwdriver.cd/blockedBySameJob': yesOrNo,
  'screwdriver.cd/collapseBuilds': yesOrNo,
};
const Annotations = t.partial({ ...OURS, ...THEIRS });
const ours = Object.keys(OURS);

const filterOf = (told: t.TypeOf<typeof clauses> | t.TypeOf<typeof simple>): Row['filter'] =>
  clauses.is(told)
    ? told
    : Object.entries(told).map(([key, value]) => ({
        ...{ key, op: 'in' as const },
        values: typeof value === 'string' ? [value] : value,
      }));

/** What the job wants, or everything that is wrong with how it says so. `beta.` before a name is older than the name, and counts as the name. */
export const wishesOf = (raw: Readonly<Record<string, unknown>>): E.Either<readonly Problem[], JobWishes> => {
  const told = Object.fromEntries(
    Object.entries(raw).map(([key, value]) => [key.replace(/^beta\./, ''), value]),
  );
  const strangers = Object.keys(told)
    .filter((key) => key.startsWith('baton/') && !ours.includes(key))
    .map((key) => ({
      path: key,
      expected: 'no annotation of this name',
      found: 'one',
      mend: suggest(key, ours),
    }));
  const decoded = Annotations.decode(told);
  const problems = [...strangers, ...(E.isLeft(decoded) ? problemsOf(decoded.left) : [])];
  if (E.isLeft(decoded) || problems.length > 0)
    return E.left(problems.map((problem) => ({ ...problem, path: `annotations.${problem.path}` })));
  const { right: wish } = decoded;
  const filter = wish['baton/filter'];
  const timeout = wish['screwdriver.cd/timeout'];
  const grace = wish['screwdriver.cd/terminationGracePeriodSeconds'];
  const priority = wish['baton/priority'];
  const cache = wish['baton/cache'];
  const collapse = wish['screwdriver.cd/collapseBuilds'];
  return E.right({
    row: { label: wish['baton/label'] ?? '', filter: filter === undefined ? [] : filterOf(filter) },
    ...(priority === undefined ? {} : { priority }),
    ...(cache === undefined ? {} : { cache }),
    ...(timeout === undefined ? {} : { timeoutMinutes: Number(timeout) }),
    ...(grace === undefined ? {} : { graceSeconds: Number(grace) }),
    ...(collapse === undefined ? {} : { collapse: String(collapse) === 'true' }),
    atOnce: String(wish['screwdriver.cd/blockedBySameJob'] ?? true) === 'false',
  });
};
