import { describe, expect, it } from 'vitest';
import { history, historyRows } from '../../projections/history.js';
import type { Given } from '../given.js';
import { givenEvents, viewOf } from '../given.js';
import { assigned, cancelAsked, queued, requeued, started, succeeded } from './stories.js';

const rowsAfter = (
  filter: { runner?: string; change?: string; limit?: number },
  ...events: readonly Given[]
) => historyRows(viewOf(history, givenEvents(...events)), { limit: 10, ...filter });
const neverStarted = (id: string): Given => ({
  stream: `job-${id}`,
  type: 'JobCancelled',
  data: { evidence: { how: 'never_started' } },
});

describe('history', () => {
  it('given a job that needed two attempts, then each is a row with its own runner, wait and duration, newest first', () => {
    const rows = rowsAfter(
      {},
      queued('j', { change: { id: 'c1', title: 'Fix it' } }),
      assigned('j'),
      started('j'),
      requeued('j'),
      assigned('j', { attempt: 2, runner: 'r2' }),
      started('j', 2),
      { ...succeeded('j', 2), afterMs: 5000 },
    );
    expect(rows).toMatchObject([
      {
        attempt: 2,
        runner: 'r2',
        outcome: 'succeeded',
        exitCode: 0,
        waitedMs: 2000,
        ranMs: 5000,
        changeId: 'c1',
      },
      {
        attempt: 1,
        runner: 'r1',
        outcome: 'requeued',
        waitedMs: 2000,
        ranMs: 1000,
        reason: 'no space on the runner',
      },
    ]);
  });
  it('given a job that was cancelled while it waited, then its row says by whom and why, and names no attempt', () => {
    const [row] = rowsAfter(
      {},
      queued('j'),
      cancelAsked('j', { by: 'alice', reason: 'wrong' }),
      neverStarted('j'),
    );
    expect(row).toMatchObject({ attempt: 0, outcome: 'cancelled', cancelledBy: 'alice', reason: 'wrong' });
    expect(row).not.toHaveProperty('ranMs');
  });
  it('given an attempt that runs, then it has a row without an end', () => {
    const [row] = rowsAfter({}, queued('j'), assigned('j'), started('j'));
    expect(row).toMatchObject({ attempt: 1, runner: 'r1', waitedMs: 2000 });
    expect(row).not.toHaveProperty('outcome');
  });
  it('given a filter and a limit, then only the newest rows that fit', () => {
    const all = ['a', 'b', 'c'].flatMap((id) => [
      queued(id, id === 'b' ? { change: { id: 'c1', title: 't' } } : {}),
      assigned(id, { runner: id === 'c' ? 'r2' : 'r1' }),
      started(id),
    ]);
    expect(rowsAfter({ limit: 2 }, ...all).map(({ jobId }) => jobId)).toEqual(['c', 'b']);
    expect(rowsAfter({ runner: 'r1' }, ...all).map(({ jobId }) => jobId)).toEqual(['b', 'a']);
    expect(rowsAfter({ change: 'c1' }, ...all).map(({ jobId }) => jobId)).toEqual(['b']);
  });
  it('given a clock that was set back, then nothing took less than no time', () => {
    const [row] = rowsAfter({}, queued('j'), assigned('j'), { ...started('j'), afterMs: -60_000 });
    expect(row?.waitedMs).toBe(0);
  });
});
