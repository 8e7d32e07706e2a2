/** The end of a job's log, for answers that hold it as text: bounded, so that telling of a log again costs the same however long it is. */
import { pipe } from 'fp-ts/lib/function.js';
import * as E from 'fp-ts/lib/Either.js';
import * as TE from 'fp-ts/lib/TaskEither.js';
import type { AppError } from '../../app/errors.js';
import type { UseCases } from '../../app/use-cases.js';
import type { JobView } from '../../../projections/jobs.js';
import { logParts, type OutputPart } from './log-parts.js';

/** Most logs of phases are shorter, and then whole. */
export const TAIL_BYTES = 65_536;

/** From the first byte that begins a character: what comes before belongs to one that was cut through (RFC 3629 §3). */
const fromCharacter = (bytes: Buffer): Buffer => {
  let at = 0;
  while (at < Math.min(3, bytes.length) && ((bytes[at] ?? 0) & 0xc0) === 0x80) at += 1;
  return bytes.subarray(at);
};

/** At most so many bytes of an output, and what is left out. */
const tail = (
  use: UseCases,
  { id, output }: JobView,
  { which, href }: OutputPart,
  mostBytes: number,
): TE.TaskEither<AppError, string> => {
  if (output === 'split' && which.output === undefined)
    return TE.right(`[The outputs of this job are kept apart: ${href}]\n`);
  return async () => {
    const look = await use.readLog(id, 0, 1, which)();
    if (E.isLeft(look)) return look;
    const from = Math.max(0, look.right.size - mostBytes);
    const read = await use.readLog(id, from, mostBytes, which)();
    if (E.isLeft(read)) return read;
    const { bytes } = read.right;
    return E.right(
      from === 0
        ? bytes.toString('utf8')
        : `[${from} bytes before this: ${href}]\n${fromCharacter(bytes).toString('utf8')}`,
    );
  };
};

const below = (text: string, more: string): string =>
  text === '' || text.endsWith('\n') ? text + more : `${text}\n${more}`;

/** `href`: where all of it is. */
export const runLog = (use: UseCases, job: JobView, href: string): TE.TaskEither<AppError, string> =>
  pipe(
    logParts(use, job, href),
    TE.chain((parts) => {
      const outputs = parts.filter((part) => 'which' in part).length;
      return pipe(
        parts,
        TE.traverseSeqArray((part) =>
          'line' in part ? TE.right(part.line) : tail(use, job, part, Math.floor(TAIL_BYTES / outputs)),
        ),
      );
    }),
    TE.map((texts) => texts.reduce(below, '')),
  );
