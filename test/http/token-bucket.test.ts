import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { rateLimiter } from '../../src/http/limits.js';
import { fullBucket, take } from '../../src/http/token-bucket.js';

const rate = { perSecond: 10, burst: 5 };

describe('a bucket of requests', () => {
  it('given any times, then never more than the burst and what time has added, and a wait that is enough', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 500 }), { maxLength: 200 }), (gaps) => {
        let now = 0;
        let passed = 0;
        let bucket = fullBucket(rate, 0);
        for (const gap of gaps) {
          now += gap;
          const taken = take(bucket, rate, now);
          ({ bucket } = taken);
          if (taken.allowed) passed += 1;
          else expect(take(bucket, rate, now + Math.ceil(taken.retryAfterMs) + 1).allowed).toBe(true);
          expect(passed).toBeLessThanOrEqual(rate.burst + (now / 1000) * rate.perSecond + 1e-6);
        }
      }),
    );
  });

  it('given a clock that is set back, then nothing is added', () => {
    const { bucket } = take({ tokens: 1, atMs: 1000 }, rate, 1000);
    expect(take(bucket, rate, 0).allowed).toBe(false);
  });

  it('given one that uses up its own, then others are served', () => {
    const limiter = rateLimiter(rate);
    for (let i = 0; i < 5; i++) expect(limiter.waitFor('a', 0)).toBeUndefined();
    expect(limiter.waitFor('a', 0)).toBeGreaterThan(0);
    expect(limiter.waitFor('b', 0)).toBeUndefined();
  });

  it('given very many keys, then a refused one is not forgotten', () => {
    const limiter = rateLimiter(rate);
    for (let i = 0; i < 5; i++) limiter.waitFor('greedy', 0);
    for (let i = 0; i < 25_000; i++) limiter.waitFor(`other-${i}`, 0);
    expect(limiter.waitFor('greedy', 1)).toBeGreaterThan(0);
  });
});
