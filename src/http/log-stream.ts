/** A log as it grows, from a byte offset, without gap or repeat; pulled by the reader, so nothing piles up. */
import * as E from 'fp-ts/lib/Either.js';
import { pause } from '../app/follow-store.js';
import type { UseCases } from '../app/use-cases.js';
import type { OutputName } from '../domain/output.js';
import type { JobView } from '../../projections/jobs.js';
import { comment, failure, frame } from './sse.js';
import type { Pace } from './pace.js';
import { wakeOn } from './wake.js';

const PIECE_BYTES = 65_536;

const hasEnded = (job: JobView, attempt: number): boolean =>
  job.endedAt !== undefined ||
  job.attempts.some((view) => view.attempt === attempt && view.endedAt !== undefined);

/** Comments, paced; empty while the last frame is young enough. */
const heart = (everyMs: number) => {
  let last = performance.now();
  return {
    beat: (): string[] => {
      if (performance.now() - last < everyMs) return [];
      last = performance.now();
      return [comment('still here')];
    },
    reset: (): void => {
      last = performance.now();
    },
  };
};

export interface LogRequest {
  readonly jobId: string;
  /** Absent: the last attempt, or the first one to come. */
  readonly attempt?: number;
  /** For a job whose outputs are kept apart, or that reports. */
  readonly output?: OutputName;
  readonly from: number;
  readonly pace: Pace;
  readonly requestId: string;
}

/** Events `bytes` {offset, base64, attempt, output?}, id = offset after them; then `end` {size, sealed, attempt, output?}, or `problem`. */
export async function* logFrames(
  useCases: UseCases,
  { jobId, attempt: wanted, output, from, pace, requestId }: LogRequest,
  signal: AbortSignal,
): AsyncGenerator<string, void, undefined> {
  const pulse = heart(pace.heartbeatMs);
  yield comment('log');

  let attempt = wanted;
  while (attempt === undefined) {
    const job = await useCases.showJob(jobId)();
    if (E.isLeft(job)) return yield failure(job.left, requestId);
    attempt = job.right.attempts.at(-1)?.attempt;
    if (attempt !== undefined) break;
    if (job.right.endedAt !== undefined) return yield frame('end', { size: 0, sealed: true });
    await pause(pace.checkMs, signal);
    if (signal.aborted) return;
    yield* pulse.beat();
  }

  const which = { attempt, ...(output === undefined ? {} : { output }) };
  const wake = wakeOn(useCases.watchLog(jobId, which), () => undefined);
  let offset = from;
  // what is read after this became true is all that there will be
  let over = false;
  try {
    while (!signal.aborted) {
      const read = await useCases.readLog(jobId, offset, PIECE_BYTES, which)();
      if (E.isLeft(read)) return yield failure(read.left, requestId);
      const { bytes, size, sealed } = read.right;
      if (bytes.length > 0) {
        const at = offset;
        offset += bytes.length;
        yield frame('bytes', { offset: at, base64: bytes.toString('base64'), ...which }, String(offset));
        pulse.reset();
        continue;
      }
      if (sealed || over) return yield frame('end', { size, sealed, ...which });
      await wake.pause(pace.checkMs, signal);
      const ended = wake.ended();
      if (ended !== undefined && 'error' in ended) return yield failure(ended.error, requestId);
      const job = await useCases.showJob(jobId)();
      over = ended !== undefined || (E.isRight(job) && hasEnded(job.right, attempt));
      yield* pulse.beat();
    }
  } finally {
    wake.close();
  }
}
