import { createHash } from 'node:crypto';
import {
  appendFile,
  mkdtemp,
  readFile,
  readdir,
  rm,
  stat,
  symlink,
  truncate,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as E from 'fp-ts/lib/Either.js';
import { filter, firstValueFrom, lastValueFrom, toArray } from 'rxjs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { LogError, LogWriter } from '../../src/app/ports.js';
import { offsetRecord } from '../../src/logs/attempt-files.js';
import { fileLogStore } from '../../src/logs/files.js';

const attempt = { jobId: 'job-1', attempt: 1 };
const sha256 = (bytes: Buffer | string): string => createHash('sha256').update(bytes).digest('hex');
const right = async <A>(task: () => Promise<E.Either<LogError, A>>): Promise<A> => {
  const result = await task();
  if (E.isLeft(result)) expect.fail(JSON.stringify(result.left));
  return result.right;
};
const why = async (task: () => Promise<E.Either<LogError, unknown>>): Promise<string> => {
  const result = await task();
  return E.isLeft(result) ? result.left.why : 'no error';
};

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'baton-logs-'));
});
afterEach(() => rm(directory, { recursive: true }));

const opened = (store = fileLogStore(directory)): Promise<LogWriter> => right(store.open(attempt, []));
const file = (kind: string): string => join(directory, `job-1.1.${kind}`);
const write = (writer: LogWriter, offset: number, text: string): Promise<void> =>
  right(writer.write(offset, Buffer.from(text)));
/** The folder as a machine leaves it that stopped when `recorded` bytes were known to be on disk. */
const crashed = async (text: string, recorded: number): Promise<void> => {
  await writeFile(file('log'), text);
  await writeFile(file('offset'), offsetRecord({ source: recorded, stored: recorded }));
};

