/** B15 of the original: times were those of the change, so that the second stage of an old change showed days of waiting. */
import { expect, it } from 'vitest';
import { history } from '../../projections/history.js';
import { jobs } from '../../projections/jobs.js';
import { queue, toQueueView } from '../../projections/queue.js';
import type { Given } from '../given.js';
import { givenEvents, viewOf } from '../given.js';
import { assigned, failed, queued, requeued, started } from '../projections/stories.js';

const DAY_MS = 24 * 60 * 60_000;
const change = { id: 'c', title: 'old' };

/** A change of a week ago, whose second stage comes today: tried twice, 10 s between the steps. */
const story: readonly Given[] = [
  queued('verify', { change }),
  assigned('verify'),
  started('verify'),
  failed('verify', 1),
  { ...queued('build', { change, stage: 'build' }), afterMs: 7 * DAY_MS },
  ...[assigned('build'), requeued('build'), assigned('build', { attempt: 2 }), started('build', 2)].map(
    (event) => ({ ...event, afterMs: 10_000 }),
  ),
];
const upTo = (count: number) => givenEvents(...story.slice(0, count));
const at = (seconds: number): string =>
  new Date(Date.UTC(2026, 0, 8, 0, 0, 3) + seconds * 1000).toISOString();

it('B15: given the second stage of an old change, then its job has times of its own, and so has each attempt', () => {
  const job = viewOf(jobs, upTo(9))['build'];
  expect(job).toMatchObject({ queuedAt: at(0), startedAt: at(40) });
  expect(job?.attempts).toMatchObject([
    { queuedAt: at(0), assignedAt: at(10), endedAt: at(20) },
    { queuedAt: at(20), assignedAt: at(30), startedAt: at(40) },
  ]);
  expect(job?.attempts[0]).not.toHaveProperty('startedAt');
});

it('B15: then it waits since it was queued, and since it was queued again', () => {
  expect(viewOf(jobs, upTo(5))['build']).toMatchObject({ queuedAt: at(0), waitsSince: at(0) });
  expect(viewOf(jobs, upTo(7))['build']).toMatchObject({ queuedAt: at(0), waitsSince: at(20) });
  expect(viewOf(jobs, upTo(8))['build']).not.toHaveProperty('waitsSince');
});

it('B15: then the queue tells both, whatever the change is', () => {
  const entry = (count: number) => toQueueView(viewOf(queue, upTo(count)), '1').entries[0];
  expect(entry(5)).toMatchObject({ status: 'queued', queuedAt: at(0), since: at(0) });
  expect(entry(7)).toMatchObject({ status: 'queued', queuedAt: at(0), since: at(20) });
  expect(entry(9)).toMatchObject({ status: 'running', queuedAt: at(0), since: at(40) });
});

it('B15: then history counts seconds of waiting, not days', () => {
  const rows = viewOf(history, upTo(9)).rows.filter(({ jobId }) => jobId === 'build');
  expect(rows).toMatchObject([
    { queuedAt: at(0), waitedMs: 20_000, outcome: 'requeued' },
    { queuedAt: at(0), waitedMs: 20_000, startedAt: at(40) },
  ]);
});
