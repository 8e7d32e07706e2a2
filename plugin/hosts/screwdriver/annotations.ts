/** What a job says in its annotations: where it may run, and how. What begins with `baton/` is Baton's; of Screwdriver's own those that it obeys. Pure. */
import * as E from 'fp-ts/lib/Either.js';
import * as t from 'io-ts';
import { checked, line, name, whole } from '../../../src/domain/checks.js';
import { MOST_SLOTS } from '../../../src/domain/most-slots.js';
import type { Problem } from '../../contract.js';
import { suggest } from '../../../src/domain/problem.js';
import { problemsOf } from '../../../src/events/report.js';
import { FilterForm, filterOf, type Row } from './filters.js';
import { MatrixForm, rowsOf, strangeRows, unfitRows } from './matrix.js';

export interface JobWishes {
  /** One job each; at least one. */
  readonly rows: readonly Row[];
  readonly priority?: number;
  /** Of its runner, for each of its jobs. */
  readonly slots?: number;
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

const OURS = {
  'baton/filter': FilterForm,
  'baton/matrix': MatrixForm,
  'baton/label': line(100),
  'baton/priority': whole(-1000, 1000),
  'baton/slots': whole(1, MOST_SLOTS),
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

const MATRIX = 'baton/matrix';
const LABELLED_TWICE = {
  ...{ path: 'baton/label', expected: `nothing beside ${MATRIX}, whose rows have labels`, found: 'a label' },
  mend: 'leave it out',
};

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
  const matrix = MatrixForm.decode(told[MATRIX]);
  const filter = FilterForm.decode(told['baton/filter']);
  const everywhere = E.isRight(filter) ? filterOf(filter.right) : [];
  const problems = [
    ...strangers,
    ...(E.isLeft(decoded) ? problemsOf(decoded.left) : []),
    ...strangeRows(MATRIX, told[MATRIX]),
    ...(E.isRight(matrix) ? unfitRows(MATRIX, matrix.right, everywhere) : []),
    ...(told[MATRIX] === undefined || told['baton/label'] === undefined ? [] : [LABELLED_TWICE]),
  ];
  if (E.isLeft(decoded) || problems.length > 0)
    return E.left(problems.map((problem) => ({ ...problem, path: `annotations.${problem.path}` })));
  const { right: wish } = decoded;
  const timeout = wish['screwdriver.cd/timeout'];
  const grace = wish['screwdriver.cd/terminationGracePeriodSeconds'];
  const priority = wish['baton/priority'];
  const slots = wish['baton/slots'];
  const cache = wish['baton/cache'];
  const collapse = wish['screwdriver.cd/collapseBuilds'];
  return E.right({
    rows: E.isRight(matrix)
      ? rowsOf(matrix.right, everywhere)
      : [{ label: wish['baton/label'] ?? '', filter: everywhere }],
    ...(priority === undefined ? {} : { priority }),
    ...(slots === undefined ? {} : { slots }),
    ...(cache === undefined ? {} : { cache }),
    ...(timeout === undefined ? {} : { timeoutMinutes: Number(timeout) }),
    ...(grace === undefined ? {} : { graceSeconds: Number(grace) }),
    ...(collapse === undefined ? {} : { collapse: String(collapse) === 'true' }),
    atOnce: String(wish['screwdriver.cd/blockedBySameJob'] ?? true) === 'false',
  });
};
