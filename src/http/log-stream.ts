/** A log as it grows, from a byte offset, without gap or repeat; pulled by the reader, so nothing piles up. */
import * as E from 'fp-ts/lib/Either.js';
import { pause } from '../app/follow-store.js';
import type { UseCases } from '../app/use-cases.js';
import type { OutputName } from '../domain/output.js';
import type { JobView } from '../../projections/jobs.js';
import { comment, failure, frame } from './sse.js';
import type { Pace } from './pace.js';
import type { FollowedLogs, LogGot } from './followed-logs.js';

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
  logs: FollowedLogs,
  { jobId, attempt: wanted, output, from, pace, requestId }: LogRequest,
  signal: AbortSignal,
): AsyncGenerator<string | Buffer, void, undefined> {
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
  const log = logs.open(jobId, which);
  let offset = from;
  // what is read after this became true is all that there will be
  let over = false;
  try {
    while (!signal.aborted) {
      const read: LogGot = await (over ? log.readNow(offset) : log.read(offset));
      if (E.isLeft(read)) return yield failure(read.left, requestId);
      const { frame: piece, to, size, sealed } = read.right;
      if (piece !== undefined) {
        offset = to;
        yield piece;
        pulse.reset();
        continue;
      }
      if (sealed || over) return yield frame('end', { size, sealed, ...which });
      const isNews = await log.pause(pace.checkMs, signal);
      yield* pulse.beat();
      const ended = log.ended();
      if (ended === undefined && isNews) continue;
      if (ended !== undefined && 'error' in ended) return yield failure(ended.error, requestId);
      const job = await useCases.showJob(jobId)();
      over = ended !== undefined || (E.isRight(job) && hasEnded(job.right, attempt));
    }
  } finally {
    log.close();
  }
}
