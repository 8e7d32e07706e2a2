/** Search over the whole log, which the server does: true counts, a list of the lines that match, and the way from one to the next. */
import { useInfiniteQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { announce } from '../parts/announce.js';
import { problemOf } from '../api/client.js';
import { searchLog, type LogSource, type Sought } from './source.js';
import type { LogMatch } from '../../app/ports.js';
import type { FoundInLog } from '../../app/use-cases.js';

const PAGE = 200;
/** The server's limit for one answer. */
const MOST = 1000;

export interface LogSearch {
  readonly sought: Sought;
  /** Absent: nothing is searched for, or the answer is not here yet. */
  readonly found: FoundInLog | undefined;
  readonly matches: readonly LogMatch[];
  readonly error: Error | null;
  readonly isBusy: boolean;
  readonly hasMore: boolean;
  readonly more: () => void;
  /** Searches again: a log that grows has other counts later. */
  readonly again: () => void;
  /** The line where the reader was brought. */
  readonly at: number | undefined;
  /** Brings the reader to the next line that matches after `line`, or before it; round the ends. */
  readonly step: (way: 'next' | 'previous', line: number) => void;
  readonly goTo: (line: number) => void;
  /** What an expression matches in a line, where that is known here; of a text it is seen in the line itself. */
  readonly matchIn: (line: number) => LogMatch | undefined;
}

/** `matches` are in the order of their lines. */
const matchAt = (matches: readonly LogMatch[], line: number): LogMatch | undefined => {
  let [low, high] = [0, matches.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((matches[middle]?.line ?? line) < line) low = middle + 1;
    else high = middle;
  }
  const match = matches[low];
  return match?.line === line ? match : undefined;
};

/** The last line before `line` that matches: the API searches forward only, so stretches before it are asked for, each longer than the one before. */
const lastBefore = async (
  source: LogSource,
  sought: Sought,
  line: number,
  signal: AbortSignal,
): Promise<number | undefined> => {
  for (let span = 2000; ; span *= 8) {
    const start = Math.max(1, line - span);
    let last: number | undefined;
    for (let from: number | undefined = start; from !== undefined && from < line;) {
      const { items, next }: FoundInLog = await searchLog(source, sought, from, MOST, signal);
      for (const item of items) if (item.line < line) last = item.line;
      from = next;
    }
    if (last !== undefined || start === 1) return last;
  }
};

const firstFrom = async (
  source: LogSource,
  sought: Sought,
  line: number,
  signal: AbortSignal,
): Promise<number | undefined> => (await searchLog(source, sought, line, 1, signal)).items[0]?.line;

/** `total`: lines of the log. */
export const useLogSearch = (
  source: LogSource,
  sought: Sought,
  total: number,
  jump: (line: number) => void,
): LogSearch => {
  const [at, setAt] = useState<number>();
  const [stepping, setStepping] = useState<AbortController>();
  const [stepError, setStepError] = useState<Error | null>(null);
  const answers = useInfiniteQuery({
    queryKey: ['log-search', source, sought],
    queryFn: ({ pageParam, signal }) => searchLog(source, sought, pageParam, PAGE, signal),
    initialPageParam: 1,
    getNextPageParam: ({ next }: FoundInLog) => next,
    enabled: sought.text !== '',
  });
  const pages = sought.text === '' ? [] : (answers.data?.pages ?? []);
  const matches = pages.flatMap(({ items }) => items);
  const isWhole = pages.at(-1)?.next === undefined;
  const until = isWhole ? Number.POSITIVE_INFINITY : (matches.at(-1)?.line ?? 0);

  const bring = (line: number): void => {
    setAt(line);
    jump(line);
  };
  const seek = async (
    way: 'next' | 'previous',
    line: number,
    signal: AbortSignal,
  ): Promise<number | undefined> => {
    if (way === 'next') {
      const near = matches.find((match) => match.line > line)?.line;
      return near ?? (isWhole ? undefined : await firstFrom(source, sought, line + 1, signal));
    }
    if (line <= until) return matches.findLast((match) => match.line < line)?.line;
    return lastBefore(source, sought, line, signal);
  };
  /** After the last comes the first, and the other way round. */
  const round = async (way: 'next' | 'previous', signal: AbortSignal): Promise<number | undefined> =>
    way === 'next'
      ? matches[0]?.line
      : isWhole
        ? matches.at(-1)?.line
        : lastBefore(source, sought, total + 1, signal);

  return {
    ...{ sought, matches, at },
    found: pages[0],
    error: answers.error ?? stepError,
    isBusy: answers.isFetching || stepping !== undefined,
    hasMore: answers.hasNextPage,
    more: () => void answers.fetchNextPage(),
    again: () => void answers.refetch(),
    goTo: bring,
    matchIn: (line) => (sought.isRegex ? matchAt(matches, line) : undefined),
    step: (way, line) => {
      if (sought.text === '' || matches.length === 0) return;
      stepping?.abort();
      const abort = new AbortController();
      setStepping(abort);
      setStepError(null);
      const end = (): void => setStepping((now) => (now === abort ? undefined : now));
      const go = async (): Promise<void> => {
        const there = await seek(way, line, abort.signal);
        const target = there ?? (await round(way, abort.signal));
        end();
        if (target === undefined) return;
        if (there === undefined)
          announce(
            way === 'next' ? 'On from the first line that matches.' : 'On from the last line that matches.',
          );
        bring(target);
      };
      go().catch((error: unknown) => {
        end();
        if (!abort.signal.aborted)
          setStepError(error instanceof Error ? error : new Error(problemOf(error).detail));
      });
    },
  };
};
