import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { measuresBetween, queueMeasures, type QueueMeasure } from '../../projections/queue-measures.js';
import { addWait, waitAt, type WaitHistogram } from '../../projections/wait-histogram.js';
import { FIRST_INSTANT, givenEvents, viewOf, type Given } from '../given.js';
import { assigned, queued, requeued, started, succeeded } from './stories.js';

const BEGIN = Date.parse(FIRST_INSTANT);
const [MINUTE, HOUR, DAY] = [60_000, 3_600_000, 86_400_000];
const later = (event: Given, afterMs: number): Given => ({ ...event, afterMs });

const viewAfter = (...events: readonly Given[]) => viewOf(queueMeasures, givenEvents(...events));
const measured = (view: ReturnType<typeof viewAfter>, nowMs: number, sinceMs = BEGIN, untilMs = nowMs) =>
  measuresBetween(view, { sinceMs, untilMs, nowMs });
const minutesOf = (items: readonly QueueMeasure[]) =>
  items.map(({ depthMax, depthEnd, running, started: n }) => [depthMax, depthEnd, running, n].join(' '));

describe('the queue over time', () => {
  it('given jobs over some minutes, then each minute tells its most, its end, what ran and what started; quiet ones too', () => {
    const view = viewAfter(
      ...[queued('a'), later(queued('b'), 0), later(queued('c'), 0)],
      ...[later(assigned('a'), 10_000), later(started('a'), 0), later(assigned('b'), 0)],
      later(started('b'), 3 * MINUTE),
      later(succeeded('a'), 1000),
    );
    const { step, items } = measured(view, BEGIN + 5 * MINUTE - 1);
    expect(step).toBe('1m');
    expect(minutesOf(items)).toEqual(['3 1 1 1', '1 1 1 0', '1 1 1 0', '1 1 1 1', '1 1 1 0']);
    expect(items.map(({ at }) => at.slice(11, 16))).toEqual(['00:00', '00:01', '00:02', '00:03', '00:04']);
    expect(items[0]).toMatchObject({ oldestMs: MINUTE });
    expect(items[4]).toMatchObject({ oldestMs: 5 * MINUTE - 1, waitP50Ms: null, waitP95Ms: null });
    expect(items[0]?.waitP50Ms).toBeGreaterThan(9_780);
    expect(items[0]?.waitP50Ms).toBeLessThan(10_220);
  });

  it('given a job that is queued again, then it waits from then on', () => {
    const view = viewAfter(
      ...[queued('a'), later(assigned('a'), 5 * MINUTE), later(requeued('a'), 0)],
      ...[later(assigned('a'), 1000), later(started('a', 2), 0)],
    );
    const last = measured(view, BEGIN + 5.5 * MINUTE).items.at(-1);
    expect(last?.started).toBe(1);
    expect(last?.waitP95Ms).toBeLessThan(1100);
    expect(last).not.toHaveProperty('oldestMs');
  });

  it('given more than a day, then minutes are kept for a day and hours for 30, and what waits goes on to be told', () => {
    const steps = Array.from({ length: 45 }, (_, day) => later(queued(`job ${day}`), day === 0 ? 0 : DAY));
    const view = viewAfter(...steps);
    const nowMs = BEGIN + 44 * DAY;
    expect(view.series['1m'].buckets.length).toBeLessThanOrEqual(1440);
    expect(view.series['1h'].buckets.length).toBeLessThanOrEqual(31);
    const minutes = measured(view, nowMs, nowMs - DAY);
    expect(minutes.items[0]).toMatchObject({ depthEnd: 44, oldestMs: expect.any(Number) as number });
    expect(minutes.items.at(-1)).toMatchObject({ depthEnd: 45, oldestMs: 44 * DAY });
    const hours = measured(view, nowMs);
    expect(hours.step).toBe('1h');
    expect(hours.items[0]).toMatchObject({ depthEnd: 15 });
    expect(hours.items).toHaveLength(721);
  });

  it('given a clock that was a year ahead and is set right, then what it said before is forgotten, and measures go on', () => {
    const view = viewAfter(
      ...[queued('a'), later(queued('b'), 365 * DAY), later(queued('c'), -365 * DAY + MINUTE)],
      later(queued('d'), -1000),
    );
    expect(measured(view, BEGIN + 1.5 * MINUTE).items).toMatchObject([{ depthEnd: 1 }, { depthEnd: 4 }]);
  });

  it('given any jobs at any times, then steps add up: what started in all of them, and the depth from one to the next', () => {
    const steps = fc.array(fc.tuple(fc.nat(8), fc.nat(4), fc.nat(10 * MINUTE)), { maxLength: 60 });
    fc.assert(
      fc.property(steps, (walk) => {
        const life = [queued, assigned, started, succeeded, requeued] as const;
        const events = walk.map(([job, step, afterMs]) => later((life[step] ?? queued)(`j${job}`), afterMs));
        const view = viewAfter(...events);
        if (view.lastMs === 0) return;
        const [minutes, hours] = [measured(view, view.lastMs), measuresBetweenHours(view)];
        const sum = (items: readonly QueueMeasure[]) => items.reduce((all, { started: n }) => all + n, 0);
        expect(sum(minutes.items)).toBe(sum(hours.items));
        expect(minutes.items.at(-1)?.depthEnd).toBe(hours.items.at(-1)?.depthEnd);
        for (const items of [minutes.items, hours.items])
          for (const [i, { depthMax, depthEnd, oldestMs }] of items.entries()) {
            expect(depthMax).toBeGreaterThanOrEqual(Math.max(depthEnd, items[i - 1]?.depthEnd ?? 0));
            expect(oldestMs === undefined).toBe(depthEnd === 0);
          }
        const most = Math.max(...minutes.items.map(({ depthMax }) => depthMax));
        expect(Math.max(...hours.items.map(({ depthMax }) => depthMax))).toBe(most);
      }),
    );
  });
});

/** As for a reader who asks for more than a day. */
function measuresBetweenHours(view: ReturnType<typeof viewAfter>) {
  return measuresBetween(view, {
    ...{ sinceMs: view.lastMs - 2 * DAY, untilMs: view.lastMs + HOUR, nowMs: view.lastMs },
  });
}

it('given any waits, then what is read of them lies within 2.2 % and half a millisecond of the exact answer', () => {
  const wait = fc.oneof(fc.nat(20), fc.nat(100_000), fc.nat(30 * DAY));
  fc.assert(
    fc.property(
      fc.array(wait, { minLength: 1, maxLength: 300 }),
      fc.constantFrom(0.5, 0.95),
      (waits, part) => {
        const histogram: WaitHistogram = {};
        for (const ms of waits) addWait(histogram, ms);
        const exact = waits.toSorted((a, b) => a - b)[Math.ceil(part * waits.length) - 1] ?? 0;
        const told = waitAt(histogram, part) ?? NaN;
        expect(Math.abs(told - exact)).toBeLessThanOrEqual(0.5 + exact * 0.022);
      },
    ),
  );
  expect(waitAt({}, 0.5)).toBeNull();
});