describe('writing a log', () => {
  it('given pieces in order, when sealed, then the file is their sum and the seal has its digest', async () => {
    const writer = await opened();
    await write(writer, 0, 'one\n');
    await write(writer, 4, 'two\n');
    const seal = await right(writer.seal(false));
    const digest = sha256('one\ntwo\n');
    expect(seal).toEqual({
      name: 'log',
      sourceBytes: 8,
      sourceSha256: digest,
      storedBytes: 8,
      storedSha256: digest,
      truncated: false,
    });
    expect(await readFile(file('log'), 'utf8')).toBe('one\ntwo\n');
    expect((await readdir(directory)).sort()).toEqual([
      'job-1.1.index',
      'job-1.1.log',
      'job-1.1.sealed.json',
    ]);
    await writer.close();
  });
  it('given bytes that it has, then only those after them are added', async () => {
    const writer = await opened();
    await write(writer, 0, 'abcdef');
    await write(writer, 2, 'cdefgh');
    await write(writer, 0, 'abc');
    expect(writer.offsets()).toEqual({ source: 8, stored: 8 });
    expect((await right(writer.seal(false))).storedSha256).toBe(sha256('abcdefgh'));
    await writer.close();
  });
  it('given more than the limit, then exactly that much of the source is stored, and the log says where it was cut', async () => {
    const source = 'one\ntwo\nthree\nfour\n';
    for (const cut of [8, 10]) {
      const folder = await mkdtemp(join(directory, 'cut-'));
      const store = fileLogStore(folder);
      const writer = await right(store.open(attempt, [], { limitBytes: cut }));
      await write(writer, 0, source.slice(0, 6));
      await write(writer, 6, source.slice(6, 13));
      expect(writer.offsets()).toEqual({ source: cut, stored: cut });
      // the runner goes on a little beyond its own limit
      await write(writer, 13, source.slice(13));
      expect(await why(writer.write(99, Buffer.from('x')))).toBe('gap');
      const seal = await right(writer.seal(true));
      const kept = source.slice(0, cut);
      const wanted = `${kept}${cut === 8 ? '' : '\n'}[baton: the log was cut at ${cut} bytes]\n`;
      expect(await readFile(join(folder, 'job-1.1.log'), 'utf8')).toBe(wanted);
      expect(seal).toEqual({
        ...{ name: 'log', sourceBytes: cut, sourceSha256: sha256(kept) },
        ...{ storedBytes: wanted.length, storedSha256: sha256(wanted), truncated: true },
      });
      expect((await right(store.read(attempt, 0, 1000))).bytes.toString()).toBe(wanted);
      const lines = await right(store.lines(attempt, 1, 10));
      expect([lines.lines, lines.items.at(-1)]).toMatchObject([
        cut === 8 ? 3 : 4,
        { length: wanted.length - wanted.indexOf('[') - 1 },
      ]);
      await writer.close();
    }
  });
  it('given a source that is longer than the limit, then it is truncated even if the runner does not say so', async () => {
    const writer = await right(fileLogStore(directory).open(attempt, [], { limitBytes: 4 }));
    await write(writer, 0, 'one\ntwo\n');
    expect((await right(writer.seal(false))).truncated).toBe(true);
    await writer.close();
  });
  it('given a stop at the limit, then the next one stores nothing more, and seals the same', async () => {
    const first = await right(fileLogStore(directory).open(attempt, [], { limitBytes: 5 }));
    await write(first, 0, 'one\ntwo\n');
    await first.close();
    const next = await right(fileLogStore(directory).open(attempt, [], { limitBytes: 5 }));
    expect(next.offsets()).toEqual({ source: 5, stored: 5 });
    await write(next, 5, 'wo\n');
    expect(await right(next.seal(false))).toMatchObject({
      sourceBytes: 5,
      sourceSha256: sha256('one\nt'),
      truncated: true,
    });
    await next.close();
  });
  it('given bytes beyond what it has, then it refuses and says from where to ask again', async () => {
    const writer = await opened();
    await write(writer, 0, 'abc');
    const result = await writer.write(5, Buffer.from('f'))();
    expect(E.isLeft(result) && result.left).toMatchObject({ why: 'gap' });
    expect(E.isLeft(result) && result.left.message).toContain('from byte 3');
    await writer.close();
  });
  it('given many writes at once, then they are taken in the order of asking', async () => {
    const writer = await opened();
    const pieces = Array.from({ length: 200 }, (_, i) => String(i).padStart(8, '.'));
    await Promise.all(pieces.map((piece, i) => write(writer, i * 8, piece)));
    expect((await right(writer.seal(false))).storedSha256).toBe(sha256(pieces.join('')));
    await writer.close();
  });
  it('given a second writer of the same attempt, then both may give the same bytes', async () => {
    const store = fileLogStore(directory);
    const [first, second] = [await opened(store), await opened(store)];
    await write(first, 0, 'abc');
    await write(second, 0, 'abcdef');
    await first.close();
    await write(second, 3, 'defghi');
    expect((await right(second.seal(false))).storedSha256).toBe(sha256('abcdefghi'));
    await second.close();
  });
  it('given a sealed log, then nothing can be added, and sealing again gives the same seal, also after a restart', async () => {
    const writer = await opened();
    await write(writer, 0, 'abc');
    const seal = await right(writer.seal(true));
    expect(await why(writer.write(3, Buffer.from('d')))).toBe('sealed');
    await writer.close();
    const later = await opened();
    expect(later.offsets()).toEqual({ source: 3, stored: seal.storedBytes });
    expect(await why(later.write(3, Buffer.from('d')))).toBe('sealed');
    expect(await right(later.seal(false))).toEqual(seal);
    await later.close();
  });
  it.each(['../x', '.x', '-x', 'a/b', 'a\0b', '', 'a b'])(
    'refuses the job id %j as the name of a file',
    async (jobId) => {
      expect(await why(fileLogStore(directory).open({ jobId, attempt: 1 }, []))).toBe('invalid');
      expect(await why(fileLogStore(directory).read({ jobId, attempt: 1 }, 0, 1))).toBe('invalid');
      expect(await readdir(directory)).toEqual([]);
    },
  );
});

