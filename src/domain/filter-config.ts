/** On which runners do the jobs of a phase run? Reads filters and matrices as a project writes them, the original's and Baton's own. */
import type { Clause, Filter, Row } from '../events/shapes.js';
import { aList, aString, knownMembers, type Spot } from './json-check.js';
import { shown } from './problem.js';
import type { Phase } from './stage-plan.js';
import { isRange } from './version-range.js';

/** What one entry of `filters` says: one filter, or the rows of a matrix. */
export interface Entry {
  readonly spot: Spot;
  readonly matrix: boolean;
  readonly filters: readonly Filter[];
}

/** Phase or `default` → its entry. */
export type Entries = ReadonlyMap<string, Entry>;

/** Which keys a filter may have, and how the values of each are read. */
interface Dialect {
  readonly keys: readonly string[];
  readonly clauseOf: (key: string, spot: Spot) => Clause;
}

const originalKeys = ['os', 'platform', 'platform_family', 'platform_version'];
/** Also their order in a filter, so that equal filters have equal labels however they are written. */
const allKeys = [...originalKeys, 'architecture', 'hostname', 'labels'];

/** Each row is a job of its own; a file that asks for more at once is a mistake, or meant to hurt: the largest seen has 3. */
const MAX_ROWS = 256;
/** Values of one key that a label names: labels stand in lists and in the names of jobs. */
const VALUES_IN_LABEL = 8;

const hasSign = (value: string): boolean => /[<>=]/.test(value);

const valueAt = (spot: Spot): string | undefined => {
  const value = aString(spot, 'a string', 'put it in double quotes');
  if (value === undefined || /^[^\p{C}]{1,200}$/u.test(value)) return value;
  spot.refuse('1 to 200 characters without control characters');
  return undefined;
};

const spotsIn = (spot: Spot): readonly Spot[] => {
  const mend = typeof spot.value === 'string' ? `write [${JSON.stringify(spot.value)}]` : undefined;
  const items = aList(spot, 'strings', mend) ?? [];
  if (Array.isArray(spot.value) && items.length === 0)
    spot.refuse('at least one value: an empty list matches no runner', 'remove the key to allow any');
  return items;
};

const valuesAt = (spots: readonly Spot[]): readonly string[] => spots.flatMap((spot) => valueAt(spot) ?? []);

/** Four keys, lists of exact values. */
const original: Dialect = {
  keys: originalKeys,
  clauseOf: (key, spot) => {
    const spots = spotsIn(spot);
    const values = valuesAt(spots);
    // The original would compare the text, which no machine has for a version.
    for (const item of key === 'platform_version' ? spots : [])
      if (typeof item.value === 'string' && hasSign(item.value))
        item.refuse(
          'an exact version: nothing is compared here',
          `move it to baton.filters: {"platform_version": ${shown(item.value)}}`,
        );
    return { key, op: 'in', values };
  },
};

/** Also one value without a list, versions within a range, and what the original does not know of a runner. */
const own: Dialect = {
  keys: allKeys,
  clauseOf: (key, spot) => {
    const spots = typeof spot.value === 'string' ? [spot] : spotsIn(spot);
    const values = valuesAt(spots);
    if (key === 'labels') return { key, op: 'all', values };
    if (key !== 'platform_version' || !values.some(hasSign)) return { key, op: 'in', values };
    for (const item of spots)
      if (typeof item.value === 'string' && !isRange(item.value))
        item.refuse(
          'a version, or comparisons with >=, >, <=, < or = and blanks between them',
          'write e.g. ">=7.4 <9"',
        );
    return { key, op: 'version', values };
  },
};

const filterAt = (spot: Spot, { keys, clauseOf }: Dialect): Filter => {
  const clauses = new Map<string, Clause>();
  for (const [key, entry] of knownMembers(spot, keys, 'a filter key', 'write {"os": ["linux"]}'))
    clauses.set(key, clauseOf(key, entry));
  return allKeys.flatMap((key) => clauses.get(key) ?? []);
};

