/**
 * A table of any length, of which only what is seen is fetched and rendered: the rows come in windows, and rows that are not
 * rendered are two empty ones of the right height. Screen readers are told the full count and each row's place.
 */
import { keepPreviousData, useQueries, useQuery } from '@tanstack/react-query';
import { useWindowVirtualizer } from '@tanstack/react-virtual';
import { useCallback, useEffect, useState, type ReactNode } from 'react';

/** One window of the list, and how long the list is. */
export interface Rows<A> {
  readonly items: readonly A[];
  readonly total: number;
}

export interface Column<A> {
  readonly name: string;
  /** Read out, and not shown. */
  readonly hidden?: boolean;
  /** Of its cells, e.g. for their width. */
  readonly className?: string;
  readonly cell: (row: A) => ReactNode;
}

interface TableProps<A> {
  readonly label: string;
  readonly columns: readonly Column<A>[];
  readonly rowKey: (row: A) => string;
  readonly rowClass?: (row: A) => string | undefined;
  /** Above the table, or above what is there instead of it; told how long the list is. */
  readonly heading?: (total: number) => ReactNode;
  /** Instead of the table when nothing is in it. */
  readonly empty: ReactNode;
}

/** The windows that are in sight, from one to another, counted from 0. */
export interface Windows {
  readonly first: number;
  readonly last: number;
}
export const beginning: Windows = { first: 0, last: 0 };

export const WINDOW = 100;
const ROW_PX = 44;

interface RowsTableProps<A> extends TableProps<A> {
  readonly total: number;
  /** Undefined while it has not come. */
  readonly rowAt: (index: number) => A | undefined;
  /** Told when others come into sight. */
  readonly onSight: (windows: Windows) => void;
}

/** The rows of whoever fetches them. */
export const RowsTable = <A,>({
  label,
  total,
  rowAt,
  onSight,
  columns,
  rowKey,
  rowClass,
  heading,
  empty,
}: RowsTableProps<A>) => {
  const [top, setTop] = useState(0);
  const measureTop = useCallback((body: HTMLTableSectionElement | null) => {
    if (body === null) return undefined;
    const measure = () => setTop(Math.round(body.getBoundingClientRect().top + window.scrollY));
    measure();
    // what stands above it may grow and shrink, and with it the page
    const size = new ResizeObserver(measure);
    size.observe(document.documentElement);
    return () => size.disconnect();
  }, []);
  const virtual = useWindowVirtualizer({
    count: total,
    estimateSize: () => ROW_PX,
    overscan: 12,
    scrollMargin: top,
  });
  const shown = virtual.getVirtualItems();
  const first = Math.floor((shown[0]?.index ?? 0) / WINDOW);
  const last = Math.floor((shown.at(-1)?.index ?? 0) / WINDOW);
  useEffect(() => onSight({ first, last }), [first, last, onSight]);
  const head = heading?.(total);
  if (total === 0)
    return (
      <>
        {head}
        {empty}
      </>
    );

  const before = (shown[0]?.start ?? top) - top;
  const after = virtual.getTotalSize() - ((shown.at(-1)?.end ?? top) - top);
  const spacer = (height: number) =>
    height <= 0 ? null : (
      <tr className="spacer" aria-hidden="true">
        <td colSpan={columns.length} style={{ height }} />
      </tr>
    );
  return (
    <>
      {head}
      <table className="table cards" aria-label={label} aria-rowcount={total + 1}>
        <thead>
          <tr aria-rowindex={1}>
            {columns.map(({ name, hidden, className }) => (
              <th key={name} scope="col" className={className}>
                {hidden === true ? <span className="visually-hidden">{name}</span> : name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody ref={measureTop}>
          {spacer(before)}
          {shown.map(({ index }) => {
            const row = rowAt(index);
            return (
              <tr
                key={row === undefined ? index : rowKey(row)}
                ref={virtual.measureElement}
                data-index={index}
                aria-rowindex={index + 2}
                className={row === undefined ? undefined : rowClass?.(row)}
              >
                {row === undefined ? (
                  <td colSpan={columns.length} className="muted">
                    …
                  </td>
                ) : (
                  columns.map(({ name, hidden, className, cell }) => (
                    <td key={name} className={className} {...(hidden === true ? {} : { 'data-label': name })}>
                      {cell(row)}
                    </td>
                  ))
                )}
              </tr>
            );
          })}
          {spacer(after)}
        </tbody>
      </table>
    </>
  );
};

interface WindowTableProps<A> extends TableProps<A> {
  /** Names the list; with another key it begins anew. */
  readonly queryKey: readonly unknown[];
  /** What it changes with: see `api/live`. */
  readonly topics: readonly string[];
  readonly fetchWindow: (offset: number, limit: number, signal: AbortSignal) => Promise<Rows<A>>;
  /** Instead of the table when it cannot be had. */
  readonly failed: (error: Error) => ReactNode;
}

/** A table that fetches its rows itself. */
export const WindowTable = <A,>({ queryKey, topics, fetchWindow, failed, ...table }: WindowTableProps<A>) => {
  const [{ first, last }, setWindows] = useState(beginning);
  const windowQuery = (at: number) => ({
    queryKey: [...queryKey, 'window', at],
    queryFn: ({ signal }: { readonly signal: AbortSignal }) => fetchWindow(at * WINDOW, WINDOW, signal),
    placeholderData: keepPreviousData,
    meta: { topics },
  });
  // the first one tells how long the list is, wherever the reader has come to
  const { data: start, error } = useQuery(windowQuery(0));
  const answers = useQueries({
    queries: Array.from({ length: last - first + 1 }, (_, index) => windowQuery(first + index)),
  });
  if (start === undefined) return error === null ? <p className="muted">One moment…</p> : failed(error);
  const rowAt = (index: number): A | undefined => {
    const at = Math.floor(index / WINDOW);
    // until the first window of another list has come, the one before stays
    const rows = answers[at - first]?.data ?? (at === 0 ? start : undefined);
    return rows?.items[index % WINDOW];
  };
  return <RowsTable {...table} total={start.total} rowAt={rowAt} onSight={setWindows} />;
};
