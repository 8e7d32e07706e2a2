import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { queue, toQueueView, type QueueState } from '../../projections/queue.js';
import { keptOrder, queueWindow, type QueueAnswer, type QueueRequest } from '../../src/app/queue-window.js';
import { defaultQueuePolicy } from '../../src/domain/queue-policy.js';
import { givenEvents, viewOf, type Given } from '../given.js';
import { anyHistory } from '../projections/any-event.js';
import { assigned, queued, started, succeeded } from '../projections/stories.js';

const reason = (filterClass: string, word: 'all_busy' | 'none_matches'): Given => ({
  stream: `filter_class-${filterClass}`,
  type: 'WaitReasonChanged',
  data: { filter: [], reason: word, detail: word, blockers: ['r1', 'theirs'] },
});

const scope = { enterprise: 'acme', organisation: 'web', project: 'shop' };
const change = { id: 'c1', title: 'Add Login' };

const story: readonly Given[] = [
  queued('low', { filterClass: 'busy', change }),
  queued('theirs', { filterClass: 'busy', scope: { ...scope, project: 'secret' } }),
  queued('high', { filterClass: 'never', priority: 5, label: 'OS=Debian' }),
  queued('runs', { stage: 'build', phase: 'lint' }),
  assigned('runs', { runner: 'Build-07' }),
  started('runs'),
  reason('busy', 'all_busy'),
  reason('never', 'none_matches'),
];

const answer = (request: QueueRequest, events = story) => {
  const view = viewOf(queue, givenEvents(...events));
  const order = keptOrder(defaultQueuePolicy)(view, '9');
  return queueWindow(order, { view, position: '9' }, request, undefined);
};
const placesOf = (request: QueueRequest) =>
  answer(request).entries.map(({ jobId, place }) => `${place} ${jobId}`);

