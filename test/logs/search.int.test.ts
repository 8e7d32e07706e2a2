import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as E from 'fp-ts/lib/Either.js';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { LogError, LogMatch, LogMatches, SearchWanted } from '../../src/app/ports.js';
import { fileLogStore } from '../../src/logs/files.js';
import { usualBounds } from '../../src/logs/line-texts.js';
import { searchLog } from '../../src/logs/search.js';

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

/** Character by character, and only where that has as many UTF-16 units. */
const lower = (text: string): string =>
  Array.from(text, (one) => (one.toLowerCase().length === one.length ? one.toLowerCase() : one)).join('');

const plain = (text: string): string =>
  text.replace(/\u001b\[[0-?]*[ -/]*[@-~]|\u001b\][^\u0007\u001b\n]*(?:\u0007|\u001b\\)/g, '');

/** As anybody would search a log that fits into memory. */
const naive = (bytes: Buffer, { text, caseSensitive, from, limit }: SearchWanted): LogMatches => {
  const fold = caseSensitive ? (one: string) => one : lower;
  const needle = fold(text);
  const found: Pick<LogMatch, 'line' | 'offset' | 'matches'>[] = [];
  const whole: { readonly line: number; readonly at: number[]; readonly text: string }[] = [];
  for (let [offset, line] = [0, 1]; offset < bytes.length; line++) {
    const feed = bytes.indexOf(10, offset);
    const end = feed === -1 ? bytes.length : feed;
    const one = plain(bytes.toString('utf8', offset, end));
    const at: number[] = [];
    const hay = fold(one);
    for (let n = hay.indexOf(needle); n !== -1; n = hay.indexOf(needle, n + needle.length)) at.push(n);
    if (at.length > 0) {
      found.push({ line, offset, matches: at.length });
      whole.push({ line, at, text: one });
    }
    offset = end + 1;
  }
  const wanted = found.filter(({ line }) => line >= from);
  const items = wanted.slice(0, limit).map((item): LogMatch => {
    const { at, text: full } = whole.find(({ line }) => line === item.line) ?? expect.fail();
    const middle = Math.max(0, (at[0] ?? 0) - 160);
    const column = middle > 0 && /^[\udc00-\udfff]/.test(full[middle] ?? '') ? middle - 1 : middle;
    const part = full.slice(column, column + 512);
    const isCut = column > 0 || column + 512 < full.length;
    return {
      ...item,
      ...{ column, text: column + 512 < full.length ? part.replace(/[\ud800-\udbff]$/, '') : part },
      columns: at.flatMap((n) =>
        n - column + needle.length <= 512 ? [[n - column, n - column + needle.length] as const] : [],
      ),
      ...(isCut ? { cut: true } : {}),
    };
  });
  const last = items.at(-1);
  return {
    items,
    total: { lines: found.length, matches: found.reduce((sum, { matches }) => sum + matches, 0) },
    ...(wanted.length > limit && last !== undefined ? { next: last.line + 1 } : {}),
  };
};

const searched = async (bytes: Buffer, wanted: SearchWanted, pieceBytes: number): Promise<LogMatches> => {
  const file = join(directory, 'a.log');
  await writeFile(file, bytes);
  const found = await searchLog(file, bytes.length, wanted, undefined, never, pieceBytes);
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
    const part = fc.oneof(
      fc.constantFrom('\n', '\r\n', '\n\n', 'error', 'er\u001b[0mror', '\u001b[31m', '\u001b[1;38;5;4m'),
      fc.constantFrom(
        '\u001b]0;title er\u0007',
        '\u001b]8;;https://example.org\u001b\\',
        '\u001b',
        '\u001b[',
      ),
      fc.constantFrom(
        '\u001b]',
        '\u001b\n',
        '\u001b]0;a\n',
        '\u0007',
        'a',
        'b',
        'Ab',
        'aB',
        'é',
        'É',
        '😀',
        '𐐀',
      ),
      fc.constantFrom('ΟΔΟΣ', 'οδος', 'İ', 'ẞ', '\u212a', 'x'.repeat(199), 'x'.repeat(450), '\u001b[31mx'),
      fc.string({ maxLength: 6 }),
    );
    const raw = fc.oneof(
      { weight: 9, arbitrary: part.map((text) => Buffer.from(text)) },
      fc.constantFrom(
        Buffer.from([0xff]),
        Buffer.from([0xc3]),
        Buffer.from([0xf0, 0x9f, 0x98]),
        Buffer.from([0x80]),
      ),
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(raw, { maxLength: 60 }),
        fc.constantFrom(...texts),
        fc.boolean(),
        fc.integer({ min: 1, max: 12 }),
        fc.integer({ min: 1, max: 6 }),
        fc.oneof(fc.integer({ min: 1, max: 40 }), fc.constantFrom(100, 1000, 100_000)),
        async (parts, text, caseSensitive, from, limit, pieceBytes) => {
          const bytes = Buffer.concat(parts);
          const wanted = { text, caseSensitive, from, limit };
          expect(await searched(bytes, wanted, pieceBytes)).toEqual(naive(bytes, wanted));
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
        expect(await searched(bytes, wanted, 8)).toEqual(naive(bytes, wanted));
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
    const searching = searchLog(file, 100_000, look('error'), undefined, abort.signal, 100);
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
      ...naive(bytes, look('error', { limit: 700 })),
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
    expect([...first.items, ...rest]).toEqual(naive(bytes, look('error', { limit: 5000 })).items);
    for (const from of [1, 2, 2500, 4996, 4999, 5000, 9999])
      expect(await find({ limit: 3, from })).toMatchObject(naive(bytes, look('error', { limit: 3, from })));
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
