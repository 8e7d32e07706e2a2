import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as E from 'fp-ts/lib/Either.js';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { LogError, LogStore, SearchWanted } from '../../src/app/ports.js';
import { expressionsBy } from '../../src/logs/expressions.js';
import { fileLogStore } from '../../src/logs/files.js';
import { usualBounds } from '../../src/logs/line-texts.js';
import { beside } from '../../src/logs/search-beside.js';

const attempt = { jobId: 'job-1', attempt: 1 };
const clock = { now: () => '2026-01-31T12:00:00.000Z' };
const never = new AbortController().signal;
// a thread runs what was built
const run = beside(new URL('../../dist/src/logs/search-worker.js', import.meta.url));

const right = async <A>(task: () => Promise<E.Either<LogError, A>>): Promise<A> => {
  const result = await task();
  return E.isRight(result) ? result.right : expect.fail(JSON.stringify(result.left));
};

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'baton-beside-'));
});
afterEach(() => rm(directory, { recursive: true }));

const look = (text: string, over: Partial<SearchWanted> = {}): SearchWanted => ({
  ...{ text, regex: true, caseSensitive: false, from: 1, limit: 100 },
  ...over,
});

/** A sealed log, in a store that gives an expression so long. */
const given = async (bytes: Buffer, mostMs?: number): Promise<LogStore> => {
  const store = fileLogStore(directory, clock, usualBounds, expressionsBy(run, mostMs));
  const writer = await right(store.open(attempt, []));
  await right(writer.write(0, bytes));
  await right(writer.seal(false));
  await writer.close();
  return store;
};

/** Each place of it is the beginning of a match that is looked for up to the end of the line. */
const SLOW = { text: '[^b]*b|a', bytes: Buffer.alloc(400_000, 'a') };

describe('a search by expression in a thread beside [needs build]', () => {
  it('given a sealed log, then its pages are those of one long search, and text is searched as text', async () => {
    const lines = Array.from({ length: 5000 }, (_, n) => `line ${n + 1}${n % 3 === 0 ? ' Error 17' : ''}`);
    const store = await given(Buffer.from(`${lines.join('\n')}\n`));
    const all = await right(store.search(attempt, look('error \\d+$', { limit: 1000 }), never));
    expect(all).toMatchObject({ total: { lines: 1667, matches: 1667 }, sealed: true, next: 2999 });
    const { next = 0, total } = await right(
      store.search(attempt, look('error \\d+$', { limit: 700 }), never),
    );
    const rest = await right(store.search(attempt, look('error \\d+$', { from: next, limit: 300 }), never));
    expect(rest).toMatchObject({ items: all.items.slice(700), total });
    expect(
      await right(store.search(attempt, look('error \\d+$', { caseSensitive: true }), never)),
    ).toMatchObject({
      total: { lines: 0 },
    });
    expect(await right(store.search(attempt, look('error \\d+$', { regex: false }), never))).toMatchObject({
      total: { lines: 0 },
    });
  });

  it('given an expression, then it is said whether it can be used, also of one that is too large', async () => {
    const { expressionProblem } = fileLogStore(directory, clock, usualBounds, expressionsBy(run));
    expect(await right(expressionProblem('a+b', true))).toBeUndefined();
    expect(await right(expressionProblem('a(b', true))).toMatchObject({
      found: '( at character 2, which is never closed',
    });
    // compiled at once, not one after the other
    const large = Array.from({ length: 8 }, () =>
      right(expressionProblem('(?:abcdefghij){1000}'.repeat(9), false)),
    );
    for (const problem of await Promise.all(large))
      expect(problem).toMatchObject({ found: 'an expression that is too large' });
  });

  it('given a client that leaves in the middle of a line, then the search ends, and the next one is answered', async () => {
    const store = await given(SLOW.bytes);
    const abort = new AbortController();
    const searching = store.search(attempt, look(SLOW.text), abort.signal)();
    setImmediate(() => abort.abort());
    expect(await searching).toMatchObject({ left: { why: 'aborted' } });
    expect(await store.search(attempt, look('a'), AbortSignal.abort())()).toMatchObject({
      left: { why: 'aborted' },
    });
    expect(await right(store.search(attempt, look('b|^'), never))).toMatchObject({ total: { lines: 1 } });
  });

  it('given an expression that takes too long, then it is ended and refused', async () => {
    const store = await given(SLOW.bytes, 300);
    expect(await store.search(attempt, look(SLOW.text), never)()).toMatchObject({
      left: { why: 'search_too_long', message: 'The expression was not through with the log after 0.3 s.' },
    });
  });
});
