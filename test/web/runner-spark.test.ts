/** The last jobs of a runner as bars, and in words. */
import { describe, expect, it } from 'vitest';
import { barsOf, outcomesText } from '../../src/web/runners/spark.js';

const at = '2026-01-31T12:00:00.000Z';

describe('barsOf', () => {
  it('stands in the order of time, the longest highest and none too low to be seen', () => {
    const bars = barsOf([
      { jobId: 'c', outcome: 'succeeded', at, ranMs: 100_000 },
      { jobId: 'b', outcome: 'failed', at, ranMs: 25_000 },
      { jobId: 'a', outcome: 'cancelled', at },
    ]);
    expect(bars.map(({ jobId, height, shape }) => [jobId, height, shape])).toEqual([
      ['a', 0.15, 'hollow'],
      ['b', 0.5, 'notched'],
      ['c', 1, 'solid'],
    ]);
    expect(bars.map(({ title }) => title)).toEqual([
      `cancelled, never started, ended ${at}`,
      `failed, ran 25 s, ended ${at}`,
      `succeeded, ran 1 min 40 s, ended ${at}`,
    ]);
  });

  it('is something also when nothing took any time, and nothing of nothing', () => {
    expect(barsOf([{ jobId: 'a', outcome: 'lost', at, ranMs: 0 }])[0]?.height).toBe(0.15);
    expect(barsOf([])).toEqual([]);
  });
});

describe('outcomesText', () => {
  it('counts the seven outcomes apart, the most frequent first', () => {
    const outcomes = (['succeeded', 'timed_out', 'succeeded', 'failed'] as const).map((outcome) => ({
      ...{ jobId: outcome, outcome, at },
    }));
    expect(outcomesText(outcomes)).toBe('last 4: 2 succeeded, 1 failed, 1 timed out');
    expect(outcomesText([])).toBe('no job has ended here yet');
  });
});
