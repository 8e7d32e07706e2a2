/** How often may somebody come? A bucket that fills with time; each request takes one. Pure: time is told. */

export interface Rate {
  readonly perSecond: number;
  /** So many at once after a pause. */
  readonly burst: number;
}

export interface Bucket {
  readonly tokens: number;
  /** Of a clock that only grows. */
  readonly atMs: number;
}

export type Taken =
  | { readonly allowed: true; readonly bucket: Bucket }
  /** The bucket is as it was; one will be there after so long. */
  | { readonly allowed: false; readonly bucket: Bucket; readonly retryAfterMs: number };

export const fullBucket = (rate: Rate, nowMs: number): Bucket => ({ tokens: rate.burst, atMs: nowMs });

const filled = ({ tokens, atMs }: Bucket, { perSecond, burst }: Rate, nowMs: number): Bucket => ({
  tokens: Math.min(burst, tokens + (Math.max(0, nowMs - atMs) / 1000) * perSecond),
  atMs: Math.max(atMs, nowMs),
});

export const take = (before: Bucket, rate: Rate, nowMs: number): Taken => {
  const bucket = filled(before, rate, nowMs);
  return bucket.tokens >= 1
    ? { allowed: true, bucket: { ...bucket, tokens: bucket.tokens - 1 } }
    : { allowed: false, bucket, retryAfterMs: ((1 - bucket.tokens) / rate.perSecond) * 1000 };
};

/** True when forgetting the bucket changes nothing. */
export const isFull = (bucket: Bucket, rate: Rate, nowMs: number): boolean =>
  filled(bucket, rate, nowMs).tokens >= rate.burst;
