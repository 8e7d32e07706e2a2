/** What of the queue is wanted: it stands in the address, and says which of the two tables are there. */
import { wordOf } from './words.js';

/** As the API has them; `status` is one of its words. */
export const filterNames = ['q', 'project', 'stage', 'status', 'reason', 'runner'] as const;
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
export const noFilters: Readonly<Record<FilterName, undefined>> = {
  ...{ q: undefined, project: undefined, stage: undefined },
  ...{ status: undefined, reason: undefined, runner: undefined },
};

export interface Chip {
  readonly name: FilterName;
  readonly text: string;
}

const chipTexts: Readonly<Record<FilterName, (value: string) => string>> = {
  q: (value) => `has “${value}”`,
  project: (value) => `project ${value}`,
  stage: (value) => `stage ${value}`,
  status: wordOf,
  reason: wordOf,
  runner: (value) => `on ${value}`,
};

/** What is wanted, as a person reads it. */
export const chipsOf = (filters: Filters): readonly Chip[] =>
  filterNames.flatMap((name) => {
    const value = filters[name];
    return value === undefined ? [] : [{ name, text: chipTexts[name](value) }];
  });

const ACTIVE: ReadonlySet<string> = new Set(['active', 'assigned', 'running']);

/** The tables that can hold something with these filters: only what waits has a reason, and only what was assigned has a runner. */
export const tablesOf = ({
  status,
  reason,
  runner,
}: Filters): { readonly active: boolean; readonly waiting: boolean } => {
  const isActive = status === undefined || ACTIVE.has(status);
  const isWaiting = status === undefined || !isActive;
  return { active: isActive && reason === undefined, waiting: isWaiting && runner === undefined };
};
