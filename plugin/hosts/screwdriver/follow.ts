/** What follows from the next piece of a build's output: lines for the store, and steps that begin and end. Pure. */
import * as t from 'io-ts';
import type { LogBatch } from '../../contract.js';
import { Count, shape } from '../../../src/events/shapes.js';
import { addLines, emptyLog, type LogEnd, type Page } from './pages.js';
import { read, readingMembers } from './reading.js';

/** Of the log of a step, as `LogEnd` has it. */
export const LogEndShape = t.type({
  count: Count,
  last: t.readonlyArray(t.type({ t: t.number, m: t.string, n: Count })),
});

/** How far a build of one job is told. */
export const Cursor = shape(
  'Cursor',
  { ...readingMembers.required, log: LogEndShape },
  readingMembers.optional,
);
export type Cursor = t.TypeOf<typeof Cursor>;

export type Effect =
  | { readonly kind: 'page'; readonly page: Page }
  /** `at`: seconds since 1970. */
  | { readonly kind: 'begin'; readonly step: string; readonly at: number }
  | {
      readonly kind: 'end';
      readonly step: string;
      readonly at: number;
      readonly code: number;
      readonly lines: number;
    };

/** Undefined: all of it is known. `now`: milliseconds since 1970, for the lines. */
export const follow = (
  word: string,
  before: Cursor | undefined,
  batch: LogBatch,
  now: number,
): { readonly cursor: Cursor; readonly effects: readonly Effect[] } | undefined => {
  const next = read(word, before, batch);
  if (next === undefined) return undefined;
  const effects: Effect[] = [];
  let log: LogEnd = before === undefined || next.anew ? emptyLog : before.log;
  let lines: string[] = [];
  const flush = (step: string): void => {
    const added = addLines(step, log, lines, now);
    effects.push(...added.pages.map((page): Effect => ({ kind: 'page', page })));
    log = added.end;
    lines = [];
  };
  for (const [i, heard] of next.heard.entries()) {
    if (heard.kind === 'line') {
      lines.push(heard.text);
      if (next.heard[i + 1]?.kind !== 'line') flush(heard.step);
    } else if (heard.kind === 'begin') {
      log = emptyLog;
      effects.push(heard);
    } else effects.push({ ...heard, lines: log.count });
  }
  return { cursor: { ...next.reading, log }, effects };
};
