/** What is chosen on a page stands in its address, so that a link shows the same. */
import { useLocation, useSearch } from 'wouter';
import { withParams, type Params } from './params.js';

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
