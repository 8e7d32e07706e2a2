import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { history } from '../../projections/history.js';
import type { HistoryRow } from '../../projections/history.js';
import { historyPage, type HistoryFilter, type HistoryPage } from '../../projections/history-page.js';
import { spreadOf, summarise } from '../../projections/history-summary.js';
import { aPromotion } from '../builders.js';
import type { Given } from '../given.js';
import { givenEvents, viewOf } from '../given.js';
import { anyHistory } from './any-event.js';
import { assigned, cancelAsked, failed, queued, requeued, started, succeeded } from './stories.js';

const rowsAfter = (
  { limit = 10, ...filter }: HistoryFilter & { readonly limit?: number },
  ...events: readonly Given[]
) => historyPage(viewOf(history, givenEvents(...events)), filter, { limit }).items;
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
  it('given jobs that told of themselves, then each row says what, whatever the outcome, and that a late word was refused', () => {
    const told = (id: string, success: boolean): Given => ({
      stream: `job-${id}`,
      type: 'JobReported',
      data: { attempt: 1, success, status: 'finished' },
    });
    const late = (id: string, report: 'job' | 'finished'): Given => ({
      stream: `job-${id}`,
      type: 'JobReportRefused',
      data: { attempt: 1, report, why: 'job_already_finished' },
    });
    const begun = (id: string) => [queued(id), assigned(id), started(id)];
    const rows = rowsAfter(
      {},
      ...[...begun('silent'), succeeded('silent'), late('silent', 'finished')],
      ...[...begun('late'), succeeded('late'), late('late', 'job')],
      ...[...begun('bad'), told('bad', false), failed('bad', 0)],
      ...[...begun('odd'), told('odd', true), failed('odd', 3), late('odd', 'job')],
    );
    expect(
      rows.map(({ jobId, outcome, reported, reportRefused }) => [jobId, outcome, reported, reportRefused]),
    ).toEqual([
      ['odd', 'failed', 'success', 'job_already_finished'],
      ['bad', 'failed', 'failure', undefined],
      ['late', 'succeeded', undefined, 'job_already_finished'],
      ['silent', 'succeeded', undefined, undefined],
    ]);
    expect(rows.at(-1)).not.toHaveProperty('reported');
    expect(rows.at(-1)).not.toHaveProperty('reportRefused');
  });
  it('given a report of the first of two attempts, then it stays with that one', () => {
    const rows = rowsAfter(
      {},
      ...[queued('j'), assigned('j'), started('j')],
      { stream: 'job-j', type: 'JobReported', data: { attempt: 1, success: false, status: 'failed' } },
      ...[requeued('j'), assigned('j', { attempt: 2, runner: 'r2' }), started('j', 2)],
      {
        stream: 'job-j',
        type: 'JobReportRefused',
        data: { attempt: 1, report: 'job', why: 'attempt_is_over' },
      },
    );
    expect(rows).toMatchObject([{ attempt: 2 }, { reported: 'failure', reportRefused: 'attempt_is_over' }]);
    expect(rows[0]).not.toHaveProperty('reported');
    expect(rows[0]).not.toHaveProperty('reportRefused');
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
  it('given an attempt, then its wait is told apart from the way to the runner, and both from what it ran', () => {
    const [row] = rowsAfter(
      {},
      queued('j'),
      { ...assigned('j', { slot: 3, rule: 'least_loaded' }), afterMs: 7000 },
      { ...started('j'), afterMs: 200 },
      { ...failed('j', 143, 'TERM'), afterMs: 60_000 },
    );
    expect(row).toEqual({
      jobId: 'j',
      attempt: 1,
      phaseRunId: 'run-1',
      ...{ enterprise: 'acme', organisation: 'web', project: 'shop' },
      ...{ pipeline: 'master', stage: 'verify', phase: 'unit', label: '' },
      ...{ runner: 'r1', slot: 3, rule: 'least_loaded' },
      ...{ outcome: 'failed', exitCode: 143, likelySignal: 'TERM' },
      queuedAt: '2026-01-01T00:00:00.000Z',
      assignedAt: '2026-01-01T00:00:07.000Z',
      startedAt: '2026-01-01T00:00:07.200Z',
      endedAt: '2026-01-01T00:01:07.200Z',
      ...{ waitedMs: 7200, connectMs: 200, ranMs: 60_000 },
      summary: 'failed with exit code 143, probably ended by TERM',
    });
  });
  it('given a job that took several slots, then all of them are told, and only of the attempt that held them', () => {
    const rows = rowsAfter(
      {},
      ...[queued('j', { slots: 2 }), assigned('j', { slot: 1, alsoSlots: [3] }), requeued('j')],
      assigned('j', { attempt: 2, runner: 'r2', slot: 0, alsoSlots: [1] }),
      ...[queued('k'), assigned('k')],
    );
    const slots = rows.map(({ jobId, attempt, slot, alsoSlots }) => [jobId, attempt, slot, alsoSlots]);
    expect(slots).toEqual([
      ['k', 1, 0, undefined],
      ['j', 2, 0, [1]],
      ['j', 1, 1, [3]],
    ]);
  });
  it('given a second attempt, then its wait begins where the first one ended, not where the job was queued', () => {
    const [row] = rowsAfter(
      {},
      queued('j'),
      assigned('j'),
      started('j'),
      { ...requeued('j'), afterMs: 3_600_000 },
      assigned('j', { attempt: 2 }),
      started('j', 2),
    );
    expect(row).toMatchObject({ attempt: 2, waitedMs: 2000, connectMs: 1000 });
  });
  it('given a cancel of a job that ran, then who, why, when, and what came of it', () => {
    const [row] = rowsAfter(
      {},
      queued('j'),
      assigned('j'),
      started('j'),
      cancelAsked('j', { by: 'alice', reason: 'wrong branch' }),
      cancelAsked('j', { by: 'bob', reason: 'me too' }),
      {
        stream: 'job-j',
        type: 'JobCancelled',
        data: { attempt: 1, evidence: { how: 'signalled', signals: ['TERM', 'KILL'] } },
      },
    );
    expect(row).toMatchObject({
      outcome: 'cancelled',
      cancelledBy: 'alice',
      cancelReason: 'wrong branch',
      cancelledAt: '2026-01-01T00:00:03.000Z',
      evidence: 'process ended by KILL after TERM',
      summary: 'cancelled by alice: process ended by KILL after TERM',
    });
  });
  it('given an assignment that never came to a start, then its row has the runner, the cause and the wait in vain', () => {
    const [row] = rowsAfter({}, queued('j'), assigned('j'), requeued('j'));
    expect(row).toMatchObject({
      ...{ attempt: 1, runner: 'r1', outcome: 'requeued', requeueCause: 'infrastructure' },
      ...{ why: 'runner_failed', detail: 'no space on the runner', waitedMs: 2000 },
    });
    expect(row).not.toHaveProperty('startedAt');
    expect(row).not.toHaveProperty('ranMs');
  });
  it('given a job that was asked for again, then its row says which one it repeats', () => {
    const retryOf = { phaseRunId: 'run-0', jobId: 'first' };
    const promoted: Given = {
      stream: 'phase_run-run-1',
      type: 'PhasePromoted',
      data: aPromotion({ attempt: 2, retryOf }),
    };
    expect(rowsAfter({}, promoted, queued('j'), assigned('j'))[0]?.retryOf).toBe('first');
    expect(rowsAfter({}, queued('j'), assigned('j'))[0]).not.toHaveProperty('retryOf');
  });
  it.each<[HistoryFilter, readonly string[]]>([
    [{ job: 'a' }, ['a2', 'a1']],
    [{ runner: 'r2' }, ['a2']],
    [{ project: 'shop' }, ['c0', 'a2', 'a1']],
    [{ project: 'api', organisation: 'web', enterprise: 'acme' }, ['b1']],
    [{ enterprise: 'globex' }, []],
    [{ stage: 'build', phase: 'lint', pipeline: 'next' }, ['b1']],
    [{ outcome: 'requeued' }, ['a1']],
    [{ outcome: 'running' }, ['b1', 'a2']],
    [{ outcome: 'cancelled', actor: 'alice' }, ['c0']],
    [{ actor: 'bob' }, []],
    [{ since: '2026-01-01T00:00:06.000Z' }, ['c0', 'b1']],
    [{ until: '2026-01-01T00:00:06.000Z' }, ['a2', 'a1']],
    [{ job: 'constructor' }, []],
    [{ runner: 'r1', job: 'a' }, ['a1']],
  ])('given %j, then the rows %j', (filter, expected) => {
    const rows = rowsAfter(
      filter,
      queued('a'),
      assigned('a'),
      started('a'),
      requeued('a'),
      assigned('a', { attempt: 2, runner: 'r2' }),
      queued('b', {
        ...{ stage: 'build', phase: 'lint', pipeline: 'next' },
        scope: { enterprise: 'acme', organisation: 'web', project: 'api' },
      }),
      assigned('b'),
      queued('c'),
      cancelAsked('c', { by: 'alice' }),
      neverStarted('c'),
    );
    expect(rows.map(({ jobId, attempt }) => `${jobId}${attempt}`)).toEqual(expected);
  });
});

