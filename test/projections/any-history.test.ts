import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { changes } from '../../plugin/hosts/standalone/changes.js';
import { numbers } from '../../plugin/hosts/standalone/numbers.js';
import { commands } from '../../projections/commands.js';
import { explain, explainJob } from '../../projections/explain.js';
import { history } from '../../projections/history.js';
import { historyPage } from '../../projections/history-page.js';
import { jobs } from '../../projections/jobs.js';
import { queue, toQueueView } from '../../projections/queue.js';
import { measuresBetween, queueMeasures } from '../../projections/queue-measures.js';
import { runnerHealth, runnerViews } from '../../projections/runner-health.js';
import type { BatonEvent } from '../../src/events/catalog.js';
import type { Projection } from '../../src/kernel/projection.js';
import { givenEvents, viewOf } from '../given.js';
import { anyHistory, anyHistoryOf } from './any-event.js';

const stored = <View>(view: View): View => JSON.parse(JSON.stringify(view)) as View;

/** Vitest's own comparison looks for a constructor, and finds a job of that name. */
const expectSame = (a: unknown, b: unknown): void => {
  if (!isDeepStrictEqual(a, b)) expect.fail(`${JSON.stringify(a)} differs from ${JSON.stringify(b)}`);
};

const holdsForAny = <View>(
  projection: Projection<View, BatonEvent>,
  ask: (view: View) => unknown,
  histories = anyHistory,
): void => {
  fc.assert(
    fc.property(histories, fc.nat(60), (given, cut) => {
      const events = givenEvents(...given);
      const before = JSON.stringify(events);
      const view = viewOf(projection, events);
      expectSame(stored(view), view);
      // stored at any moment and taken up again, it comes to the same
      const resumed = stored(viewOf(projection, events.slice(0, cut)));
      for (const recorded of events.slice(cut)) projection.evolve(resumed, recorded);
      expectSame(resumed, view);
      ask(view);
      // neither the events nor what all objects inherit have been touched
      expect(JSON.stringify(events)).toBe(before);
      expect(Object.keys(Object.prototype)).toEqual([]);
    }),
    { numRuns: 300 },
  );
};

describe('any history of valid events, likely or not, folds into plain JSON that can be stored and taken up again', () => {
  it('as jobs', () => {
    holdsForAny(jobs, () => undefined);
  });
  it('as the queue, which shows only live jobs', () => {
    holdsForAny(queue, (view) => {
      for (const { status } of toQueueView(view, '1').entries)
        expect(['queued', 'assigned', 'running']).toContain(status);
    });
  });
  it('as runner health, where no job holds two slots', () => {
    holdsForAny(runnerHealth, (view) => {
      const holders = runnerViews(view).flatMap(({ current }) => Object.values(current));
      expect(new Set(holders).size).toBe(holders.length);
    });
  });
  it('as measures of the queue, of which the last step tells how it is now', () => {
    holdsForAny(queueMeasures, (view) => {
      const { lastMs, depth, running } = view;
      if (lastMs === 0) return;
      const { items } = measuresBetween(view, {
        sinceMs: lastMs - 600_000,
        untilMs: lastMs + 1,
        nowMs: lastMs,
      });
      expect(items.at(-1)).toMatchObject({ depthEnd: depth, running });
      const live = Object.values(view.jobs).map(({ status }) => status);
      expect(live.filter((status) => status === 'queued')).toHaveLength(depth);
      expect(live.filter((status) => status === 'running')).toHaveLength(running);
    });
  });
  it('as history', () => {
    holdsForAny(history, (view) => historyPage(view, {}, { limit: 5 }));
  });
  it('as explanations, with a verdict for every job', () => {
    holdsForAny(explain, (view) => {
      for (const id of Object.keys(view.jobs)) expect(explainJob(view, id)?.verdict).toMatch(/\S/);
    });
  });
  it('as commands, each once', () => {
    holdsForAny(commands, ({ known, order }) => {
      expect([...order].sort()).toEqual(Object.keys(known).sort());
    });
  });
  it('as numbers, one for each job', () => {
    holdsForAny(numbers, ({ jobs: all, stages, phaseRuns }) => {
      expect(stages).toHaveLength(all.length);
      expect(all.map((id) => phaseRuns[id])).toEqual(all.map((_, n) => n + 1));
    });
  });
  // ids of changes and stage runs are derived ones, never names of what all objects have
  it('as changes', () => {
    holdsForAny(changes, () => undefined, anyHistoryOf(['a', 'b', 'r1']));
  });
});
