import * as E from 'fp-ts/lib/Either.js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { jobs } from '../../projections/jobs.js';
import { jobPage } from '../../src/app/job-reads.js';
import { cursorOf } from '../../src/app/pages.js';
import type { JobFilter } from '../../src/app/use-cases.js';
import { givenEvents, viewOf, type Given } from '../given.js';
import { assigned, queued, started, succeeded } from '../projections/stories.js';

/** Jobs queued one after the other; some in the same millisecond, some after the clock was set back. */
const arrivals = fc.array(fc.constantFrom(0, 0, 1, 5, -3), { maxLength: 40 }).map((steps) =>
  steps.map((afterMs, i): Given => ({
    ...queued(`j${i}`, i % 3 === 0 ? { change: { id: 'c', title: 't' } } : {}),
    afterMs,
  })),
);

const pageOf = (
  view: Parameters<typeof jobPage>[0],
  filter: JobFilter,
  cursor: string | undefined,
  limit: number,
) => {
  const page = jobPage(view, filter, { limit, ...(cursor === undefined ? {} : { cursor }) });
  return E.isRight(page) ? page.right : expect.fail(page.left.message);
};

describe('pages of jobs', () => {
  it('property: while jobs come and go on, no job that was there at the first page is missed or repeated', () => {
    fc.assert(
      fc.property(
        arrivals,
        fc.nat(40),
        fc.integer({ min: 1, max: 5 }),
        fc.constantFrom<JobFilter>({}, { change: 'c' }),
        (given, cut, limit, filter) => {
          const events = givenEvents(...given);
          const view = viewOf(jobs, events.slice(0, cut));
          const there = pageOf(view, filter, undefined, 1000).items.map(({ id }) => id);
          const seen: string[] = [];
          let later = cut;
          for (let cursor: string | undefined, first = true; first || cursor !== undefined; first = false) {
            const page = pageOf(view, filter, cursor, limit);
            seen.push(...page.items.map(({ id }) => id));
            cursor = page.next;
            for (const recorded of events.slice(later, later + 1)) jobs.evolve(view, recorded);
            later += 1;
          }
          expect(new Set(seen).size).toBe(seen.length);
          expect(seen.filter((id) => there.includes(id))).toEqual(there);
        },
      ),
      { numRuns: 300 },
    );
  });
  it('are newest first, and the last has no next', () => {
    const view = viewOf(jobs, givenEvents(queued('a'), queued('b'), queued('c')));
    const first = pageOf(view, {}, undefined, 2);
    expect(first.items.map(({ id }) => id)).toEqual(['c', 'b']);
    const last = pageOf(view, {}, first.next, 2);
    expect(last.items.map(({ id }) => id)).toEqual(['a']);
    expect(last).not.toHaveProperty('next');
  });
  it('given a filter on what changes, then each page says what fits when it is asked for', () => {
    const events = givenEvents(queued('a'), queued('b'), assigned('b'), started('b'), succeeded('b'));
    const view = viewOf(jobs, events);
    expect(pageOf(view, { status: 'queued' }, undefined, 5).items.map(({ id }) => id)).toEqual(['a']);
  });
  it.each([
    '!!',
    cursorOf('history-2', 3),
    cursorOf('jobs', 3, 'x'),
    cursorOf('jobs'),
    Buffer.from('null').toString('base64url'),
    Buffer.from('["jobs"').toString('base64url'),
  ])('given the cursor %s, which this list never gave, then a refusal', (cursor) => {
    const page = jobPage({}, {}, { cursor, limit: 1 });
    expect(E.isLeft(page) && [page.left.code, page.left.reason]).toEqual(['invalid', 'cursor_unusable']);
  });
});
