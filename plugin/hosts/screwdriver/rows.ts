/**
 * What follows from the next piece of output of one row, where a build has several: one log for each step, with the row before each line, and
 * steps that begin with the first row and end with the last. Pure.
 */
import * as t from 'io-ts';
import type { LogBatch } from '../../contract.js';
import { Count, shape } from '../../../src/events/shapes.js';
import { META_SECTION } from './borders.js';
import { LogEndShape, type Effect } from './follow.js';
import { addLines, emptyLog, nextPage } from './pages.js';
import { endOf, type RowProgress } from './progress.js';
import { LAUNCHER, read, readingMembers, type Heard, type Read } from './reading.js';

const RowCursor = shape(
  'RowCursor',
  {
    ...readingMembers.required,
    label: t.string,
    over: t.boolean,
    ends: t.readonlyArray(t.type({ step: t.string, at: Count, code: Count })),
  },
  { ...readingMembers.optional, runner: t.string },
);
type RowCursor = t.TypeOf<typeof RowCursor>;

const StepCursor = t.type({ name: t.string, ended: t.boolean, log: LogEndShape }, 'StepCursor');
type StepCursor = t.TypeOf<typeof StepCursor>;

/** How far a build of several rows is told. */
export const RowsCursor = t.type(
  {
    /** Those of which something was heard. */
    rows: t.readonlyArray(RowCursor),
    /** Those that a row has begun. */
    steps: t.readonlyArray(StepCursor),
  },
  'RowsCursor',
);
export type RowsCursor = t.TypeOf<typeof RowsCursor>;

/** What is known of the build before. */
export interface Several {
  readonly word: string;
  /** Of its rows, in their order. */
  readonly labels: readonly string[];
  /** Names of its steps, in the order in which the script runs them. */
  readonly order: readonly string[];
}

export interface Followed {
  readonly cursor: RowsCursor;
  readonly effects: readonly Effect[];
}

const NEW_ROW: Pick<RowCursor, 'current' | 'open' | 'ends'> = { current: LAUNCHER, open: true, ends: [] };
const nothingYet: RowsCursor = { rows: [], steps: [{ name: LAUNCHER, ended: false, log: emptyLog }] };

const placeOf = ({ order }: Several, step: string): number =>
  step === LAUNCHER ? 0 : step === META_SECTION ? order.length + 1 : order.indexOf(step) + 1;

const rowIn = ({ rows }: RowsCursor, label: string): RowCursor | undefined =>
  rows.find((row) => row.label === label);

const progressOf = (build: Several, cursor: RowsCursor): readonly RowProgress[] =>
  build.labels.map((label) => {
    const row = rowIn(cursor, label);
    return row === undefined
      ? { place: 0, open: false, over: false, ends: [] }
      : { place: placeOf(build, row.current), open: row.open, over: row.over, ends: row.ends };
  });

/** Steps that have ended by now. */
const settled = (build: Several, cursor: RowsCursor, rows: readonly RowProgress[]): Followed => {
  const effects: Effect[] = [];
  const steps = cursor.steps.map((step): StepCursor => {
    const end = step.ended ? undefined : endOf(step.name, placeOf(build, step.name), rows);
    if (end === undefined) return step;
    effects.push({ kind: 'end', step: step.name, ...end, lines: step.log.count });
    return { ...step, ended: true };
  });
  return { cursor: { ...cursor, steps }, effects };
};

/** The lines of a step that no row comes back to are kept no longer; if one is run anew all the same, its lines begin another page. */
const lightened = (build: Several, cursor: RowsCursor): RowsCursor => {
  const rows = progressOf(build, cursor);
  return {
    ...cursor,
    steps: cursor.steps.map((step) => {
      const place = placeOf(build, step.name);
      const passed = rows.every((row) => row.over || row.place > place);
      return step.ended && passed ? { ...step, log: nextPage(step.log) } : step;
    }),
  };
};

