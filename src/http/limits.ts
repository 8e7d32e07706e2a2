/** How much one client may ask for, so that it does not keep the others waiting. */
import { appError, type AppError } from '../app/errors.js';
import { fullBucket, isFull, take, type Bucket, type Rate } from './token-bucket.js';

export interface HttpLimits {
  /** Requests with one token. */
  readonly requests: Rate;
  /** Requests from one address without a usable token. */
  readonly failures: Rate;
  /** Open streams with one token. */
  readonly streams: number;
}

/** Well above what people and their pages do, well below what keeps the server busy. */
export const defaultLimits: HttpLimits = {
  requests: { perSecond: 200, burst: 1000 },
  failures: { perSecond: 1, burst: 60 },
  streams: 50,
};

/** Buckets by key. */
export interface RateLimiter {
  /** Milliseconds to wait; undefined when the request may pass. */
  readonly waitFor: (key: string, nowMs: number) => number | undefined;
}

/** So many buckets are kept before the full ones are forgotten. */
const SWEEP_AT = 10_000;

export const rateLimiter = (rate: Rate): RateLimiter => {
  const buckets = new Map<string, Bucket>();
  let sweepAt = SWEEP_AT;
  return {
    waitFor: (key, nowMs) => {
      if (buckets.size >= sweepAt) {
        for (const [name, bucket] of buckets) if (isFull(bucket, rate, nowMs)) buckets.delete(name);
        // what could not be forgotten is not looked through again for each request
        sweepAt = Math.max(SWEEP_AT, 2 * buckets.size);
      }
      const taken = take(buckets.get(key) ?? fullBucket(rate, nowMs), rate, nowMs);
      buckets.set(key, taken.bucket);
      return taken.allowed ? undefined : taken.retryAfterMs;
    },
  };
};

/** Whole seconds, as the header `Retry-After` wants them. */
export const retryAfter = (ms: number): string => String(Math.max(1, Math.ceil(ms / 1000)));

export const tooMany = (reason: string, message: string, seconds: string): AppError =>
  appError('too_many_requests', reason, message, { hint: `Try again after ${seconds} s.` });
