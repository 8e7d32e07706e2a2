/** What follows from the next piece of output: lines for the store, steps that begin and end, and the build's meta. Pure. */
import * as t from 'io-ts';
import type { LogBatch } from '../../contract.js';
import { Count, shape } from '../../../src/events/shapes.js';
import { META_SECTION, splitText } from './borders.js';
import { addLines, emptyLog, type Page } from './pages.js';

/** The step of Screwdriver's own under which stands what comes before the first step. */
export const LAUNCHER = 'sd-setup-launcher';
/** Characters of base64 that a build's meta may be. */
const MOST_META = 400_000;

export const Cursor = shape(
  'Cursor',
  {
    /** Which try of the job. */
    jobAttempt: Count,
    /** Bytes of its log that are known. */
    end: Count,
    rest: t.string,
    /** The step that lines belong to; META_SECTION while meta comes. */
    current: t.string,
    open: t.boolean,
    log: t.type({ count: Count, last: t.array(t.type({ t: t.number, m: t.string, n: Count })) }),
    metaText: t.string,
  },
  {
    /** Base64 of the whole. */
    meta: t.string,
    /** The first step that ended with another exit code than 0. */
    failed: t.string,
  },
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

/** `jobAttempt`: a try begins its log, and its steps, anew. */
export const beginning = (jobAttempt: number): Cursor => ({
  ...{ jobAttempt, end: 0, rest: '', current: LAUNCHER, open: true },
  ...{ log: { count: 0, last: [] }, metaText: '' },
});

/** The text of a batch that is not known yet; undefined when all of it is. */
const newText = (cursor: Cursor, { offset, bytes, text, final }: LogBatch): string | undefined => {
  const known = cursor.end - offset;
  if (known <= 0) return text;
  if (known > bytes.length || (known === bytes.length && !final)) return undefined;
  return new TextDecoder().decode(bytes.subarray(known));
};

/** Undefined: all of it is known. `now`: milliseconds since 1970, for the lines. */
export const follow = (
  word: string,
  before: Cursor | undefined,
  batch: LogBatch,
  now: number,
): { readonly cursor: Cursor; readonly effects: readonly Effect[] } | undefined => {
  if (before !== undefined && batch.jobAttempt < before.jobAttempt) return undefined;
  const start = before?.jobAttempt === batch.jobAttempt ? before : beginning(batch.jobAttempt);
  const text = newText(start, batch);
  if (text === undefined) return undefined;
  const { pieces, rest } = splitText(word, start.rest, text, batch.final);
  const effects: Effect[] = [];
  let { current, open, log, metaText, meta, failed } = start;
  let lines: string[] = [];
  const flush = (): void => {
    if (lines.length === 0) return;
    const added = addLines(current, log, lines, now);
    effects.push(...added.pages.map((page): Effect => ({ kind: 'page', page })));
    log = { count: added.end.count, last: [...added.end.last] };
    lines = [];
  };
  const over = (at: number, code: number): void => {
    flush();
    if (open) effects.push({ kind: 'end', step: current, at, code, lines: log.count });
    open = false;
  };
  for (const piece of pieces) {
    if (piece.kind === 'line') {
      if (current !== META_SECTION) lines.push(piece.text);
      else if (metaText.length <= MOST_META) metaText += piece.text.trim();
    } else if (piece.kind === 'begin') {
      // of a step without an end nothing is known but that there is a next one
      over(piece.at, 0);
      log = { count: 0, last: [...emptyLog.last] };
      current = piece.name;
      open = piece.name !== META_SECTION;
      if (open) effects.push({ kind: 'begin', step: current, at: piece.at });
    } else if (piece.name === META_SECTION) {
      if (metaText.length <= MOST_META) meta = metaText;
    } else if (piece.name === current) {
      const code = piece.code ?? 0;
      over(piece.at, code);
      if (code !== 0) failed ??= current;
    }
  }
  flush();
  return {
    cursor: {
      ...{ jobAttempt: start.jobAttempt, end: Math.max(start.end, batch.offset + batch.bytes.length) },
      ...{ rest, current, open, log, metaText },
      ...(meta === undefined ? {} : { meta }),
      ...(failed === undefined ? {} : { failed }),
    },
    effects,
  };
};

/** The meta that the build left, as an object; that from before when it left none that is one. */
export const metaOf = (before: string, left: string | undefined): Readonly<Record<string, unknown>> => {
  for (const text of [
    left === undefined ? undefined : Buffer.from(left, 'base64').toString('utf8'),
    before,
  ]) {
    try {
      const value: unknown = text === undefined ? undefined : JSON.parse(text);
      if (typeof value === 'object' && value !== null && !Array.isArray(value)) return { ...value };
    } catch {
      // not JSON: the next one counts
    }
  }
  return {};
};