describe('pages of history', () => {
  it('property: while rows are added and change, no row that was there at the first page is missed or repeated', () => {
    fc.assert(
      fc.property(
        anyHistory,
        fc.nat(60),
        fc.integer({ min: 1, max: 4 }),
        fc.constantFrom<HistoryFilter>({}, { runner: 'r1' }, { job: 'a' }, { project: 'b' }),
        (given, cut, limit, filter) => {
          const events = givenEvents(...given);
          const view = viewOf(history, events.slice(0, cut));
          const there = historyPage(view, filter, { limit: 1000 }).items.map(key);
          const seen: string[] = [];
          let later = cut;
          for (let from: number | undefined = Infinity; from !== undefined;) {
            const page: HistoryPage = historyPage(view, filter, { from, limit });
            expect(page.items.length).toBe(page.next === undefined ? page.items.length : limit);
            seen.push(...page.items.map(key));
            from = page.next;
            for (const recorded of events.slice(later, later + 2)) history.evolve(view, recorded);
            later += 2;
          }
          expect(seen).toEqual(there);
        },
      ),
      { numRuns: 500 },
    );
  });
  it('property: what the index finds is what reading every row finds', () => {
    fc.assert(
      fc.property(anyHistory, fc.constantFrom('a', 'b', 'r1', 'constructor', '__proto__'), (given, id) => {
        const view = viewOf(history, givenEvents(...given));
        const all = [...view.rows].reverse();
        const items = (filter: HistoryFilter) => historyPage(view, filter, { limit: 1000 }).items;
        expect(items({ job: id })).toEqual(all.filter(({ jobId }) => jobId === id));
        expect(items({ runner: id })).toEqual(all.filter(({ runner }) => runner === id));
        expect(items({ change: id })).toEqual(all.filter(({ changeId }) => changeId === id));
      }),
      { numRuns: 500 },
    );
  });
});

