/** The bytes of a log, all or a range of them (RFC 9110 §14); read in pieces, so a large log costs little memory. */
import * as E from 'fp-ts/lib/Either.js';
import * as TE from 'fp-ts/lib/TaskEither.js';
import { appError, type AppError } from '../app/errors.js';
import { outputOf } from '../app/job-output.js';
import type { LogChoice, UseCases } from '../app/use-cases.js';
import type { Answer } from './answer.js';
import { interleaved } from './log-interleaved.js';
import { logPieces } from './log-pieces.js';

export type RangeAnswer = { readonly from: number; readonly to: number } | 'whole' | 'beyond';

/** `to` is exclusive. A header that is not one range of bytes is ignored, as the RFC asks. */
export const rangeOf = (header: string, size: number): RangeAnswer => {
  const match = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(header.trim());
  const [first = '', last = ''] = match?.slice(1) ?? [];
  if (first === '' && last === '') return 'whole';
  if (first === '') {
    const length = Math.min(Number(last), size);
    return length === 0 ? 'beyond' : { from: size - length, to: size };
  }
  if (last !== '' && Number(last) < Number(first)) return 'whole';
  if (Number(first) >= size) return 'beyond';
  return { from: Number(first), to: last === '' ? size : Math.min(Number(last) + 1, size) };
};

/**
 * Answers what is stored now; 206 for a range, 416 (with the size) for one that lies beyond it. Of two outputs that are kept apart both,
 * interleaved, when none is named; that has no ranges.
 */
export const logBytes =
  (
    useCases: UseCases,
    id: string,
    { attempt: wanted, output }: LogChoice,
    range: string,
  ): TE.TaskEither<AppError, Answer> =>
  async () => {
    const job = await useCases.showJob(id)();
    if (E.isLeft(job)) return job;
    const jobId = job.right.id;
    const attempt = wanted ?? job.right.attempts.at(-1)?.attempt;
    if (job.right.output === 'split' && output === undefined && range === '')
      return interleaved(useCases, jobId, attempt, job.right.endedAt !== undefined);
    const chosen = outputOf(job.right, output);
    if (E.isLeft(chosen)) return chosen;
    const which: LogChoice = {
      ...(attempt === undefined ? {} : { attempt }),
      ...(output === undefined ? {} : { output }),
    };
    // never assigned: there is a log, and it is empty
    const stored =
      attempt === undefined
        ? E.right({ size: 0, sealed: job.right.endedAt !== undefined })
        : await useCases.readLog(jobId, 0, 1, which)();
    if (E.isLeft(stored)) return stored;
    const { size, sealed } = stored.right;

    const asked = rangeOf(range, size);
    if (asked === 'beyond') {
      const found = `The log holds ${size} bytes; ${range} asks for others.`;
      const hint = 'Ask again later, or follow it at log/stream.';
      return E.right({
        kind: 'refusal',
        error: appError('invalid', 'range_not_satisfiable', found, { hint }),
        headers: { 'Content-Range': `bytes */${size}` },
      });
    }
    const part = asked === 'whole' ? { from: 0, to: size } : asked;
    return E.right({
      kind: 'stream',
      status: asked === 'whole' ? 200 : 206,
      headers: {
        'Content-Type': 'text/plain; charset=utf-8',
        'Cache-Control': 'no-store',
        'Accept-Ranges': 'bytes',
        'Content-Length': String(part.to - part.from),
        'Baton-Log-Sealed': String(sealed),
        ...(attempt === undefined ? {} : { 'Baton-Attempt': String(attempt) }),
        ...(asked === 'whole' ? {} : { 'Content-Range': `bytes ${part.from}-${part.to - 1}/${size}` }),
      },
      pieces: (signal) =>
        attempt === undefined ? [] : logPieces(useCases, jobId, which, part.from, part.to, signal),
    });
  };
