import { describe, expect, it } from 'vitest';
import { chartDataOf, chartRows, edgesOf, spanOf } from '../../src/web/queue/chart-data.js';
import type { QueueMeasures } from '../../src/app/measure-reads.js';

type Measure = QueueMeasures['items'][number];

const step = (minute: number, more: Partial<Measure> = {}): Measure => ({
  at: `2026-01-31T12:0${minute}:00.000Z`,
  ...{ depthMax: 0, depthEnd: 0, running: 0, started: 0, waitP50Ms: null, waitP95Ms: null },
  ...more,
});

const measures: QueueMeasures = {
  step: '1m',
  items: [
    step(0, { depthMax: 5, depthEnd: 2, running: 1, started: 3, waitP50Ms: 10, waitP95Ms: 900 }),
    step(1, { depthMax: 4, depthEnd: 4, running: 2 }),
    step(2, { depthMax: 9, depthEnd: 1, running: 3, started: 1, waitP50Ms: 70, waitP95Ms: 70 }),
  ],
};

describe('the charts of the queue', () => {
  it('show the most that waited, what ran, and no wait where nothing started', () => {
    expect(chartDataOf(measures)).toEqual({
      times: [1769860800, 1769860860, 1769860920],
      waiting: [5, 4, 9],
      running: [1, 2, 3],
      p50: [10, null, 70],
      p95: [900, null, 70],
    });
  });

  it('as a table have the newest first', () => {
    expect(chartRows(measures, 60).map(({ at }) => at.slice(14, 16))).toEqual(['02', '01', '00']);
    expect(chartRows({ step: '1m', items: [] }, 60)).toEqual([]);
  });

  it('given more steps than rows, then a row is the most of its steps, the sum of what started, and what ran at its end', () => {
    const at = '2026-01-31T12:00:00.000Z';
    expect(chartRows(measures, 2)).toEqual([
      { ...{ at: '2026-01-31T12:02:00.000Z', waiting: 9, running: 3, started: 1 }, p50: 70, p95: 70 },
      { ...{ at, waiting: 5, running: 2, started: 3 }, p50: 10, p95: 900 },
    ]);
    expect(chartRows(measures, 1)).toEqual([{ at, waiting: 9, running: 3, started: 4, p50: 70, p95: 900 }]);
  });

  it('are of a span that there is, and else closed', () => {
    expect(['24h', 'toString', '', undefined].map(spanOf)).toEqual(['24h', undefined, undefined, undefined]);
    expect(edgesOf('7d', Date.parse('2026-01-31T12:00:00Z'))).toEqual({
      since: '2026-01-24T12:00:00.000Z',
      until: '2026-01-31T12:00:00.000Z',
    });
  });
});
