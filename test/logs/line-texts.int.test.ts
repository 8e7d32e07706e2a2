import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as E from 'fp-ts/lib/Either.js';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { FoundLines, LogError } from '../../src/app/ports.js';
import { fileLogStore } from '../../src/logs/files.js';
import type { TextBounds } from '../../src/logs/line-texts.js';

const attempt = { jobId: 'job-1', attempt: 1 };
const clock = { now: () => '2026-01-31T12:00:00.000Z' };
const right = async <A>(task: () => Promise<E.Either<LogError, A>>): Promise<A> => {
  const result = await task();
  return E.isRight(result) ? result.right : expect.fail(JSON.stringify(result.left));
};

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'baton-texts-'));
});
afterEach(() => rm(directory, { recursive: true }));

/** A log of these bytes, written in pieces of that size. */
const written = async (folder: string, bytes: Buffer, piece: number, seal: boolean) => {
  const store = fileLogStore(folder, clock);
  const writer = await right(store.open(attempt, []));
  for (let at = 0; at < bytes.length; at += piece)
    await right(writer.write(at, bytes.subarray(at, at + piece)));
  if (seal) await right(writer.seal(false));
  return { store, writer };
};

const logOf = async (bytes: Buffer, bounds?: TextBounds) => {
  await (await written(directory, bytes, 1000, true)).writer.close();
  return fileLogStore(directory, clock, bounds);
};

const texts = ({ items }: FoundLines) => items.map(({ text }) => text);
const numbers = ({ items }: FoundLines) => items.map(({ line }) => line);

describe('lines from the end', () => {
  it('given fewer lines than are asked for, then all of them from the first on', async () => {
    const store = await logOf(Buffer.from('one\ntwo\nthree'));
    expect(numbers(await right(store.lines(attempt, -500, 500)))).toEqual([1, 2, 3]);
    expect(numbers(await right(store.lines(attempt, -500, 2)))).toEqual([1, 2]);
    expect(numbers(await right(store.lines(attempt, -2, 500)))).toEqual([2, 3]);
    expect(numbers(await right(store.lines(attempt, -2, 1)))).toEqual([2]);
    expect(await store.lines(attempt, 0, 1)()).toMatchObject({ left: { why: 'invalid' } });
  });

  it('given any log that is written in any pieces, sealed or growing, then they are what anybody would find', async () => {
    const part = fc.oneof(
      fc.constant('\n'),
      fc.constant('\n'.repeat(70_000)),
      fc.constant('x'.repeat(3000)),
      fc.constant('y'.repeat(65_535)),
      fc.constant('z'.repeat(200_000)),
      fc.string({ maxLength: 5 }),
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(part, { maxLength: 30 }),
        fc.integer({ min: 20_000, max: 400_000 }),
        fc.boolean(),
        fc.oneof(fc.integer({ min: 1, max: 40 }), fc.integer({ min: -70_020, max: -1 })),
        async (parts, piece, seal, from) => {
          const bytes = Buffer.from(parts.join(''));
          const folder = await mkdtemp(join(directory, 'log-'));
          const { store, writer } = await written(folder, bytes, piece, seal);
          const all = bytes.toString().split('\n');
          if (all.at(-1) === '') all.pop();
          const first = from > 0 ? from - 1 : Math.max(0, all.length + from);
          const wanted = all.slice(first, first + 20);
          const found = await right(store.lines(attempt, from, 20, true));
          expect(found.lines).toBe(all.length);
          expect(found.omitted).toBeUndefined();
          expect(found.items.map(({ line, length }) => [line, length])).toEqual(
            wanted.map((text, n) => [first + n + 1, Buffer.byteLength(text)]),
          );
          expect(found.items.every(({ text, cut }) => text?.length === 8192 || cut !== true)).toBe(true);
          expect(texts(found)).toEqual(wanted.map((text) => text.slice(0, 8192)));
          await writer.close();
        },
      ),
      { numRuns: 60 },
    );
  });
});

describe('the texts of lines', () => {
  it('given bytes that are no UTF-8, carriage returns and colours, then they are told as they are', async () => {
    const store = await logOf(
      Buffer.from([0xff, 0x61, 0x0d, 0x0a, 0x1b, 0x5b, 0x6d, 0x0a, 0xc3, 0x0a, 0x0a]),
    );
    expect(texts(await right(store.lines(attempt, 1, 10, true)))).toEqual([
      '\ufffda\r',
      '\u001b[m',
      '\ufffd',
      '',
    ]);
    expect(texts(await right(store.lines(attempt, 1, 1)))).toEqual([undefined]);
  });

  it('given a line that is longer than its bound, then its whole characters up to there, and it says so', async () => {
    const store = await logOf(Buffer.from('ääää\nabcde\n'), { lineBytes: 5, answerBytes: 100 });
    expect((await right(store.lines(attempt, 1, 2, true))).items).toMatchObject([
      { length: 8, text: 'ää', cut: true },
      { length: 5, text: 'abcde' },
    ]);
  });

  it('given more than fits, then fewer come from the side that was asked for, and the others are named', async () => {
    const lines = Array.from({ length: 1200 }, (_, n) => `line ${String(n + 1).padStart(5, '0')}`);
    const store = await logOf(Buffer.from(`${lines.join('\n')}\n`), { lineBytes: 10, answerBytes: 6007 });
    const first = await right(store.lines(attempt, 101, 1000, true));
    expect(texts(first)).toEqual(lines.slice(100, 700));
    expect(first.omitted).toEqual({ from: 701, count: 400 });
    const last = await right(store.lines(attempt, -1000, 1000, true));
    expect(texts(last)).toEqual(lines.slice(600));
    expect(last.omitted).toEqual({ from: 201, count: 400 });
    const middle = await right(store.lines(attempt, -1000, 700, true));
    expect([numbers(middle)[0], numbers(middle).at(-1), middle.omitted]).toEqual([
      301,
      900,
      { from: 201, count: 100 },
    ]);
    // a bound is for texts alone
    expect((await right(store.lines(attempt, 1, 1200))).items).toHaveLength(1200);
  });
});