describe('a window of the queue', () => {
  it('given nothing, then all of it, as the whole view has it', () => {
    const view = viewOf(queue, givenEvents(...story));
    const { entries, position } = answer({});
    expect({ position, entries }).toEqual(toQueueView(view, '9'));
    expect(entries.map(({ jobId }) => jobId)).toEqual(['high', 'low', 'theirs', 'runs']);
    expect(entries[1]).toMatchObject({
      ...{ place: 2, changeId: 'c1', enterprise: 'acme', organisation: 'web', pipeline: 'master' },
    });
  });

  it('given a limit and an offset, then that many from there, with their places among all', () => {
    expect(placesOf({ limit: 2, offset: 1 })).toEqual(['2 low', '3 theirs']);
    expect(answer({ limit: 2, offset: 1 }).total).toBe(4);
    expect(placesOf({ limit: 2, offset: 9 })).toEqual([]);
  });

  it('given a status of several, then what has a runner, or what nothing can ever match', () => {
    expect(placesOf({ status: 'active' })).toEqual(['4 runs']);
    expect(placesOf({ status: 'unmatched' })).toEqual(['1 high']);
    expect(placesOf({ status: 'queued' })).toEqual(['1 high', '2 low', '3 theirs']);
  });

  it('given filters, then all must hold, `total` counts what fits, and the counts are of all', () => {
    expect(placesOf({ status: 'queued', reason: 'all_busy', limit: 1 })).toEqual(['2 low']);
    expect(answer({ status: 'queued', reason: 'all_busy', limit: 1 })).toMatchObject({
      total: 2,
      counts: { queued: 3, assigned: 0, running: 1, unmatched: 1 },
      oldestQueuedAt: '2026-01-01T00:00:00.000Z',
    });
    expect(placesOf({ project: 'secret' })).toEqual(['3 theirs']);
    expect(placesOf({ stage: 'build' })).toEqual(['4 runs']);
    expect(placesOf({ runner: 'Build-07' })).toEqual(['4 runs']);
    expect(placesOf({ project: 'sec' })).toEqual([]);
  });

  it.each([
    ['SECRET', ['3 theirs']],
    ['add login', ['2 low']],
    ['LINT', ['4 runs']],
    ['os=debian', ['1 high']],
    ['build-07', ['4 runs']],
    ['RUN', ['4 runs']],
    ['.*', []],
    ['shop', ['1 high', '2 low', '4 runs']],
  ])('given %s to look for, then what holds these letters', (q, found) => {
    expect(placesOf({ q })).toEqual(found);
  });

  it('given somebody who sees one project, then counts and blockers tell nothing of the others, and places do not move', () => {
    const { others, entries, ...rest } = answer({ sees: ({ project }) => project === 'shop', limit: 2 });
    expect(entries.map(({ jobId, place }) => `${place} ${jobId}`)).toEqual(['1 high', '2 low']);
    expect(entries[1]?.waiting?.blockers).toEqual(['r1']);
    expect(rest).toMatchObject({ total: 3, counts: { queued: 2, assigned: 0, running: 1, unmatched: 1 } });
    expect(others).toEqual({ queued: 1, assigned: 0, running: 0 });
  });

  it('given that nothing waits, then nothing is the oldest', () => {
    const { oldestQueuedAt, total } = answer({}, [queued('a'), assigned('a')]);
    expect([oldestQueuedAt, total]).toEqual([undefined, 1]);
  });

  it('given any history and looks at any moments of it, then what was kept gives the order that a fresh look gives', () => {
    fc.assert(
      fc.property(anyHistory, fc.array(fc.boolean(), { maxLength: 80 }), (given, looks) => {
        const events = givenEvents(...given);
        const [view, kept] = [queue.init(), keptOrder(defaultQueuePolicy)];
        const look = (state: QueueState, position: string): void => {
          const told = queueWindow(kept(state, position), { view: state, position }, {}, undefined);
          const fresh = toQueueView(structuredClone(state), position);
          if (!isDeepStrictEqual(told.entries, fresh.entries)) expect.fail(JSON.stringify([told, fresh]));
          expect(told.counts.queued + told.counts.assigned + told.counts.running).toBe(fresh.entries.length);
        };
        for (const [i, recorded] of events.entries()) {
          queue.evolve(view, recorded);
          if (looks[i] === true) look(view, recorded.position);
        }
        look(view, 'end');
      }),
      { numRuns: 200 },
    );
  });

  it('given parts that are asked for, then each from its own place, and no list of everything beside them', () => {
    const both = answer({ active: { from: 0, to: 9 }, waiting: { from: 1, to: 1 } });
    expect(both).toMatchObject({
      ...{ entries: [], total: 4 },
      active: { offset: 0, total: 1, entries: [{ jobId: 'runs', place: 4 }] },
      waiting: { offset: 1, total: 3, entries: [{ jobId: 'low', place: 2 }] },
    });
    expect(answer({ active: { from: 0, to: 0 } })).not.toHaveProperty('waiting');
    expect(answer({ active: { from: 7, to: 9 } }).active).toEqual({ offset: 7, total: 1, entries: [] });
    const beside = answer({ active: { from: 0, to: 0 }, limit: 1 });
    expect(beside.entries.map(({ jobId }) => jobId)).toEqual(['high']);
  });

  it('given filters, then they hold for the parts', () => {
    const whole = { from: 0, to: 9 };
    const both = answer({ active: whole, waiting: whole, status: 'unmatched' });
    expect(both).toMatchObject({ active: { total: 0 }, waiting: { total: 1, entries: [{ jobId: 'high' }] } });
    const seen = answer({ waiting: whole, sees: ({ project }) => project === 'shop' });
    expect(seen.waiting?.entries.map(({ jobId }) => jobId)).toEqual(['high', 'low']);
    expect(seen.waiting?.entries[1]?.waiting?.blockers).toEqual(['r1']);
  });

  it('given any history, then at each moment every job that waits or runs is in one part, once', () => {
    fc.assert(
      fc.property(anyHistory, fc.integer({ min: 1, max: 4 }), (given, size) => {
        const [view, kept] = [queue.init(), keptOrder(defaultQueuePolicy)];
        for (const recorded of givenEvents(...given)) {
          queue.evolve(view, recorded);
          const { position } = recorded;
          const at = (from: number) => {
            const span = { from, to: from + size - 1 };
            const request = { active: span, waiting: span };
            return queueWindow(kept(view, position), { view, position }, request, undefined);
          };
          const pieces: QueueAnswer[] = [];
          for (let from = 0; from === 0 || from < (pieces[0]?.total ?? 0); from += size)
            pieces.push(at(from));
          const active = pieces.flatMap((piece) => piece.active?.entries ?? []);
          const waiting = pieces.flatMap((piece) => piece.waiting?.entries ?? []);
          expect(active.every(({ status }) => status !== 'queued')).toBe(true);
          expect(waiting.every(({ status }) => status === 'queued')).toBe(true);
          const told = [...active, ...waiting].map(({ jobId }) => jobId).sort();
          expect(told).toEqual(Object.keys(view.jobs).sort());
          expect(pieces[0]).toMatchObject({
            total: told.length,
            active: { total: active.length },
            waiting: { total: waiting.length },
          });
        }
      }),
      { numRuns: 200 },
    );
  });

  it('given more arrivals at once than are remembered, then none is missed', () => {
    const [view, kept] = [queue.init(), keptOrder(defaultQueuePolicy)];
    const events = givenEvents(
      queued('first'),
      ...Array.from({ length: 600 }, (_, i) => queued(`job ${i}`, { priority: i % 3 })),
      succeeded('first'),
    );
    for (const [i, recorded] of events.entries()) {
      queue.evolve(view, recorded);
      if (i === 0) expect(kept(view, '1').rows).toHaveLength(1);
    }
    const jobIds = kept(view, '2').rows.map(({ jobId }) => jobId);
    expect(jobIds).toEqual(toQueueView(view, '2').entries.map(({ jobId }) => jobId));
    expect(jobIds).toHaveLength(600);
  });
});
