import { copyFile, mkdtemp, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as E from 'fp-ts/lib/Either.js';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { LogError, LogLine } from '../../src/app/ports.js';
import { offsetRecord } from '../../src/logs/attempt-files.js';
import { fileLogStore } from '../../src/logs/files.js';
import { plusMillis } from '../../src/kernel/time.js';
import { FIRST_INSTANT } from '../given.js';

const attempt = { jobId: 'job-1', attempt: 1 };
const right = async <A>(task: () => Promise<E.Either<LogError, A>>): Promise<A> => {
  const result = await task();
  return E.isRight(result) ? result.right : expect.fail(JSON.stringify(result.left));
};

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'baton-lines-'));
});
afterEach(() => rm(directory, { recursive: true }));

const file = (kind: string): string => join(directory, `job-1.1.${kind}`);

/** A store whose clock stands where the test puts it. */
const timed = (folder = directory) => {
  let ms = 0;
  const clock = { now: () => plusMillis(FIRST_INSTANT, ms) };
  return { store: fileLogStore(folder, clock), at: (now: number): void => void (ms = now) };
};
const since = ({ receivedAt }: LogLine): number | undefined =>
  receivedAt === undefined ? undefined : Date.parse(receivedAt) - Date.parse(FIRST_INSTANT);

/** As anybody would find the lines of a whole text. */
const naive = (text: string): readonly (readonly [number, number, number])[] => {
  let offset = 0;
  const all = text.split('\n').map((line, n) => {
    const found = [n + 1, offset, Buffer.byteLength(line)] as const;
    offset += Buffer.byteLength(line) + 1;
    return found;
  });
  return text === '' || text.endsWith('\n') ? all.slice(0, -1) : all;
};
const places = (items: readonly LogLine[]) => items.map(({ line, offset, length }) => [line, offset, length]);

