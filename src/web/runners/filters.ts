/** Which runners are wanted: it stands in the address, and goes to the API as it is. */
import { wordOf } from '../parts/status.js';

export const filterNames = ['q', 'state', 'label'] as const;
export type FilterName = (typeof filterNames)[number];
export type Filters = Readonly<Partial<Record<FilterName | 'sort', string>>>;

export const stateNames = [
  ...['quarantined', 'unreachable', 'unfit', 'untested'],
  ...['paused', 'draining', 'removing', 'ready', 'retired'],
] as const;

/** Read one by one from the address; what is empty is not wanted. */
export const filtersFrom = (get: (name: string) => string | undefined): Filters =>
  Object.fromEntries(
    [...filterNames, 'sort' as const].flatMap((name) => {
      const value = get(name)?.trim();
      return value === undefined || value === '' ? [] : [[name, value]];
    }),
  );

/** Takes all filters out of an address; the order stays. */
export const noFilters: Readonly<Record<FilterName, undefined>> = {
  ...{ q: undefined, state: undefined, label: undefined },
};

export const isFiltered = (filters: Filters): boolean =>
  filterNames.some((name) => filters[name] !== undefined);

const texts: Readonly<Record<FilterName, (value: string) => string>> = {
  q: (value) => `has “${value}”`,
  state: wordOf,
  label: (value) => `label ${value}`,
};

/** What is wanted, as a person reads it. */
export const chipsOf = (filters: Filters): readonly { readonly name: FilterName; readonly text: string }[] =>
  filterNames.flatMap((name) => {
    const value = filters[name];
    return value === undefined ? [] : [{ name, text: texts[name](value) }];
  });
