/** Which attempts are wanted, and how they are shown: it stands in the address, and becomes the query. */
import type { HistoryRow } from '../../../projections/history-row.js';
import type { SummaryKey } from '../../../projections/history-summary.js';
import type { Params } from '../parts/params.js';

/** As the API has them. */
export const filterNames = [
  ...(['project', 'runner', 'outcome', 'actor', 'since', 'until'] as const),
  ...(['enterprise', 'organisation', 'pipeline', 'stage', 'phase', 'change', 'job'] as const),
] as const;
export type FilterName = (typeof filterNames)[number];
export type Filters = Readonly<Partial<Record<FilterName, string>>>;

/** Read one by one from the address; what is empty is not wanted. */
export const filtersFrom = (get: (name: string) => string | undefined): Filters =>
  Object.fromEntries(
    filterNames.flatMap((name) => {
      const value = get(name)?.trim();
      return value === undefined || value === '' ? [] : [[name, value]];
    }),
  );

/** Sets all filters to nothing, for an address. */
export const noFilters: Params = Object.fromEntries(filterNames.map((name) => [name, undefined]));

/** Filters that come by links and have no field of their own. */
const linked = ['enterprise', 'organisation', 'pipeline', 'stage', 'phase', 'change', 'job'] as const;

/** Those of them that hold, as a person reads them. */
export const chipsOf = (filters: Filters): readonly { readonly name: FilterName; readonly text: string }[] =>
  linked.flatMap((name) => {
    const value = filters[name];
    if (value === undefined) return [];
    return [{ name, text: `${name} ${name === 'change' || name === 'job' ? value.slice(0, 8) : value}` }];
  });

/** How an attempt can have ended; it goes on while it is `running`. */
export const outcomeNames = [
  ...['succeeded', 'failed', 'cancelled', 'timed_out', 'lost'],
  ...['expired', 'undeliverable', 'requeued', 'running'],
] as const;

/** What can be counted by. */
export const summaryNames = [
  ...(['runner', 'outcome', 'project', 'change', 'phase'] as const satisfies readonly SummaryKey[]),
];

/** By what it is counted; undefined: the attempts themselves are shown. */
export const countedBy = (by: string | undefined): string | undefined =>
  summaryNames.find((name) => name === by);

/** The filters that leave the attempts of one line of a summary; undefined for those that have no such thing. */
export const filtersOf = (by: string, key: string): Params | undefined => {
  if (key === '') return undefined;
  if (by !== 'project') return { [by]: key };
  const [enterprise, organisation, project] = key.split('/');
  return { enterprise, organisation, project };
};

/** The moment at which a row is looked at again, and the word for it. */
export const momentOf = ({ startedAt, endedAt, assignedAt, queuedAt }: HistoryRow) =>
  startedAt !== undefined
    ? { at: startedAt, word: 'started' }
    : endedAt !== undefined
      ? { at: endedAt, word: 'ended' }
      : assignedAt !== undefined
        ? { at: assignedAt, word: 'was assigned' }
        : { at: queuedAt, word: 'was queued' };
