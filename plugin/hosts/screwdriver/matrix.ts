/** `baton/matrix`: the rows of a build. Its steps run once for each, each row a job of its own. Pure. */
import type * as t from 'io-ts';
import { known, list, name } from '../../../src/domain/checks.js';
import { suggest } from '../../../src/domain/problem.js';
import type { Problem } from '../../contract.js';
import { FilterForm, filterOf, MOST_CLAUSES, type Row } from './filters.js';

const MOST_ROWS = 50;

/** Before a line that is told to Screwdriver stands the label, so it is one word. */
const rowForm = known({ label: name }, { filter: FilterForm });
const members = ['label', 'filter'];

export const MatrixForm = list(rowForm, 1, MOST_ROWS);
type Matrix = t.TypeOf<typeof MatrixForm>;

/** Of these a runner has one value at most; of its labels and names it may have several. */
const ONE_VALUE = ['os', 'platform', 'platform_family', 'platform_version', 'architecture', 'runner'];

/** What is wrong with members and labels, whatever else is: `raw` is what stands in the annotation. */
export const strangeRows = (path: string, raw: unknown): readonly Problem[] => {
  if (!Array.isArray(raw)) return [];
  const rows: readonly unknown[] = raw;
  const first = new Map<unknown, number>();
  return rows.flatMap((row, i): readonly Problem[] => {
    if (typeof row !== 'object' || row === null) return [];
    const strangers = Object.keys(row).filter((key) => !members.includes(key));
    const label = 'label' in row && typeof row.label === 'string' ? row.label : undefined;
    const before = label === undefined ? undefined : first.get(label);
    if (label !== undefined && before === undefined) first.set(label, i);
    return [
      ...strangers.map((key) => ({
        ...{ path: `${path}[${i}].${key}`, expected: 'no member of this name', found: 'one' },
        mend: suggest(key, members),
      })),
      ...(before === undefined
        ? []
        : [
            {
              ...{ path: `${path}[${i}].label`, expected: 'a label of its own' },
              found: `that of ${path}[${before}], ${JSON.stringify(label)}`,
            },
          ]),
    ];
  });
};

/** No runner can have both: one of the values here, and one of those there. */
const clashes = (one: Row['filter'], other: Row['filter']): readonly string[] =>
  one.flatMap(({ key, op, values }) =>
    op === 'in' &&
    ONE_VALUE.includes(key) &&
    other.some(
      (clause) =>
        clause.key === key && clause.op === op && !clause.values.some((value) => values.includes(value)),
    )
      ? [key]
      : [],
  );

/** Each row takes what suits the whole build and itself. */
export const rowsOf = (matrix: Matrix, everywhere: Row['filter']): readonly Row[] =>
  matrix.map(({ label, filter }) => ({ label, filter: [...everywhere, ...filterOf(filter)] }));

/** What keeps a row and `baton/filter` from holding both. */
export const unfitRows = (path: string, matrix: Matrix, everywhere: Row['filter']): readonly Problem[] =>
  matrix.flatMap(({ filter }, i): readonly Problem[] => {
    const own = filterOf(filter);
    const count = own.length + everywhere.length;
    return [
      ...clashes(own, everywhere).map((key) => ({
        ...{
          path: `${path}[${i}].filter`,
          expected: `a ${key} that baton/filter allows, too: both must hold`,
        },
        ...{ found: 'none', mend: 'leave it to one of the two' },
      })),
      ...(count > MOST_CLAUSES
        ? [
            {
              ...{ path: `${path}[${i}].filter`, found: `${count}` },
              expected: `at most ${MOST_CLAUSES} clauses, with those of baton/filter`,
            },
          ]
        : []),
    ];
  });
