/** `baton job log --lines` and `--timestamps`: parts of a stored log by the numbers of lines, and when each line came. */
import { Readable } from 'node:stream';
import { InvalidArgumentError } from 'commander';
import * as E from 'fp-ts/lib/Either.js';
import type { LogLine } from '../app/ports.js';
import type { LogLines } from '../app/use-cases.js';
import { logQueryOf } from './client.js';
import { note, say, write, type Io } from './io.js';
import { logSink, type LogSink } from './log-sink.js';
import { fail, jsonLine } from './print.js';
import type { Session } from './session.js';
import { plain } from './terminal.js';

export interface LineRange {
  /** From 1. */
  readonly from: number;
  /** Itself included; absent: to the end. */
  readonly to?: number;
}

export const lineRange = (value: string): LineRange => {
  const [, first, dash, last = ''] = /^([1-9]\d{0,14})(-)?([1-9]\d{0,14})?$/.exec(value) ?? [];
  const from = Number(first);
  if (first === undefined || (dash === undefined && last !== '') || (last !== '' && Number(last) < from))
    throw new InvalidArgumentError('Give a line such as 10, or lines such as 10-20 or 10-.');
  if (dash === undefined) return { from, to: from };
  return last === '' ? { from } : { from, to: Number(last) };
};

interface Options {
  readonly raw?: boolean;
  readonly attempt?: string;
  readonly output?: string;
  readonly lines?: LineRange;
  readonly timestamps?: boolean;
}

/** As many as the server gives at once. */
const PAGE = 10_000;

const NO_TIME = ' '.repeat('2026-01-31T12:00:00.000Z'.length);

/** `~`: it was written at some time before. */
const stamp = ({ receivedAt = NO_TIME, collectedLate }: LogLine): string =>
  `${collectedLate === true ? '~' : ' '}${plain(receivedAt)} `;

/** Line by line, each whole, so that a stamp never comes into the middle of what the filter keeps back. */
const stamped = async (
  io: Io,
  sink: LogSink,
  items: readonly LogLine[],
  pieces: AsyncIterable<Uint8Array>,
): Promise<void> => {
  let next = 0;
  let begins = true;
  for await (const piece of pieces) {
    for (let from = 0; from < piece.length;) {
      const item = items[next];
      if (begins && item !== undefined) await write(io.stdout, stamp(item));
      const feed = piece.indexOf(10, from);
      const to = feed === -1 ? piece.length : feed + 1;
      await sink.give(piece.subarray(from, to));
      begins = feed !== -1;
      if (begins) next++;
      from = to;
    }
  }
};

/** Bytes of the page's lines with their line feeds. */
const partOf = ({ items, size }: LogLines): { readonly from: number; readonly to: number } | undefined => {
  const [first, last] = [items[0], items.at(-1)];
  return first === undefined || last === undefined
    ? undefined
    : { from: first.offset, to: Math.min(size, last.offset + last.length + 1) };
};

const beyond = ({ lines, sealed }: LogLines): string =>
  `The log has ${lines === 0 ? 'no lines' : lines === 1 ? 'one line' : `${lines} lines`}${sealed ? '' : ' so far'}.`;

export const linesStored = async (io: Io, session: Session, id: string, options: Options): Promise<void> => {
  const { from: first, to = Infinity } = options.lines ?? { from: 1 };
  const sink = logSink(io, options.raw === true);
  let which = logQueryOf(options);
  for (let from = first; from <= to;) {
    const count = String(Math.min(PAGE, to - from + 1));
    const page = await session.client.logLines(id, {
      ...{ from: String(from), count },
      ...which,
    });
    if (E.isLeft(page)) {
      fail(io, session.asJson, page.left);
      return;
    }
    const { items } = page.right;
    const part = partOf(page.right);
    if (part === undefined) {
      if (from === first && first > 1) note(io, beyond(page.right));
      break;
    }
    // all pages are of the attempt that the first is of
    if (page.right.attempt !== undefined) which = { ...which, attempt: String(page.right.attempt) };
    if (session.asJson) for (const item of items) say(io, jsonLine(item));
    else {
      const response = await session.client.log(id, which, part);
      if (E.isLeft(response)) {
        fail(io, session.asJson, response.left);
        return;
      }
      const pieces = (
        response.right.body === null ? Readable.from([]) : Readable.fromWeb(response.right.body)
      ) as AsyncIterable<Uint8Array>;
      if (options.timestamps === true) await stamped(io, sink, items, pieces);
      else for await (const piece of pieces) await sink.give(piece);
    }
    from += items.length;
  }
  await sink.end();
};
