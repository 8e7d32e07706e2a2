/**
 * Regular expressions that come from outside, by an engine whose time grows with the text and never faster (RE2's, in JavaScript). It runs in a
 * thread of its own: see `search-beside.ts`. Pure.
 */
import * as E from 'fp-ts/lib/Either.js';
import { RE2JS, RE2JSException } from 're2js';
import type { ExpressionProblem } from '../app/ports.js';
import { TOO_LARGE, problemWith } from './expression-problem.js';

/** Steps of the compiled program; one of 10,000 takes 0.1 s to compile. */
const MOST_STEPS = 10_000;
/** The beginning or end of the whole text, and flags that are switched off, mean something else in one line than in several. */
const OF_ONE_LINE = /\\[Az]|\(\?[A-Za-z]*-/;

export interface Expression {
  /** False: none of these lines matches. True: look at each. */
  readonly mayMatch: (lines: string) => boolean;
  readonly isIn: (line: string) => boolean;
  /** From the left, each behind the one before: where a match begins, and before what it ends. An empty one at the end of the one before is none. */
  readonly eachIn: (line: string, found: (from: number, to: number) => void) => void;
}

const compile = (text: string, flags: number): E.Either<ExpressionProblem, RE2JS> => {
  try {
    const compiled = RE2JS.compile(text, flags);
    return compiled.programSize() > MOST_STEPS ? E.left(TOO_LARGE) : E.right(compiled);
  } catch (error) {
    if (error instanceof RE2JSException) return E.left(problemWith(text, error));
    throw error;
  }
};

/** `caseSensitive`: else letters are compared by Unicode's simple case folding. */
export const expressionOf = (
  text: string,
  caseSensitive: boolean,
): E.Either<ExpressionProblem, Expression> => {
  const flags = caseSensitive ? 0 : RE2JS.CASE_INSENSITIVE;
  const compiled = compile(text, flags);
  if (E.isLeft(compiled)) return compiled;
  const one = compiled.right;
  const many = OF_ONE_LINE.test(text) ? undefined : RE2JS.compile(text, flags | RE2JS.MULTILINE);
  return E.right({
    mayMatch: (lines) => many?.test(lines) ?? true,
    isIn: (line) => one.test(line),
    eachIn: (line, found) => {
      const matcher = one.matcher(line);
      for (let end = -1; matcher.find();) {
        const [from, to] = [matcher.start(), matcher.end()];
        if (from === to && from === end) continue;
        found(from, to);
        end = to;
      }
    },
  });
};
