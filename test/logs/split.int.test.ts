import { createHash } from 'node:crypto';
import { mkdtemp, readFile, readdir, rm, truncate } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as E from 'fp-ts/lib/Either.js';
import { filter, firstValueFrom } from 'rxjs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { LogError, LogTerms, LogWriter } from '../../src/app/ports.js';
import type { SplitOutput } from '../../src/domain/output.js';
import { fileLogStore } from '../../src/logs/files.js';

const ref = (output: SplitOutput) => ({ jobId: 'job-1', attempt: 1, output });
const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
const right = async <A>(task: () => Promise<E.Either<LogError, A>>): Promise<A> => {
  const result = await task();
  if (E.isLeft(result)) expect.fail(JSON.stringify(result.left));
  return result.right;
};

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'baton-logs-'));
});
afterEach(() => rm(directory, { recursive: true }));

const both = async (secrets: readonly string[] = [], terms: LogTerms = {}) => {
  const store = fileLogStore(directory);
  return {
    store,
    out: await right(store.open(ref('stdout'), secrets, terms)),
    err: await right(store.open(ref('stderr'), secrets, terms)),
  };
};
const write = (writer: LogWriter, offset: number, text: string): Promise<void> =>
  right(writer.write(offset, Buffer.from(text)));

describe('two outputs of one attempt', () => {
  it('are stored, sealed and read each by itself, beside the log of the same attempt of another job', async () => {
    const { store, out, err } = await both();
    await write(out, 0, 'one\n');
    await write(err, 0, 'oh\nno\n');
    await write(out, 4, 'two\n');
    const sealed = [await right(out.seal(false)), await right(err.seal(false))];
    expect(sealed).toMatchObject([
      {
        name: 'stdout',
        storedBytes: 8,
        storedSha256: sha256('one\ntwo\n'),
        sourceSha256: sha256('one\ntwo\n'),
      },
      { name: 'stderr', storedBytes: 6, storedSha256: sha256('oh\nno\n'), sourceSha256: sha256('oh\nno\n') },
    ]);
    expect((await right(store.read(ref('stdout'), 0, 99))).bytes.toString()).toBe('one\ntwo\n');
    expect((await right(store.read(ref('stderr'), 3, 99))).bytes.toString()).toBe('no\n');
    const lines = await right(store.lines(ref('stderr'), 2, 9));
    expect(lines).toMatchObject({
      lines: 2,
      size: 6,
      sealed: true,
      items: [{ line: 2, offset: 3, length: 2 }],
    });
    expect((await readdir(directory)).sort()).toEqual(
      ['stderr', 'stdout'].flatMap((name) =>
        ['index', 'log', 'sealed.json'].map((kind) => `job-1.1.${name}.${kind}`),
      ),
    );
    const merged = await right(store.read({ jobId: 'job-1', attempt: 1 }, 0, 99));
    expect(merged).toMatchObject({ size: 0, sealed: false });
    await Promise.all([out.close(), err.close()]);
  });

  it('go on after a crash each from its own record', async () => {
    const { out, err } = await both();
    await write(out, 0, 'one\ntwo\n');
    await write(err, 0, 'oh\n');
    await Promise.all([out.close(), err.close()]);
    // as a machine leaves it that stopped before the last bytes were on disk
    await truncate(join(directory, 'job-1.1.stdout.log'), 3);
    const again = await both();
    expect(again.out.offsets()).toEqual({ source: 0, stored: 0 });
    expect(again.err.offsets()).toEqual({ source: 3, stored: 3 });
    await write(again.out, 0, 'one\ntwo\nthree\n');
    await write(again.err, 3, 'no\n');
    const sealed = [await right(again.out.seal(false)), await right(again.err.seal(false))];
    expect(sealed.map(({ storedSha256 }) => storedSha256)).toEqual([
      sha256('one\ntwo\nthree\n'),
      sha256('oh\nno\n'),
    ]);
    await Promise.all([again.out.close(), again.err.close()]);
  });

  it('are masked, and cut at the limit, each by itself, and each says so', async () => {
    const { out, err } = await both(['hunter22'], { limitBytes: 12 });
    await write(out, 0, 'hunt');
    await write(err, 0, 'er22 hunter22');
    await write(out, 4, 'er22\n');
    const sealed = [await right(out.seal(false)), await right(err.seal(true))];
    expect(sealed).toMatchObject([
      { name: 'stdout', truncated: false, sourceSha256: '' },
      { name: 'stderr', truncated: true, sourceSha256: '' },
    ]);
    expect(await readFile(join(directory, 'job-1.1.stdout.log'), 'utf8')).toBe('[masked]\n');
    expect(await readFile(join(directory, 'job-1.1.stderr.log'), 'utf8')).toBe(
      'er22 [masked]\n[baton: the log was cut at 12 bytes]\n',
    );
    await Promise.all([out.close(), err.close()]);
  });

  it('are watched each by itself, and one that is sealed says so', async () => {
    const { store, out, err } = await both();
    const grown = firstValueFrom(store.watch(ref('stderr')).pipe(filter(({ size }) => size > 0)));
    await write(out, 0, 'a lot of output\n');
    expect(out.isSealed()).toBe(false);
    await right(out.seal(false));
    expect([out.isSealed(), err.isSealed()]).toEqual([true, false]);
    await write(err, 0, 'x');
    expect(await grown).toEqual({ size: 1, sealed: false });
    await Promise.all([out.close(), err.close()]);
  });

  it('have only the names that they have', async () => {
    const store = fileLogStore(directory);
    const other = { jobId: 'job-1', attempt: 1, output: '../stdin' as SplitOutput };
    expect(await store.open(other, [])()).toMatchObject({ left: { why: 'invalid' } });
    expect(await store.read(other, 0, 1)()).toMatchObject({ left: { why: 'invalid' } });
  });
});
