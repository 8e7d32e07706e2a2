import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as E from 'fp-ts/lib/Either.js';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { LogError, LogMatch, LogMatches, SearchWanted } from '../../src/app/ports.js';
import { fileLogStore } from '../../src/logs/files.js';
import { usualBounds } from '../../src/logs/line-texts.js';
import { lineSearch } from '../../src/logs/search-lines.js';
import { searchLog } from '../../src/logs/search.js';
import { aPart, naiveText } from './naive-search.js';

const attempt = { jobId: 'job-1', attempt: 1 };
const clock = { now: () => '2026-01-31T12:00:00.000Z' };
const never = new AbortController().signal;
const right = async <A>(task: () => Promise<E.Either<LogError, A>>): Promise<A> => {
  const result = await task();
  return E.isRight(result) ? result.right : expect.fail(JSON.stringify(result.left));
};

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'baton-search-'));
});
afterEach(() => rm(directory, { recursive: true }));

const searched = async (bytes: Buffer, wanted: SearchWanted, pieceBytes: number): Promise<LogMatches> => {
  const file = join(directory, 'a.log');
  await writeFile(file, bytes);
  const found = await searchLog(
    file,
    bytes.length,
    wanted,
    (start) => lineSearch(wanted, start),
    undefined,
    never,
    pieceBytes,
  );
  if (found === undefined) return expect.fail('given up');
  const { items, total, next } = found;
  return { items, total, ...(next === undefined ? {} : { next }) };
};

const look = (text: string, over: Partial<SearchWanted> = {}): SearchWanted => ({
  ...{ text, caseSensitive: false, from: 1, limit: 100 },
  ...over,
});

const texts = [
  ...['a', 'aa', 'ab', 'Ab', 'aba', 'er', 'error', 'ER', 'é', 'É', 'ΟΔΟΣ', 'οδος', 'οδοσ', 'İ', 'i', 'ẞ'],
  ...['k', '\u212a', '😀', '\ude00', '𐐀', '𐐨', '\ufffd', ' ', '[', '31m', 'x'.repeat(200)],
];

describe('a search', () => {
  it('given any log in any pieces, then it finds what anybody would', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(aPart, { maxLength: 60 }),
        fc.constantFrom(...texts),
        fc.boolean(),
        fc.integer({ min: 1, max: 12 }),
        fc.integer({ min: 1, max: 6 }),
        fc.oneof(fc.integer({ min: 1, max: 40 }), fc.constantFrom(100, 1000, 100_000)),
        async (parts, text, caseSensitive, from, limit, pieceBytes) => {
          const bytes = Buffer.concat(parts);
          const wanted = { text, caseSensitive, from, limit };
          expect(await searched(bytes, wanted, pieceBytes)).toEqual(naiveText(bytes, wanted));
        },
      ),
      { numRuns: 1000 },
    );
  });

  it('given a match over the border of two pieces of a long line, then it is one; given one behind another, both count', async () => {
    for (let before = 0; before < 12; before++) {
      const bytes = Buffer.from(
        `${'.'.repeat(before)}error\u001b[31merr\u001b[0mor${'.'.repeat(600)}aaaa${'x'.repeat(450)}\nerror${'x'.repeat(450)}\n`,
      );
      for (const text of ['error', 'rorerr', 'aa', 'ERROR', 'x'.repeat(200)]) {
        const wanted = look(text);
        expect(await searched(bytes, wanted, 8)).toEqual(naiveText(bytes, wanted));
      }
    }
  });

  it('given a letter, then its lower case has as many UTF-16 units as it, but for U+0130', () => {
    const others: string[] = [];
    for (let code = 0; code <= 0x10ffff; code++) {
      const one = String.fromCodePoint(code);
      if (one.toLowerCase().length !== one.length) others.push(one);
    }
    expect(others).toEqual(['\u0130']);
  });

  it('given a signal, then it stops', async () => {
    const file = join(directory, 'a.log');
    await writeFile(file, Buffer.alloc(100_000, 'error\n'));
    const abort = new AbortController();
    const wanted = look('error');
    const begin = () => lineSearch(wanted);
    const searching = searchLog(file, 100_000, wanted, begin, undefined, abort.signal, 100);
    abort.abort();
    expect(await searching).toBeUndefined();
  });
});

describe('a search in the store', () => {
  const lines = Array.from({ length: 5000 }, (_, n) => `line ${n + 1}${n % 3 === 0 ? ' Error' : ''}`);
  const bytes = Buffer.from(`${lines.join('\n')}\n`);

  it('given a log that grows, then what is there; given a sealed one, then its pages are those of one long search', async () => {
    const store = fileLogStore(directory, clock, { ...usualBounds, searchBytes: 1000 });
    const writer = await right(store.open(attempt, []));
    const find = (over: Partial<SearchWanted> = {}) =>
      right(store.search(attempt, look('error', over), never));
    expect(await find()).toEqual({ items: [], total: { lines: 0, matches: 0 }, size: 0, sealed: false });
    await right(writer.write(0, bytes.subarray(0, 12)));
    expect(await find()).toMatchObject({ total: { lines: 1 }, size: 12, sealed: false });
    await right(writer.write(12, bytes.subarray(12)));
    await right(writer.seal(false));
    await writer.close();
    const first = await find({ limit: 700 });
    expect(first).toEqual({
      ...naiveText(bytes, look('error', { limit: 700 })),
      size: bytes.length,
      sealed: true,
    });
    // these go on from marks of the first
    const rest: LogMatch[] = [];
    for (let { next } = first; next !== undefined;) {
      const page = await find({ limit: 700, from: next });
      expect(page.total).toEqual(first.total);
      rest.push(...page.items);
      next = page.next;
    }
    expect([...first.items, ...rest]).toEqual(naiveText(bytes, look('error', { limit: 5000 })).items);
    for (const from of [1, 2, 2500, 4996, 4999, 5000, 9999])
      expect(await find({ limit: 3, from })).toMatchObject(
        naiveText(bytes, look('error', { limit: 3, from })),
      );
  });

  it('given a signal that has come, then it is given up', async () => {
    const store = fileLogStore(directory, clock);
    const writer = await right(store.open(attempt, []));
    await right(writer.write(0, bytes));
    const given = await store.search(attempt, look('error'), AbortSignal.abort())();
    expect(given).toMatchObject({ left: { why: 'aborted' } });
    await writer.close();
  });
});
