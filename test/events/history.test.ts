import { readdirSync, readFileSync } from 'node:fs';
import * as E from 'fp-ts/lib/Either.js';
import { describe, expect, it } from 'vitest';
import { changes } from '../../plugin/hosts/standalone/changes.js';
import { history } from '../../projections/history.js';
import { jobs } from '../../projections/jobs.js';
import { queue, toQueueView } from '../../projections/queue.js';
import { decode } from '../../src/events/catalog.js';
import { currentSchema, upcast } from '../../src/events/upcast.js';
import type { RawEvent, Recorded } from '../../src/kernel/recorded.js';
import { viewOf } from '../given.js';

const folder = new URL('../fixtures/history/', import.meta.url);

/** Recorded by released versions; never edited. */
describe.each(readdirSync(folder))('the history of %s', (name) => {
  const raw = readFileSync(new URL(name, folder), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Recorded<RawEvent>);
  const decoded = raw.map(decode);
  const events = decoded.flatMap((one) => (E.isRight(one) ? [one.right] : []));

  it('is read to the last event', () => {
    expect(decoded.flatMap((one) => (E.isLeft(one) ? [one.left] : []))).toEqual([]);
    expect(events.length).toBeGreaterThan(50);
  });

  it('is the same after upcasting twice', () => {
    for (const { event, metadata } of raw) {
      const once = upcast(event, metadata.schema);
      expect(upcast(once, currentSchema(once.type))).toEqual(once);
    }
  });

  it('folds into views in which every job has ended and nothing waits', () => {
    expect(Object.values(viewOf(jobs, events)).filter(({ endedAt }) => endedAt === undefined)).toEqual([]);
    expect(toQueueView(viewOf(queue, events), '1').entries).toEqual([]);
    expect(Object.keys(viewOf(changes, events).changes)).toHaveLength(3);
    expect(JSON.stringify(viewOf(history, events))).toContain('"cancelled"');
  });
});