const key = ({ jobId, attempt, queuedAt, phaseRunId }: HistoryRow): string =>
  JSON.stringify([jobId, attempt, queuedAt, phaseRunId]);

describe('history counted', () => {
  const rows = viewOf(
    history,
    givenEvents(
      ...[1, 2, 3, 4].flatMap((n) => [
        queued(`j${n}`),
        { ...assigned(`j${n}`, { runner: n === 4 ? 'r2' : 'r1' }), afterMs: n * 1000 },
        { ...started(`j${n}`), afterMs: 0 },
        { ...(n === 3 ? failed('j3', 1) : succeeded(`j${n}`)), afterMs: n * 10_000 },
      ]),
      queued('late'),
      neverStarted('late'),
    ),
  ).rows;

  it('by runner: outcomes, and the spread of waiting and running of what started', () => {
    expect(summarise(rows, 'runner')).toEqual([
      {
        ...{ key: 'r1', attempts: 3, outcomes: { succeeded: 2, failed: 1 } },
        ...{ waitedMs: { p50: 2000, p95: 3000 }, ranMs: { p50: 20_000, p95: 30_000 } },
      },
      { key: '', attempts: 1, outcomes: { cancelled: 1 } },
      {
        ...{ key: 'r2', attempts: 1, outcomes: { succeeded: 1 } },
        ...{ waitedMs: { p50: 4000, p95: 4000 }, ranMs: { p50: 40_000, p95: 40_000 } },
      },
    ]);
  });
  it('names a project in full, since names of projects repeat', () => {
    expect(summarise(rows, 'project').map(({ key: name }) => name)).toEqual(['acme/web/shop']);
  });
  it('property: of a hundred values at least half are within p50 and at least 95 within p95, and both are values', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(1000), { minLength: 1, maxLength: 100 }), (values) => {
        const { p50, p95 } = spreadOf(values) ?? expect.fail('no spread');
        const within = (limit: number) => values.filter((value) => value <= limit).length / values.length;
        const below = (limit: number) => values.filter((value) => value < limit).length / values.length;
        expect(values).toContain(p50);
        expect(values).toContain(p95);
        expect([within(p50) >= 0.5, below(p50) < 0.5]).toEqual([true, true]);
        expect([within(p95) >= 0.95, below(p95) < 0.95]).toEqual([true, true]);
      }),
    );
    expect(spreadOf([])).toBeUndefined();
  });
});