describe('the lines of a log', () => {
  it('are found by number, with the time at which each began to come', async () => {
    const { store, at } = timed();
    const writer = await right(store.open(attempt, []));
    await right(writer.write(0, Buffer.from('one\ntwo\nthr')));
    at(5000);
    await right(writer.write(11, Buffer.from('ee\nfour\n\nsix')));
    const all = await right(store.lines(attempt, 1, 100));
    expect(all).toMatchObject({ lines: 6, size: 23, sealed: false });
    expect(places(all.items)).toEqual(naive('one\ntwo\nthree\nfour\n\nsix'));
    expect(all.items.map(since)).toEqual([0, 0, 0, 5000, 5000, 5000]);
    expect(places((await right(store.lines(attempt, 4, 2))).items)).toEqual([
      [4, 14, 4],
      [5, 19, 0],
    ]);
    expect((await right(store.lines(attempt, 7, 5))).items).toEqual([]);
    expect(await store.lines(attempt, 0, 5)()).toMatchObject({ left: { why: 'invalid' } });
    await right(writer.seal(false));
    await writer.close();
    // another server finds the same
    expect(await right(fileLogStore(directory).lines(attempt, 1, 100))).toEqual({ ...all, sealed: true });
  });

  it('given what was there before it was collected, then its time is that of the collection, and it says so', async () => {
    const { store, at } = timed();
    const first = await right(store.open(attempt, []));
    await right(first.write(0, Buffer.from('one\n')));
    await first.close();
    at(60_000);
    const later = await right(store.open(attempt, [], { lateBelow: 12 }));
    await right(later.write(4, Buffer.from('two\nthree\n'.slice(0, 8))));
    at(61_000);
    await right(later.write(12, Buffer.from('e\nfour\n')));
    await right(later.seal(false));
    await later.close();
    const { items } = await right(store.lines(attempt, 1, 10));
    expect(items.map((line) => [since(line), line.collectedLate === true])).toEqual([
      [0, false],
      [60_000, true],
      [60_000, true],
      [61_000, false],
    ]);
  });

  it('are those of the stored text where values are masked', async () => {
    const { store } = timed();
    const writer = await right(store.open(attempt, ['hunter22']));
    await right(writer.write(0, Buffer.from('a hunt')));
    await right(writer.write(6, Buffer.from('er22\nb\n')));
    await right(writer.seal(false));
    await writer.close();
    const { items } = await right(store.lines(attempt, 1, 10));
    expect(places(items)).toEqual(naive('a [masked]\nb\n'));
  });

  it('given any text in any pieces, with or without its index, then they are those of the text', async () => {
    const text = fc.array(
      fc.oneof(fc.constant('\n'), fc.constant('x'.repeat(3000)), fc.string({ maxLength: 5 })),
      {
        maxLength: 120,
      },
    );
    await fc.assert(
      fc.asyncProperty(
        text,
        fc.array(fc.integer({ min: 1, max: 40_000 }), { maxLength: 6 }),
        fc.constantFrom('sealed', 'open', 'no index', 'half an index', 'torn'),
        fc.nat(130),
        async (parts, cuts, what, from) => {
          const bytes = Buffer.from(parts.join(''));
          const folder = await mkdtemp(join(directory, 'log-'));
          const { store, at } = timed(folder);
          const writer = await right(store.open(attempt, []));
          let done = 0;
          for (const cut of [...cuts, bytes.length]) {
            at(done);
            await right(writer.write(done, bytes.subarray(done, done + cut)));
            done = Math.min(bytes.length, done + cut);
          }
          if (what !== 'open') await right(writer.seal(false));
          await writer.close();
          const index = join(folder, 'job-1.1.index');
          // a log without a byte has no index
          if (bytes.length > 0) {
            const length = (await stat(index)).size;
            if (what === 'no index') await rm(index);
            if (what === 'half an index') await truncate(index, Math.floor(length / 40) * 20);
            if (what === 'torn') await truncate(index, Math.max(0, length - 7));
          }
          const wanted = naive(bytes.toString());
          // twice, since the first may mend the index
          for (const again of [1, 2]) {
            const found = await right(fileLogStore(folder).lines(attempt, from + 1, 50));
            expect(places(found.items), `${what} ${again}`).toEqual(wanted.slice(from, from + 50));
            expect(found.lines).toBe(wanted.length);
          }
          if (what !== 'open' && bytes.length > 0) expect((await stat(index)).size).toBeGreaterThan(0);
        },
      ),
      { numRuns: 150 },
    );
  });

  it('given a lost index, then what is made anew has no times, and what comes after it has', async () => {
    const { store, at } = timed();
    const first = await right(store.open(attempt, []));
    await right(first.write(0, Buffer.from('one\ntwo\n')));
    await first.close();
    await rm(file('index'));
    at(9000);
    const next = await right(store.open(attempt, []));
    await right(next.write(8, Buffer.from('three\n')));
    const { items } = await right(store.lines(attempt, 1, 10));
    expect(items.map(since)).toEqual([undefined, undefined, 9000]);
    await next.close();
  });

  it('given a crash, then marks of bytes that were lost do not count', async () => {
    const { store, at } = timed();
    const writer = await right(store.open(attempt, []));
    await right(writer.write(0, Buffer.from('one\n')));
    at(1000);
    await right(writer.write(4, Buffer.from('two\n')));
    at(2000);
    await right(writer.write(8, Buffer.from('three\n')));
    await writer.close();
    await writeFile(file('offset'), offsetRecord({ source: 8, stored: 8 }));
    at(90_000);
    const next = await right(store.open(attempt, [], { lateBelow: 20 }));
    await right(next.write(8, Buffer.from('three\n')));
    const { items } = await right(store.lines(attempt, 1, 10));
    expect(items.map(since)).toEqual([0, 1000, 90_000]);
    await next.close();
  });

  it('given an index that cannot be written, then the log is stored all the same', async () => {
    await copyFile('/dev/null', file('log'));
    const { mkdir } = await import('node:fs/promises');
    await mkdir(file('index'));
    const { store } = timed();
    const writer = await right(store.open(attempt, []));
    await right(writer.write(0, Buffer.from('one\ntwo\n')));
    await right(writer.seal(false));
    await writer.close();
    expect(await readFile(file('log'), 'utf8')).toBe('one\ntwo\n');
  });
});
