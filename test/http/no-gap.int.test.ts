/** A reader of `jobs/stream` that is cut off at every single event, while jobs go on: it ends up knowing everything. */
import fc from 'fast-check';
import { randomUUID } from 'node:crypto';
import * as E from 'fp-ts/lib/Either.js';
import { expect, it } from 'vitest';
import type { UseCases } from '../../src/app/use-cases.js';
import { jobs } from '../../projections/jobs.js';
import { readModel } from '../read-model.js';
import { watchJobs } from '../../src/app/watch-jobs.js';
import { readEvents } from '../../src/cli/events.js';
import type { JobView } from '../../projections/jobs.js';
import type { BatonEvent } from '../../src/events/catalog.js';
import { memoryStore } from '../../src/store/memory.js';
import { anAssignment, aQueuedJob, asNew } from '../builders.js';
import { startEdge } from './edge.js';

const started = { type: 'JobStarted', data: { attempt: 1, pid: 7, startTime: '1', bootId: 'b' } } as const;
const life: readonly BatonEvent[] = [
  { type: 'JobQueued', data: aQueuedJob() },
  { type: 'JobAssigned', data: anAssignment() },
  started,
  { type: 'JobSucceeded', data: { attempt: 1 } },
];

/** A store with jobs in it, its view, and the stream over HTTP. */
const given = async () => {
  const store = memoryStore();
  const problems: unknown[] = [];
  const model = readModel(jobs, store, { onProblem: (problem) => void problems.push(problem) });
  const over: Partial<UseCases> = { watchJobs: (filter, after) => watchJobs(model, filter, after) };
  const edge = await startEdge(over);
  const at = new Map<string, number>();
  const step = async (id: string): Promise<void> => {
    const next = at.get(id) ?? 0;
    at.set(id, next + 1);
    const event = life[next];
    if (event === undefined) return;
    const done = await store.append(
      `job-${id}`,
      [asNew(event, randomUUID())],
      next === 0 ? 'no_stream' : next - 1,
    )();
    if (E.isLeft(done)) throw new Error(done.left.code);
  };
  return {
    step,
    model,
    edge,
    /** The next event behind `last`; the connection is cut right after it. */
    one: async (last: string | undefined, query = '') => {
      const response = await edge.ask('GET', `/api/v1/jobs/stream${query}`, {
        headers: last === undefined ? {} : { 'Last-Event-ID': last },
      });
      for await (const event of readEvents(response.body))
        return { id: event.id, job: JSON.parse(event.data) as JobView };
      throw new Error('the stream ended');
    },
    close: async () => {
      expect(problems).toEqual([]);
      await edge.close();
      await model.close();
      await store.close();
    },
  };
};

it('given any order of events, when the reader is cut at every event, then it has the final state of every job', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.integer({ min: 0, max: 5 }), { minLength: 6, maxLength: 24 }),
      fc.integer({ min: 0, max: 24 }),
      async (steps, before) => {
        const world = await given();
        const idOf = (n: number) => `job-${n}`;
        const written = steps.map((n) => idOf(n));
        for (const id of written.slice(0, before)) await world.step(id);
        await world.model.caughtUp();
        let writes = 'going on';
        const writing = (async () => {
          for (const id of written.slice(before)) {
            await world.step(id);
            await new Promise(setImmediate);
          }
          await world.model.caughtUp();
          writes = 'done';
        })();
        const seen = new Map<string, JobView>();
        let last: string | undefined;
        const knowsAll = (): boolean =>
          Object.values(world.model.view()).every((job) => seen.get(job.id)?.position === job.position);
        // every event has an id, so each connection gets at least one event further
        for (let connections = 0; writes !== 'done' || !knowsAll();) {
          if (knowsAll()) {
            await new Promise(setImmediate);
            continue;
          }
          expect(++connections).toBeLessThanOrEqual(steps.length);
          const { id, job } = await world.one(last);
          expect(id).toBeDefined();
          last = id;
          seen.set(job.id, job);
        }
        await writing;
        expect(Object.fromEntries(seen)).toEqual(world.model.view());
        await world.close();
      },
    ),
    { numRuns: 20 },
  );
});

it('given a Last-Event-ID, then jobs that did not change since are not told again', async () => {
  const world = await given();
  await world.step('old');
  await world.step('new');
  await world.model.caughtUp();
  const first = await world.one(undefined);
  expect(first.job.id).toBe('old');
  expect((await world.one(first.id)).job.id).toBe('new');
  await world.close();
});

it('given a Last-Event-ID of another store that lies ahead, then everything is told', async () => {
  const world = await given();
  await world.step('only');
  await world.model.caughtUp();
  expect((await world.one('999999')).job.id).toBe('only');
  await world.close();
});