/** A step begins, or ends, for that row. */
const heardBy = (
  build: Several,
  before: RowsCursor,
  row: RowCursor,
  heard: Exclude<Heard, { kind: 'line' }>,
): Followed => {
  const { step, at } = heard;
  const isBegin = heard.kind === 'begin';
  const changed = isBegin
    ? { ...row, current: step, open: true }
    : { ...row, open: false, ends: [...row.ends, { step, at, code: heard.code }] };
  const known = before.steps.find(({ name }) => name === step);
  const steps = !isBegin
    ? before.steps
    : known === undefined
      ? [...before.steps, { name: step, ended: false, log: emptyLog }]
      : // it had ended before only when this row is run anew
        before.steps.map((one) => (one === known ? { ...known, ended: false } : one));
  const cursor = { rows: before.rows.map((one) => (one === row ? changed : one)), steps };
  const after = settled(build, cursor, progressOf(build, cursor));
  return isBegin && known === undefined ? { ...after, effects: [...after.effects, heard] } : after;
};

/** Lines of a step for the store, as pages. */
const loggedBy = (
  before: RowsCursor,
  name: string,
  label: string,
  lines: readonly string[],
  now: number,
): Followed => {
  const effects: Effect[] = [];
  const steps = before.steps.map((step) => {
    if (step.name !== name) return step;
    const { pages, end } = addLines(name, step.log, lines, now, `[${label}] `);
    effects.push(...pages.map((page): Effect => ({ kind: 'page', page })));
    return { ...step, log: end };
  });
  return { cursor: { ...before, steps }, effects };
};

/** The row as it was before what was read: a new try begins like one of which nothing was heard. */
const rowBefore = (
  { label, runner: told }: LogBatch,
  { reading, anew }: Read,
  known: RowCursor | undefined,
): RowCursor => {
  const runner = told ?? known?.runner;
  const { current, open, ends } = known === undefined || anew ? NEW_ROW : known;
  return { ...reading, label, over: false, current, open, ends, ...(runner === undefined ? {} : { runner }) };
};

/** Undefined: all of it is known. `now`: milliseconds since 1970, for the lines. */
export const followRow = (
  build: Several,
  before: RowsCursor = nothingYet,
  batch: LogBatch,
  now: number,
): Followed | undefined => {
  const { label } = batch;
  const known = rowIn(before, label);
  const next = read(
    build.word,
    known,
    batch,
    (current, step) => placeOf(build, step) > placeOf(build, current),
  );
  if (next === undefined) return undefined;
  const first = rowBefore(batch, next, known);
  let cursor: RowsCursor = { ...before, rows: [...before.rows.filter((row) => row !== known), first] };
  const effects: Effect[] = [];
  const then = (after: Followed): void => {
    effects.push(...after.effects);
    ({ cursor } = after);
  };
  // stats.hostname could say it, too, but told in the moment of an abort that wipes out who aborted the build
  if (next.anew && first.runner !== undefined)
    then(loggedBy(cursor, LAUNCHER, label, [`runs on ${first.runner}`], now));
  let lines: string[] = [];
  for (const [i, heard] of next.heard.entries()) {
    if (heard.kind !== 'line') {
      const row = rowIn(cursor, label);
      if (row !== undefined) then(heardBy(build, cursor, row, heard));
      continue;
    }
    lines.push(heard.text);
    if (next.heard[i + 1]?.kind === 'line') continue;
    then(loggedBy(cursor, heard.step, label, lines, now));
    lines = [];
  }
  const { current, open, meta, metaText } = next.reading;
  const last = { current, open, over: batch.final, metaText: meta === undefined ? metaText : '' };
  const rows = cursor.rows.map((row) => (row.label === label ? { ...row, ...last } : row));
  cursor = { ...cursor, rows };
  then(settled(build, cursor, progressOf(build, cursor)));
  return { cursor: lightened(build, cursor), effects };
};

/** The build has ended: no row comes to a step any more. */
export const endRows = (build: Several, before: RowsCursor = nothingYet): Followed => {
  const rows = progressOf(build, before).map((row) => ({ ...row, over: true }));
  return settled(build, before, rows);
};
