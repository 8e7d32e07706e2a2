/** Lists that come newest first, page by page: the first page is kept true, and stands still once older ones are shown below it. */
import { useInfiniteQuery, useQueryClient, type InfiniteData } from '@tanstack/react-query';
import type { Page } from '../../app/pages.js';

interface PagesOf<A> {
  readonly queryKey: readonly unknown[];
  /** What it changes with: see `api/live`. */
  readonly topics: readonly string[];
  /** Undefined: the first page. */
  readonly fetchPage: (cursor: string | undefined, signal: AbortSignal) => Promise<Page<A>>;
}

type Pages<A> = InfiniteData<Page<A>, string | undefined>;

/** `items`: undefined until the first page has come. */
export const usePages = <A,>({ queryKey, topics, fetchPage }: PagesOf<A>) => {
  const queries = useQueryClient();
  // all pages would be read again, one after another, for each thing that happens
  const isDeep = (queries.getQueryData<Pages<A>>(queryKey)?.pages.length ?? 1) > 1;
  const { data, error, fetchNextPage, hasNextPage, isFetchingNextPage } = useInfiniteQuery({
    queryKey,
    queryFn: ({ signal, pageParam }: { signal: AbortSignal; pageParam: string | undefined }) =>
      fetchPage(pageParam, signal),
    initialPageParam: undefined,
    getNextPageParam: ({ next }: Page<A>) => next,
    meta: { topics: isDeep ? [] : topics },
  });
  const backToNewest = (): void => {
    queries.setQueryData<Pages<A>>(
      queryKey,
      (all) => all && { pages: all.pages.slice(0, 1), pageParams: all.pageParams.slice(0, 1) },
    );
    void queries.invalidateQueries({ queryKey, exact: true });
    window.scrollTo(0, 0);
  };
  return {
    items: data?.pages.flatMap((page) => page.items),
    error,
    more: { hasMore: hasNextPage, isFetching: isFetchingNextPage, isDeep: isDeep && topics.length > 0 },
    deeds: { older: () => void fetchNextPage(), newest: backToNewest },
  };
};

type MoreProps = Pick<ReturnType<typeof usePages>, 'more' | 'deeds'>;

/** Below the list: the way to what is older, and back. */
export const More = ({ more: { hasMore, isFetching, isDeep }, deeds: { older, newest } }: MoreProps) =>
  !hasMore && !isDeep ? null : (
    <div className="row more">
      {hasMore ? (
        <button type="button" className="button" disabled={isFetching} onClick={older}>
          {isFetching ? 'One moment…' : 'Show older ones'}
        </button>
      ) : null}
      {isDeep ? (
        <>
          <button type="button" className="button" onClick={newest}>
            Back to the newest
          </button>
          <span className="small muted">While older ones are shown, the list stands still.</span>
        </>
      ) : null}
    </div>
  );
