/** Does this runner suit this job, and may the job run there? Answers clause by clause, so that the answer can be shown. */
import { createHash } from 'node:crypto';
import type { Attributes, Clause, Filter } from '../events/shapes.js';
import { inRange } from './version-range.js';

export interface Candidate {
  readonly name: string;
  readonly attributes: Attributes;
  readonly labels: readonly string[];
  /** Whose jobs it takes; none named, or absent: everybody's. */
  readonly enterprises?: readonly string[];
}

/** True when the runner takes jobs of this enterprise; those of `''` are of one that no runner names. */
export const admits = ({ enterprises = [] }: Pick<Candidate, 'enterprises'>, enterprise: string): boolean =>
  enterprises.length === 0 || (enterprise !== '' && enterprises.includes(enterprise));

const valuesOf = (candidate: Candidate, key: string): readonly string[] => {
  if (key === 'labels') return candidate.labels;
  if (key === 'runner') return [candidate.name];
  // A machine often has its short name, and is enrolled under its full one, or the other way round.
  if (key === 'hostname')
    return [...new Set([candidate.attributes.hostname ?? candidate.name, candidate.name])];
  const value = (candidate.attributes as Readonly<Record<string, unknown>>)[key];
  return typeof value === 'string' ? [value] : [];
};

/** Exact, case-sensitive equality, as the original; never a pattern. */
const holds = (clause: Clause, found: readonly string[]): boolean => {
  switch (clause.op) {
    case 'in':
      return clause.values.some((value) => found.includes(value));
    case 'all':
      return clause.values.every((value) => found.includes(value));
    case 'none':
      return !clause.values.some((value) => found.includes(value));
    case 'version':
      return found.some((version) => clause.values.some((range) => inRange(version, range)));
  }
};

/** Each clause with what the runner has. */
export const judge = (
  candidate: Candidate,
  filter: Filter,
): readonly { readonly clause: Clause; readonly holds: boolean; readonly found: string }[] =>
  filter.map((clause) => {
    const found = valuesOf(candidate, clause.key);
    return { clause, holds: holds(clause, found), found: found.join(', ') };
  });

/** True when every clause holds; an empty filter suits any runner. */
export const suits = (candidate: Candidate, filter: Filter): boolean =>
  filter.every((clause) => holds(clause, valuesOf(candidate, clause.key)));

/** The filter with clauses and values in one order, so that equal filters are equal text. */
export const canonical = (filter: Filter): Filter =>
  filter
    .map(({ key, op, values }) => ({ key, op, values: [...new Set(values)].sort() }))
    .sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : a.op < b.op ? -1 : 1));

/** What an enterprise asks of a runner, beside its jobs' filters. No filter of a job says it: it goes without saying. */
export const enterpriseClause = (enterprise: string): Clause => ({
  key: 'enterprise',
  op: 'in',
  values: [enterprise],
});

/** What several slots ask of a runner, beside the filter; as with an enterprise, no filter says it. */
export const slotsClause = (slots: number): Clause => ({
  key: 'slots',
  op: 'version',
  values: [`>=${slots}`],
});

/** What a job asks for beside its filter. */
export interface Demand {
  /** Whose it is, where runners are kept for enterprises; empty: of one that no runner names. */
  readonly enterprise: string;
  /** How many it takes on its runner. */
  readonly slots: number;
}

/** 16 hex digits of the SHA-256 of the canonical filter: names `filter_class-<hash>` streams. */
export const filterClassOf = (filter: Filter): string =>
  createHash('sha256')
    .update(JSON.stringify(canonical(filter)))
    .digest('hex')
    .slice(0, 16);

/** The class of jobs that may ask for more than their filter; of those that do not, that of the filter alone. */
export const classOf = (filter: Filter, { enterprise, slots }: Demand): string =>
  filterClassOf([
    ...filter,
    ...(enterprise === '' ? [] : [enterpriseClause(enterprise)]),
    // no filter can have this key, so none can be taken for it: these jobs must not stand in a line of one-slot jobs
    ...(slots === 1 ? [] : [{ ...slotsClause(slots), key: '/slots' }]),
  ]);

/** `platform is debian or ubuntu, labels include gpu`; `any runner` for the empty filter. */
export const describeFilter = (filter: Filter): string =>
  filter.length === 0 ? 'any runner' : filter.map(describeClause).join(', ');

const describeClause = ({ key, op, values }: Clause): string => {
  switch (op) {
    case 'in':
      return `${key} is ${values.join(' or ')}`;
    case 'all':
      return `${key} include ${values.join(' and ')}`;
    case 'none':
      return `${key} is not ${values.join(' nor ')}`;
    case 'version':
      return `${key} is ${values.join(' or ')}`;
  }
};
