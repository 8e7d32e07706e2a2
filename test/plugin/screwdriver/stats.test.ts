import { describe, expect, it } from 'vitest';
import { counting, MOST_BEGUN } from '../../../plugin/hosts/screwdriver/stats.js';

describe('the numbers of the executor', () => {
  it('count each end once, with the time that builds take', () => {
    const counts = counting();
    counts.began(1, 1000);
    counts.began(2, 1000);
    counts.began(3, 1000);
    counts.ended(1, 'succeeded', 3000);
    counts.ended(2, 'timed_out', 5000);
    counts.ended(2, 'timed_out', 9000);
    expect(counts.now(1, true)).toEqual({
      requests: { total: 3, success: 1, failure: 1, timeouts: 1, concurrent: 1, averageTime: 3 },
      breaker: { isClosed: true },
    });
  });

  it('given builds of which no end is told, then they are all counted, and the oldest starts are forgotten', () => {
    const counts = counting();
    for (let id = 0; id <= MOST_BEGUN; id += 1) counts.began(id, 0);
    counts.ended(0, 'succeeded', 1000);
    expect(counts.now(0, true).requests).toMatchObject({ total: MOST_BEGUN + 1, success: 0 });
    counts.ended(1, 'succeeded', 1000);
    counts.ended(MOST_BEGUN, 'failed', 1000);
    expect(counts.now(0, true).requests).toMatchObject({ success: 1, failure: 1, averageTime: 1 });
  });
});
