/**
 * A text that is told whole each time that it has grown, and of which only what is new is written. Where it no longer begins as before,
 * since who tells it has begun anew, what was written stays: a line says so, and the new text follows.
 */
import { createHash } from 'node:crypto';
import * as E from 'fp-ts/lib/Either.js';
import type { LogError, LogWriter } from './ports.js';

/** Of the text as it was told last. */
interface Known {
  readonly length: number;
  readonly digest: string;
  readonly endsLine: boolean;
}

export interface Told {
  readonly writer: LogWriter;
  /** Where the text begins, in what was given to the writer and in what is stored; absent: not certain. */
  base: { readonly source: number; readonly stored?: number };
  /** Absent: what is stored was written before this writer was opened. */
  known?: Known;
}

/** For a writer that was just opened. */
export const told = (writer: LogWriter): Told => ({ writer, base: { source: 0, stored: 0 } });

const LINE_FEED = 10;

const digestOf = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

const knownOf = (text: Buffer): Known => ({
  length: text.length,
  digest: digestOf(text),
  endsLine: text.length === 0 || text[text.length - 1] === LINE_FEED,
});

/** How much of the text is written; undefined when what is written is no beginning of it. */
const writtenOf = async (
  { writer, base, known }: Told,
  text: Buffer,
): Promise<E.Either<LogError, number | undefined>> => {
  const { source, stored } = writer.offsets();
  if (stored === 0 && known === undefined) return E.right(0);
  if (
    known !== undefined &&
    text.length >= known.length &&
    digestOf(text.subarray(0, known.length)) === known.digest
  )
    return E.right(known.length);
  // shorter than before, or nobody remembers: what is stored tells
  if (base.stored === undefined) return E.right(undefined);
  const isAlike = await writer.goesOn(text, base.stored)();
  return E.map((alike: boolean) => (alike ? (known?.length ?? source - base.source) : undefined))(isAlike);
};

const anew = async (to: Told): Promise<E.Either<LogError, void>> => {
  const { writer, base, known } = to;
  const at = known === undefined ? writer.offsets().source : base.source + known.length;
  const line = Buffer.from(
    `${known?.endsLine === true ? '' : '\n'}[baton: from here on it was told anew, from its beginning]\n`,
  );
  const written = await writer.write(at, line)();
  if (E.isLeft(written)) return written;
  const { source, stored } = writer.offsets();
  const begin = at + line.length;
  // where something is kept back, since it may be the beginning of a secret, the place in the store is not known yet
  to.base = { source: begin, ...(source === begin ? { stored } : {}) };
  to.known = knownOf(Buffer.alloc(0));
  return written;
};

/** Writes what is new of the text. Nothing has changed when it fails. */
export const tell = async (to: Told, text: Buffer): Promise<E.Either<LogError, void>> => {
  // a last report without a log takes nothing back
  if (text.length === 0) return E.right(undefined);
  const found = await writtenOf(to, text);
  if (E.isLeft(found)) return found;
  if (found.right === undefined) {
    const begun = await anew(to);
    if (E.isLeft(begun)) return begun;
  }
  const from = found.right ?? 0;
  // a report that was overtaken by a longer one
  if (from > text.length) return E.right(undefined);
  const written = await to.writer.write(to.base.source + from, text.subarray(from))();
  if (E.isRight(written)) to.known = knownOf(text);
  return written;
};
