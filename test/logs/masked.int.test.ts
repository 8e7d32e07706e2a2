import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as E from 'fp-ts/lib/Either.js';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { LogError, LogWriter } from '../../src/app/ports.js';
import { offsetRecord } from '../../src/logs/attempt-files.js';
import { fileLogStore } from '../../src/logs/files.js';
import { writeFile } from 'node:fs/promises';

const attempt = { jobId: 'job-1', attempt: 1 };
const SECRET = 'correct-horse-battery';
const right = async <A>(task: () => Promise<E.Either<LogError, A>>): Promise<A> => {
  const result = await task();
  return E.isRight(result) ? result.right : expect.fail(JSON.stringify(result.left));
};

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'baton-masked-'));
});
afterEach(() => rm(directory, { recursive: true }));

const opened = (): Promise<LogWriter> => right(fileLogStore(directory).open(attempt, [SECRET]));
const logText = (): Promise<string> => readFile(join(directory, 'job-1.1.log'), 'utf8');

describe('a log with secrets', () => {
  it('holds the mask in their place, and no digest that guesses could be tried on', async () => {
    const writer = await opened();
    const text = `a ${SECRET} b\n`;
    await right(writer.write(0, Buffer.from(text)));
    const seal = await right(writer.seal(false));
    const stored = 'a [masked] b\n';
    expect(await logText()).toBe(stored);
    expect(seal).toMatchObject({
      sourceBytes: text.length,
      sourceSha256: '',
      storedBytes: stored.length,
      storedSha256: createHash('sha256').update(stored).digest('hex'),
    });
    await writer.close();
  });
  it('given a value across the limit, then what is stored of it is masked, and what is cut is counted unmasked', async () => {
    const writer = await right(fileLogStore(directory).open(attempt, [SECRET], { limitBytes: 12 }));
    await right(writer.write(0, Buffer.from(`a ${SECRET} b`)));
    const seal = await right(writer.seal(true));
    expect(await logText()).toBe('a [masked]\n[baton: the log was cut at 12 bytes]\n');
    expect(seal).toMatchObject({ sourceBytes: 12, sourceSha256: '', truncated: true });
    await writer.close();
  });
  it('given half of a value, then none of it is on disk, and the source is asked for it again', async () => {
    const writer = await opened();
    await right(writer.write(0, Buffer.from('a correct-hor')));
    expect(writer.offsets()).toEqual({ source: 2, stored: 2 });
    await writer.close();
    expect(await logText()).toBe('a ');
    const next = await opened();
    expect(next.offsets()).toEqual({ source: 2, stored: 2 });
    await right(next.write(2, Buffer.from(`${SECRET} b`)));
    await right(next.seal(false));
    expect(await logText()).toBe('a [masked] b');
    await next.close();
  });
  it('goes on within a connection from what it was given, not from what it stored', async () => {
    const writer = await opened();
    await right(writer.write(0, Buffer.from('a correct-')));
    await right(writer.write(10, Buffer.from('horse-battery b')));
    const gap = await writer.write(99, Buffer.from('x'))();
    expect(E.isLeft(gap) && gap.left.why).toBe('gap');
    await right(writer.seal(false));
    expect(await logText()).toBe('a [masked] b');
    await writer.close();
  });
  it('given crashes anywhere, then the log is what it would have been without', async () => {
    const text = `${SECRET} one ${SECRET}${SECRET}, ${SECRET.slice(0, 9)} two ${SECRET}`;
    const bytes = Buffer.from(text);
    const wanted = '[masked] one [masked][masked], correct-h two [masked]';
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.record({
            pieces: fc.array(fc.integer({ min: 1, max: 30 }), { maxLength: 4 }),
            torn: fc.boolean(),
          }),
          {
            maxLength: 5,
          },
        ),
        async (lives) => {
          const folder = await mkdtemp(join(directory, 'log-'));
          const log = join(folder, 'job-1.1.log');
          for (const { pieces, torn } of lives) {
            const writer = await right(fileLogStore(folder).open(attempt, [SECRET]));
            let at = writer.offsets().source;
            for (const length of pieces) {
              await right(writer.write(at, bytes.subarray(at, at + length)));
              at = Math.min(bytes.length, at + length);
            }
            const offsets = writer.offsets();
            await writer.close();
            // a machine that stops leaves bytes that no record speaks of
            if (torn) {
              // there is none before its first bytes
              const before = await readFile(log, 'utf8').catch(() => '');
              await writeFile(log, `${before.slice(0, offsets.stored)}torn`);
              await writeFile(join(folder, 'job-1.1.offset'), offsetRecord(offsets));
            }
          }
          const writer = await right(fileLogStore(folder).open(attempt, [SECRET]));
          const { source } = writer.offsets();
          await right(writer.write(source, bytes.subarray(source)));
          const seal = await right(writer.seal(false));
          await writer.close();
          expect(await readFile(log, 'utf8')).toBe(wanted);
          expect(seal.sourceBytes).toBe(bytes.length);
        },
      ),
      { numRuns: 60 },
    );
  });
});
