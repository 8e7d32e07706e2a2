/** The bytes of a log from one place to another, read in pieces, so a large log costs little memory. */
import * as E from 'fp-ts/lib/Either.js';
import type { LogChoice, UseCases } from '../app/use-cases.js';

const PIECE_BYTES = 262_144;

/** `to` is exclusive. Throws when the log turns out to be shorter. */
export async function* logPieces(
  useCases: UseCases,
  jobId: string,
  which: LogChoice,
  from: number,
  to: number,
  signal: AbortSignal,
): AsyncGenerator<Buffer, void, undefined> {
  let offset = from;
  while (offset < to && !signal.aborted) {
    const read = await useCases.readLog(jobId, offset, Math.min(PIECE_BYTES, to - offset), which)();
    // the length was promised: cutting the connection is the only honest answer now
    if (E.isLeft(read)) throw new Error(`log of ${jobId}: ${read.left.message}`);
    if (read.right.bytes.length === 0) throw new Error(`log of ${jobId} is shorter than it was`);
    offset += read.right.bytes.length;
    yield read.right.bytes;
  }
}