describe('going on after a crash', () => {
  it('given bytes that were written but not recorded, then they are asked for again, and the digest is right', async () => {
    await crashed('recorded, torn', 8);
    const writer = await opened();
    expect(writer.offsets()).toEqual({ source: 8, stored: 8 });
    expect((await stat(file('log'))).size).toBe(8);
    await write(writer, 8, ' and the rest');
    expect((await right(writer.seal(false))).storedSha256).toBe(sha256('recorded and the rest'));
    expect(await readFile(file('log'), 'utf8')).toBe('recorded and the rest');
    await writer.close();
  });
  it.each([
    ['promises more than the file has', () => truncate(file('log'), 3)],
    ['is torn', () => truncate(file('offset'), 20)],
    [
      'has another digit than was written',
      () => writeFile(file('offset'), offsetRecord({ source: 8, stored: 8 }).replace('8', '7')),
    ],
  ])('given a record that %s, then the log is begun anew', async (_, damage) => {
    await crashed('recorded', 8);
    await damage();
    const writer = await opened();
    expect(writer.offsets()).toEqual({ source: 0, stored: 0 });
    await write(writer, 0, 'recorded');
    expect((await right(writer.seal(false))).storedSha256).toBe(sha256('recorded'));
    await writer.close();
  });
  it('given a writer that was closed, then the next one goes on where it was', async () => {
    const writer = await opened();
    await write(writer, 0, 'abc');
    await writer.close();
    expect(await why(writer.write(3, Buffer.from('d')))).toBe('closed');
    const next = await opened();
    expect(next.offsets()).toEqual({ source: 3, stored: 3 });
    await next.close();
  });
  it('records how far it is soon after a write, without being asked', async () => {
    const writer = await opened();
    await write(writer, 0, 'abc');
    await expect
      .poll(() => readFile(file('offset'), 'utf8').catch(() => ''), { timeout: 5000 })
      .toBe(offsetRecord({ source: 3, stored: 3 }));
    await writer.close();
  });
  it('records at once what is more than a mebibyte', async () => {
    const writer = await opened();
    await right(writer.write(0, Buffer.alloc(1024 * 1024, 'x')));
    expect(await readFile(file('offset'), 'utf8')).toBe(offsetRecord({ source: 1048576, stored: 1048576 }));
    await writer.close();
  });
});

describe('a full disk', () => {
  it('given no space, then the error says so, nothing counts as written, and with space again the same write works', async () => {
    await symlink('/dev/full', file('log'));
    const store = fileLogStore(directory);
    const writer = await opened(store);
    expect(await why(writer.write(0, Buffer.from('abc')))).toBe('disk_full');
    expect(writer.offsets()).toEqual({ source: 0, stored: 0 });
    expect(await right(store.read(attempt, 0, 10))).toMatchObject({ size: 0, sealed: false });
    await writer.close();
    await rm(file('log'));
    const again = await opened(store);
    await write(again, 0, 'abc');
    expect((await right(again.seal(false))).storedSha256).toBe(sha256('abc'));
    await again.close();
  });
});

describe('reading and watching a log', () => {
  it('given a log that grows, then a reader sees what was taken, and never more than it asked for', async () => {
    const store = fileLogStore(directory);
    expect(await right(store.read(attempt, 0, 10))).toEqual({
      bytes: Buffer.alloc(0),
      size: 0,
      sealed: false,
    });
    const writer = await opened(store);
    await write(writer, 0, 'abcdef');
    const piece = await right(store.read(attempt, 2, 3));
    expect({ ...piece, bytes: piece.bytes.toString() }).toEqual({ bytes: 'cde', size: 6, sealed: false });
    expect((await right(store.read(attempt, 6, 3))).bytes).toHaveLength(0);
    expect(await why(store.read(attempt, -1, 3))).toBe('invalid');
    // what is in the file beyond what was taken is nobody's
    await appendFile(file('log'), 'not ours');
    expect((await right(store.read(attempt, 0, 100))).bytes.toString()).toBe('abcdef');
    await writer.close();
  });
  it('given a reader that follows while it is written, then it has every byte once, in order, up to the seal', async () => {
    const store = fileLogStore(directory);
    const pieces = Array.from({ length: 300 }, (_, i) => `line ${i}\n`);
    const follow = async (): Promise<string> => {
      let text = '';
      for (;;) {
        const piece = await right(store.read(attempt, Buffer.byteLength(text), 64));
        text += piece.bytes.toString();
        if (piece.bytes.length > 0) continue;
        if (piece.sealed) return text;
        const { size } = piece;
        await firstValueFrom(store.watch(attempt).pipe(filter((now) => now.size > size || now.sealed)));
      }
    };
    const following = follow();
    const writer = await opened(store);
    let offset = 0;
    for (const piece of pieces) {
      await write(writer, offset, piece);
      offset += piece.length;
    }
    await right(writer.seal(false));
    await writer.close();
    expect(await following).toBe(pieces.join(''));
  });
  it('tells the present size at once, then each growth, and ends with the seal', async () => {
    const store = fileLogStore(directory);
    const writer = await opened(store);
    await write(writer, 0, 'abc');
    const watched = lastValueFrom(store.watch(attempt).pipe(toArray()));
    await firstValueFrom(store.watch(attempt));
    await write(writer, 3, 'def');
    await right(writer.seal(false));
    expect(await watched).toEqual([
      { size: 3, sealed: false },
      { size: 6, sealed: false },
      { size: 6, sealed: true },
    ]);
    await writer.close();
  });
});
