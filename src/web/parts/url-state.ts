/** What is chosen on a page stands in its address, so that a link shows the same. */
import { useLocation, useSearch } from 'wouter';

export type Params = Readonly<Record<string, string | undefined>>;

/** The path with these parameters over those of `search`; undefined and empty ones are taken out. */
export const withParams = (path: string, search: string, change: Params): string => {
  const params = new URLSearchParams(search);
  for (const [name, value] of Object.entries(change)) {
    if (value === undefined || value === '') params.delete(name);
    else params.set(name, value);
  }
  const text = params.toString();
  return text === '' ? path : `${path}?${text}`;
};

/** Reads one parameter, and sets any of them. Setting replaces the entry in the history unless `push`. */
export const useUrlState = () => {
  const [path, navigate] = useLocation();
  const search = useSearch();
  const params = new URLSearchParams(search);
  return {
    get: (name: string): string | undefined => params.get(name) ?? undefined,
    set: (change: Params, { push = false }: { readonly push?: boolean } = {}): void =>
      // what the part behind # names is still there
      navigate(`${withParams(path, search, change)}${location.hash}`, { replace: !push }),
  };
};