const entryAt = (phase: string, spot: Spot, dialect: Dialect): Entry => {
  if (!Array.isArray(spot.value)) return { spot, matrix: false, filters: [filterAt(spot, dialect)] };
  if (phase === 'default') {
    spot.refuse('one filter, not a matrix', 'move the matrix to the phases that need it');
    return { spot, matrix: true, filters: [] };
  }
  const rows = aList(spot, 'filters') ?? [];
  if (rows.length === 0)
    spot.refuse('at least one row', 'add a row, or remove the key to use the default filter');
  if (rows.length <= MAX_ROWS)
    return { spot, matrix: true, filters: rows.map((row) => filterAt(row, dialect)) };
  spot.refuse(`at most ${MAX_ROWS} rows, each of which is a job`, `leave out ${rows.length - MAX_ROWS} rows`);
  return { spot, matrix: true, filters: [] };
};

const entriesAt = (spot: Spot, known: readonly string[], what: string, dialect: Dialect): Entries => {
  const members = spot.value === undefined ? [] : knownMembers(spot, known, what);
  return new Map(members.map(([phase, entry]) => [phase, entryAt(phase, entry, dialect)]));
};

/** `job_dispatch.filters`. */
export const originalEntries = (spot: Spot, known: readonly string[], what: string): Entries =>
  entriesAt(spot, known, what, original);

/** `filters` below `baton`. */
export const ownEntries = (spot: Spot, known: readonly string[], what: string): Entries =>
  entriesAt(spot, known, what, own);

const described = ({ op, key, values }: Clause): string => {
  const named = values.slice(0, VALUES_IN_LABEL);
  const all = values.length > named.length ? [...named, '...'] : named;
  return op === 'version' ? `${key}(${all.join(', ')})` : `${key}=${all.join(',')}`;
};

/** How a person knows a row, e.g. `platform_family=rhel platform_version=6.9,7.4`. */
const labelOf = (filter: Filter): string => (filter.length === 0 ? 'any' : filter.map(described).join(' '));

/** Both at once. Two lists of one key become what they share: a key stands once per filter and way of comparing. */
const both = (one: Filter, other: Filter, onNothingShared: (key: string) => void): Filter => {
  const sameIn = (filter: Filter, { key, op }: Clause) => filter.find((c) => c.key === key && c.op === op);
  const shared = one.map((clause): Clause => {
    const second = sameIn(other, clause);
    if (second === undefined || clause.op !== 'in') return clause;
    const allowed = new Set(second.values);
    const values = clause.values.filter((value) => allowed.has(value));
    if (values.length === 0) onNothingShared(clause.key);
    return { ...clause, values };
  });
  const added = other.filter((clause) => sameIn(one, clause) === undefined);
  return allKeys.flatMap((key) => [...shared, ...added].filter((clause) => clause.key === key));
};

const entryFor = (entries: Entries, phase: Phase): Entry | undefined =>
  entries.get(phase) ?? entries.get('default');

const rowsOf = ({ matrix, filters }: Pick<Entry, 'matrix' | 'filters'>): readonly Row[] =>
  filters.map((filter) => ({ label: matrix ? labelOf(filter) : '', filter }));

const ANY: Pick<Entry, 'matrix' | 'filters'> = { matrix: false, filters: [[]] };

/** What a stage says of the phase, or undefined. It replaces what the file says elsewhere. */
export const rowsInStage = (entries: Entries, phase: Phase): readonly Row[] | undefined => {
  const entry = entryFor(entries, phase);
  return entry === undefined ? undefined : rowsOf(entry);
};

/** The rows of a phase: one of the two may be a matrix, the other one is added to each of its rows. */
export const rowsFor = (phase: Phase, dispatch: Entries, baton: Entries): readonly Row[] => {
  const given = entryFor(dispatch, phase) ?? ANY;
  const added = entryFor(baton, phase);
  if (added === undefined) return rowsOf(given);
  if (given.matrix && added.matrix) {
    added.spot.refuse(
      'no matrix here, since job_dispatch.filters has one for this phase',
      'write one filter, which is added to each of its rows, or move its rows to this matrix',
    );
    return [];
  }
  const clashes = new Set<string>();
  const filters = given.filters.flatMap((one) =>
    added.filters.map((other) => both(one, other, (key) => void clashes.add(key))),
  );
  for (const key of clashes)
    added.spot.refuse(
      `a ${key} that job_dispatch.filters allows for ${phase} too: both must hold`,
      'leave it to one of the two',
    );
  return rowsOf({ matrix: given.matrix || added.matrix, filters });
};
