/** What does the next piece of a job's output say: lines of a step, a step that begins or ends, the meta that the job leaves? Pure. */
import * as t from 'io-ts';
import type { LogBatch } from '../../contract.js';
import { Count } from '../../../src/events/shapes.js';
import { META_SECTION, splitText } from './borders.js';

/** The step of Screwdriver's own under which stands what comes before the first step. */
export const LAUNCHER = 'sd-setup-launcher';
/** Characters of base64 that a build's meta may be. */
const MOST_META = 400_000;

/** How far the output of a job is known: members of what is kept of it. */
export const readingMembers = {
  required: {
    /** Which try of the job. */
    jobAttempt: Count,
    /** Bytes of its log that are known. */
    end: Count,
    rest: t.string,
    /** The step that lines belong to; META_SECTION while meta comes. */
    current: t.string,
    open: t.boolean,
    metaText: t.string,
  },
  optional: {
    /** Base64 of the whole. */
    meta: t.string,
    /** The first step that ended with another exit code than 0. */
    failed: t.string,
  },
};

export interface Reading {
  readonly jobAttempt: number;
  readonly end: number;
  readonly rest: string;
  readonly current: string;
  readonly open: boolean;
  readonly metaText: string;
  readonly meta?: string;
  readonly failed?: string;
}

/** `at`: seconds since 1970. */
export type Heard =
  | { readonly kind: 'line'; readonly step: string; readonly text: string }
  | { readonly kind: 'begin'; readonly step: string; readonly at: number }
  | { readonly kind: 'end'; readonly step: string; readonly at: number; readonly code: number };

/** `jobAttempt`: a try begins its log, and its steps, anew. */
const beginning = (jobAttempt: number): Reading => ({
  ...{ jobAttempt, end: 0, rest: '', current: LAUNCHER, open: true, metaText: '' },
});

/** The text of a batch that is not known yet; undefined when all of it is. */
const newText = (reading: Reading, { offset, bytes, text, final }: LogBatch): string | undefined => {
  const known = reading.end - offset;
  if (known <= 0) return text;
  if (known > bytes.length || (known === bytes.length && !final)) return undefined;
  return new TextDecoder().decode(bytes.subarray(known));
};

export interface Read {
  readonly reading: Reading;
  readonly heard: readonly Heard[];
  /** Another try of the job: what was heard of the one before is void. */
  readonly anew: boolean;
}

/** Undefined: all of it is known. `mayFollow`: what else calls itself the begin of a step is none. */
export const read = (
  word: string,
  before: Reading | undefined,
  batch: LogBatch,
  mayFollow: (current: string, step: string) => boolean = () => true,
): Read | undefined => {
  if (before !== undefined && batch.jobAttempt < before.jobAttempt) return undefined;
  const goesOn = before?.jobAttempt === batch.jobAttempt;
  const start = goesOn ? before : beginning(batch.jobAttempt);
  const text = newText(start, batch);
  if (text === undefined) return undefined;
  const { pieces, rest } = splitText(word, start.rest, text, batch.final);
  const heard: Heard[] = [];
  let { current, open, metaText, meta, failed } = start;
  const over = (at: number, code: number): void => {
    if (open) heard.push({ kind: 'end', step: current, at, code });
    open = false;
  };
  for (const piece of pieces) {
    if (piece.kind === 'line') {
      if (current !== META_SECTION) heard.push({ kind: 'line', step: current, text: piece.text });
      else if (metaText.length <= MOST_META) metaText += piece.text.trim();
    } else if (piece.kind === 'begin') {
      if (!mayFollow(current, piece.name)) continue;
      // of a step without an end nothing is known but that there is a next one
      over(piece.at, 0);
      current = piece.name;
      open = piece.name !== META_SECTION;
      if (open) heard.push({ kind: 'begin', step: current, at: piece.at });
    } else if (piece.name === META_SECTION) {
      if (metaText.length <= MOST_META) meta = metaText;
    } else if (piece.name === current) {
      const code = piece.code ?? 0;
      over(piece.at, code);
      if (code !== 0) failed ??= current;
    }
  }
  return {
    reading: {
      ...{ jobAttempt: start.jobAttempt, end: Math.max(start.end, batch.offset + batch.bytes.length) },
      ...{ rest, current, open, metaText },
      ...(meta === undefined ? {} : { meta }),
      ...(failed === undefined ? {} : { failed }),
    },
    heard,
    anew: !goesOn,
  };
};
