/** Searches of logs by expression, with their bounds: what a store of logs is asked for, done in a thread beside. */
import * as E from 'fp-ts/lib/Either.js';
import type { ExpressionProblem, LogError, LogStore, SearchWanted } from '../app/ports.js';
import { logError } from './attempt-files.js';
import { TOO_LARGE } from './expression-problem.js';
import type { Beside, Ended } from './search-beside.js';
import type { Known, Searched } from './search.js';

/** An expression takes milliseconds to compile; one of a gigabyte that holds many matches, most of this. */
const MOST_CHECK_MS = 5_000;
const MOST_SEARCH_MS = 60_000;

export interface Expressions {
  readonly problem: LogStore['expressionProblem'];
  /** Of the first `size` bytes of the file. */
  readonly search: (
    file: string,
    size: number,
    wanted: SearchWanted,
    known: Known | undefined,
    signal: AbortSignal,
  ) => Promise<E.Either<LogError, Searched>>;
}

const tooLong = (ms: number): LogError =>
  logError('search_too_long', `The expression was not through with the log after ${ms / 1000} s.`);

const unusable = ({ found }: ExpressionProblem): LogError =>
  logError('expression', `The expression holds ${found}.`);

const refusalOf = (ended: Exclude<Ended, { kind: 'answer' }>, ms: number, file: string): LogError => {
  switch (ended.kind) {
    case 'aborted':
      return logError('aborted', `${file} was not searched to its end`);
    case 'too_long':
      return tooLong(ms);
    case 'memory':
      return unusable(TOO_LARGE);
    case 'failed':
      return logError('io', `${file} could not be searched`, ended.cause);
  }
};

export const expressionsBy = (run: Beside, mostSearchMs = MOST_SEARCH_MS): Expressions => ({
  problem: (text, caseSensitive) => async () => {
    const ended = await run({ text, caseSensitive }, MOST_CHECK_MS);
    if (ended.kind === 'answer') return E.right(ended.answer.problem);
    return ended.kind === 'failed'
      ? E.left(logError('io', 'no expression can be compiled', ended.cause))
      : E.right(TOO_LARGE);
  },
  search: async (file, size, { text, caseSensitive, from, limit }, known, signal) => {
    const log = { file, size, from, limit, known };
    const ended = await run({ text, caseSensitive, log }, mostSearchMs, signal);
    if (ended.kind !== 'answer') return E.left(refusalOf(ended, mostSearchMs, file));
    const { found, problem, failed } = ended.answer;
    if (problem !== undefined) return E.left(unusable(problem));
    return found === undefined
      ? E.left(logError('io', `${file} could not be searched`, failed))
      : E.right(found);
  },
});
