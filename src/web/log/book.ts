/** A log that somebody looks at: its end first, then what is looked at, and what comes. */
import { useEffect, useState, useSyncExternalStore } from 'react';
import type { LogLines } from '../../app/use-cases.js';
import { followLog, type Following } from './follow.js';
import { groupsIn, type Group } from './groups.js';
import { CHUNK, createRows, type LogRow, type Rows } from './rows.js';
import { goOnFrom, type From } from './assemble.js';
import { readLines, type LogSource } from './source.js';

export interface LogState {
  /** Lines that there are now; absent before the first answer. */
  readonly total?: number;
  readonly size: number;
  readonly sealed: boolean;
  /** Absent while nothing is followed. */
  readonly following?: Following;
  /** Why lines could not be had; it is tried again. */
  readonly error?: unknown;
  /** Of the lines that are here. */
  readonly groups: readonly Group[];
  /** Grows with whatever is new. */
  readonly version: number;
}

export interface LogBook {
  readonly rows: Rows;
  readonly state: () => LogState;
  readonly subscribe: (listener: () => void) => () => void;
  /** Begins; the answer ends it. May be done again. */
  readonly start: () => () => void;
  /** These lines are looked at. `timed`: with the instants of those that have none yet. */
  readonly want: (from: number, to: number, timed: boolean) => void;
}

/** As a log grows it is drawn so often, and no more. */
const DRAW_MS = 80;
const AGAIN_MS = 2000;

const rowsOf = ({ items }: LogLines): readonly LogRow[] =>
  items.map(({ text = '', ...item }) => ({ ...item, text }));

export const createBook = (source: LogSource): LogBook => {
  const rows = createRows();
  const listeners = new Set<() => void>();
  let state: LogState = { size: 0, sealed: false, groups: [], version: 0 };
  let drawing: ReturnType<typeof setTimeout> | undefined;
  let again: ReturnType<typeof setTimeout> | undefined;
  let following: { readonly stop: () => void } | undefined;
  let abort = new AbortController();
  const asked = new Map<number, number>();

  const become = (change: Partial<LogState>): void => {
    state = { ...state, groups: groupsIn(rows.stretches()), ...change, version: state.version + 1 };
    for (const tell of listeners) tell();
  };
  /** Rows are there at once; who looks is told a little later, of many at a time. */
  const becomeSoon = (): void => {
    drawing ??= setTimeout(() => {
      drawing = undefined;
      become({});
    }, DRAW_MS);
  };

  const take = (answer: LogLines): void => {
    rows.put(rowsOf(answer));
    const { error: _error, ...rest } = state;
    state = rest;
    become({
      total: Math.max(answer.lines, state.total ?? 0),
      size: Math.max(answer.size, state.size),
      sealed: answer.sealed || state.sealed,
    });
  };
  const failed = (error: unknown, retry: () => void): void => {
    if (abort.signal.aborted) return;
    clearTimeout(again);
    again = setTimeout(retry, AGAIN_MS);
    become({ error });
  };

  const follow = (from: From): void => {
    following = followLog(source, from, {
      lines: (lines) => {
        rows.put(lines.map((line): LogRow => ({ ...line, untimed: true })));
        const last = lines.at(-1);
        if (last === undefined) return;
        const size = Math.max(state.size, last.offset + last.length);
        state = { ...state, total: Math.max(state.total ?? 0, last.line), size };
        becomeSoon();
      },
      state: (next) => {
        // what was lost stays lost since then
        if (next.kind === 'lost' && state.following?.kind === 'lost') return;
        become({
          following: next,
          ...(next.kind === 'over' ? { size: next.size, sealed: next.sealed } : {}),
        });
      },
    });
  };

  const begin = (): void => {
    const { signal } = abort;
    readLines(source, -CHUNK, CHUNK, signal).then(
      (answer) => {
        if (signal.aborted) return;
        const from = goOnFrom(answer);
        take(answer);
        if (!answer.sealed) follow(from);
      },
      (error: unknown) => failed(error, begin),
    );
  };

  const fetchIn = (chunk: number, from: number, to: number): void => {
    const { signal } = abort;
    asked.set(chunk, Number.POSITIVE_INFINITY);
    readLines(source, from, to - from + 1, signal).then(
      (answer) => {
        if (signal.aborted) return;
        if (answer.omitted === undefined) asked.set(chunk, performance.now());
        else asked.delete(chunk);
        take(answer);
      },
      (error: unknown) =>
        failed(error, () => {
          asked.delete(chunk);
          become({});
        }),
    );
  };

  const stop = (): void => {
    following?.stop();
    following = undefined;
    abort.abort();
    clearTimeout(again);
    asked.clear();
  };
  const go = (): void => {
    stop();
    abort = new AbortController();
    begin();
  };

  return {
    rows,
    state: () => state,
    subscribe: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    start: () => {
      // a page that nobody sees has no stream; when it is seen again it begins with the end as it then is
      const look = (): void => {
        if (document.hidden) stop();
        else if (!state.sealed) go();
      };
      document.addEventListener('visibilitychange', look);
      if (!document.hidden) go();
      return () => {
        document.removeEventListener('visibilitychange', look);
        clearTimeout(drawing);
        drawing = undefined;
        stop();
      };
    },
    want: (from, to, timed) => {
      const end = Math.min(to, state.total ?? 0);
      for (let chunk = Math.floor((from - 1) / CHUNK); chunk * CHUNK < end; chunk++) {
        const missing: number[] = [];
        for (let line = chunk * CHUNK + 1; line <= Math.min(end, (chunk + 1) * CHUNK); line++) {
          const row = rows.get(line);
          if (row === undefined || (timed && row.untimed === true && row.receivedAt === undefined))
            missing.push(line);
        }
        const [first] = missing;
        const last = missing.at(-1);
        // of what grows, the times are asked for once a second
        if (
          first === undefined ||
          last === undefined ||
          performance.now() - (asked.get(chunk) ?? -1000) < 1000
        )
          continue;
        fetchIn(chunk, first, last);
      }
    },
  };
};

/** The log of a source, read while the component is there. Another source needs another component: give it a `key`. */
export const useLogBook = (source: LogSource): { readonly book: LogBook; readonly state: LogState } => {
  const [book] = useState(() => createBook(source));
  useEffect(() => book.start(), [book]);
  return { book, state: useSyncExternalStore(book.subscribe, book.state) };
};
