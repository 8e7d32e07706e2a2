/** Which runners may take a job, as an annotation says it: `{ os: linux, platform_family: [debian, rhel] }`, or a list of clauses. Pure. */
import * as t from 'io-ts';
import { line, list, name } from '../../../src/domain/checks.js';
import type { Promotion } from '../../contract.js';

export type Row = NonNullable<Promotion['rows']>[number];

/** A job has at most so many. */
export const MOST_CLAUSES = 50;

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
const clauses = list(clause, 1, MOST_CLAUSES);

export const FilterForm = t.union([clauses, simple]);

/** The clauses that it means; none when nothing is said: any runner. */
export const filterOf = (told: t.TypeOf<typeof FilterForm> | undefined): Row['filter'] => {
  if (told === undefined) return [];
  return clauses.is(told)
    ? told
    : Object.entries(told).map(([key, value]) => ({
        ...{ key, op: 'in' as const },
        values: typeof value === 'string' ? [value] : value,
      }));
};
