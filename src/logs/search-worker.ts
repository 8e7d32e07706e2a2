/** The thread in which expressions are compiled and run: one order at a time, answered by one message. */
import { parentPort } from 'node:worker_threads';
import * as E from 'fp-ts/lib/Either.js';
import type { SearchWanted, ExpressionProblem } from '../app/ports.js';
import { expressionOf } from './expression.js';
import { expressionSearch } from './search-expression.js';
import { searchLog, type Known, type Searched } from './search.js';

/** To compile an expression, and with `log` to search by it. */
export interface Order {
  readonly text: string;
  readonly caseSensitive: boolean;
  readonly log?: Pick<SearchWanted, 'from' | 'limit'> & {
    readonly file: string;
    /** How much of the file is looked at, in bytes. */
    readonly size: number;
    readonly known: Known | undefined;
  };
}

export interface Answer {
  readonly problem?: ExpressionProblem;
  readonly found?: Searched;
  /** What the file system said. */
  readonly failed?: string;
}

// who leaves ends the thread
const never = new AbortController().signal;

const answerTo = async ({ text, caseSensitive, log }: Order): Promise<Answer> => {
  const expression = expressionOf(text, caseSensitive);
  if (E.isLeft(expression)) return { problem: expression.left };
  if (log === undefined) return {};
  const { file, size, known, ...wanted } = log;
  const begin = (start: Parameters<typeof expressionSearch>[2]) =>
    expressionSearch(expression.right, wanted, start);
  const found = await searchLog(file, size, wanted, begin, known, never);
  return found === undefined ? {} : { found };
};

parentPort?.on('message', (order: Order) => {
  void answerTo(order)
    .catch((error: unknown): Answer => ({ failed: error instanceof Error ? error.message : String(error) }))
    .then((answer) => parentPort?.postMessage(answer));
});
