/**
 * Logs that are followed: those who are at the end of the same one share each reading of what comes, and the frame that is made of it. Who
 * is behind reads by himself until he is there, and nobody waits for anybody.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import * as E from 'fp-ts/lib/Either.js';
import type { AppError } from '../app/errors.js';
import { stirOn } from '../app/wake.js';
import type { LogChoice, UseCases } from '../app/use-cases.js';
import { frame } from './sse.js';

const PIECE_BYTES = 65_536;
/** At the end of a log it is read no more often than this: 100 lines a second are a frame each time, not 100 frames. */
const APART_MS = 80;
/** So many pieces are kept for those who take them a moment later: 1.4 MB. */
const MOST_KEPT = 16;

interface LogPart {
  /** An event `bytes` as it goes out; absent: there is nothing from here on. */
  readonly frame?: Buffer;
  /** The offset behind it. */
  readonly to: number;
  readonly size: number;
  readonly sealed: boolean;
}

export type LogGot = E.Either<AppError, LogPart>;

/** What one reader holds on to. */
export interface Following {
  readonly read: (offset: number) => Promise<LogGot>;
  /** What is stored at the time of asking, read for nobody else. */
  readonly readNow: (offset: number) => Promise<LogGot>;
  /** True when something came since the last call or comes before `ms` are over; false after that, or on abort. */
  readonly pause: (ms: number, signal: AbortSignal) => Promise<boolean>;
  /** Present once no more will be told; `error` is set when watching failed. */
  readonly ended: () => { readonly error?: unknown } | undefined;
  readonly close: () => void;
}

type Which = LogChoice & { readonly attempt: number };

/** One log, as long as it has readers. */
const followedLog = (useCases: UseCases, jobId: string, which: Which, apartMs: number) => {
  const waiting = new Set<() => void>();
  let told = 0;
  const watching = stirOn(useCases.watchLog(jobId, which), () => {
    told++;
    for (const wake of [...waiting]) wake();
  });

  const readNow = async (offset: number, most = PIECE_BYTES): Promise<LogGot> => {
    const read = await useCases.readLog(jobId, offset, most, which)();
    if (E.isLeft(read)) return read;
    const { bytes, size, sealed } = read.right;
    const to = offset + bytes.length;
    if (bytes.length === 0) return E.right({ to, size, sealed });
    const data = { offset, base64: bytes.toString('base64'), ...which };
    return E.right({ frame: Buffer.from(frame('bytes', data, String(to))), to, size, sealed });
  };

  /** By the offset of their first byte; `end` is the furthest that any goes. */
  const kept = new Map<number, LogPart>();
  let end = 0;
  const reading = new Map<number, Promise<{ readonly asOf: number; readonly got: LogGot }>>();
  /** When the end of the log was read last, and something was there. */
  let lastEnd = -Infinity;

  const keep = (offset: number, part: LogPart): void => {
    if (part.to === part.size && !part.sealed) lastEnd = performance.now();
    end = Math.max(end, part.to);
    kept.set(offset, part);
    const [oldest] = kept.keys();
    if (kept.size > MOST_KEPT && oldest !== undefined) kept.delete(oldest);
  };
  const readNext = async (offset: number): Promise<{ readonly asOf: number; readonly got: LogGot }> => {
    const early = lastEnd + apartMs - performance.now();
    if (early > 0) await sleep(early);
    const asOf = told;
    const got = await readNow(offset);
    if (E.isRight(got) && got.right.frame !== undefined) keep(offset, got.right);
    return { asOf, got };
  };

  const read = async (offset: number): Promise<LogGot> => {
    const known = kept.get(offset);
    if (known !== undefined) return E.right(known);
    // no further than to where the others are, so as to go on with them
    if (offset < end) return readNow(offset, Math.min(PIECE_BYTES, end - offset));
    const toldThen = told;
    const begun = reading.get(offset) ?? readNext(offset).finally(() => reading.delete(offset));
    reading.set(offset, begun);
    const { asOf, got } = await begun;
    const isNothing = E.isRight(got) && got.right.frame === undefined;
    // it had begun before what this reader was woken for
    return isNothing && asOf < toldThen ? read(offset) : got;
  };

  const pauses = (): Following['pause'] => {
    let seen = told;
    return (ms, signal) =>
      new Promise((resolve) => {
        const finish = (isNews: boolean): void => {
          seen = told;
          resolve(isNews);
        };
        if (told > seen) {
          finish(true);
          return;
        }
        if (signal.aborted) {
          finish(false);
          return;
        }
        const over = (isNews: boolean): void => {
          clearTimeout(timer);
          signal.removeEventListener('abort', leave);
          waiting.delete(wake);
          finish(isNews);
        };
        const wake = (): void => {
          over(true);
        };
        const leave = (): void => {
          over(false);
        };
        const timer = setTimeout(leave, ms);
        signal.addEventListener('abort', leave);
        waiting.add(wake);
      });
  };

  return {
    read,
    readNow,
    pauses,
    ended: watching.ended,
    close: () => {
      watching.close();
    },
  };
};

export interface FollowedLogs {
  readonly open: (jobId: string, which: Which) => Following;
}

export const followedLogs = (useCases: UseCases, apartMs = APART_MS): FollowedLogs => {
  const logs = new Map<string, { readonly log: ReturnType<typeof followedLog>; readers: number }>();
  return {
    open: (jobId, which) => {
      const key = JSON.stringify([jobId, which.attempt, which.output]);
      const known = logs.get(key);
      // what has ended tells those who come now nothing any more
      const entry =
        known !== undefined && known.log.ended() === undefined
          ? known
          : { log: followedLog(useCases, jobId, which, apartMs), readers: 0 };
      logs.set(key, entry);
      entry.readers++;
      const { read, readNow, pauses, ended, close } = entry.log;
      return {
        ...{ read, readNow, ended, pause: pauses() },
        close: () => {
          entry.readers--;
          if (entry.readers > 0) return;
          if (logs.get(key) === entry) logs.delete(key);
          close();
        },
      };
    },
  };
};
