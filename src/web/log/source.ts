/** Where a log is read: which job, which attempt, which of its outputs. */
import { apiPath, ask, queryOf, type Query } from '../api/client.js';
import type { FoundInLog, LogLines } from '../../app/use-cases.js';

export interface LogSource {
  readonly jobId: string;
  readonly attempt: number;
  /** Of a job whose outputs are kept apart, or that reports. */
  readonly output?: string;
}

const urlOf = ({ jobId, attempt, output }: LogSource, rest: readonly string[], query: Query): string =>
  `${apiPath('jobs', jobId, 'log', ...rest)}${queryOf({ attempt, output, ...query })}`;

/** The bytes, as they are stored. */
export const rawUrl = (source: LogSource): string => urlOf(source, [], {});

/** From a byte on. */
export const streamUrl = (source: LogSource, from: number): string => urlOf(source, ['stream'], { from });

/** Lines with their texts; a negative `from` counts from the end. */
export const readLines = (
  source: LogSource,
  from: number,
  count: number,
  signal: AbortSignal,
): Promise<LogLines> => ask(urlOf(source, ['lines'], { from, count, text: true }), { signal });

export interface Sought {
  readonly text: string;
  /** Capital letters count. */
  readonly isExact: boolean;
  /** The text is an expression. */
  readonly isRegex: boolean;
}

/** Lines that match, from a line on. */
export const searchLog = (
  source: LogSource,
  { text, isExact, isRegex }: Sought,
  from: number,
  limit: number,
  signal: AbortSignal,
): Promise<FoundInLog> =>
  ask(
    urlOf(source, ['search'], {
      ...{ q: text, from, limit },
      ...(isExact ? { case: true } : {}),
      ...(isRegex ? { regex: true } : {}),
    }),
    { signal },
  );
