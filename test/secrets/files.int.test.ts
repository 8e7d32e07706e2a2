import { chmod, mkdir, mkdtemp, readdir, rename, rm, stat, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as E from 'fp-ts/lib/Either.js';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { AppError } from '../../src/app/errors.js';
import { fileSecretStore } from '../../src/secrets/files.js';
import { operatorKey } from '../../src/secrets/operator-key.js';

const key = operatorKey(Buffer.alloc(32, 7));
const storeOn = (folder: string) => fileSecretStore(folder, key);

let directory: string;
let folder: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'baton-secrets-'));
  folder = join(directory, 'secrets');
});
afterEach(() => rm(directory, { recursive: true }));

const right = async <A>(task: () => Promise<E.Either<AppError, A>>): Promise<A> => {
  const result = await task();
  if (E.isLeft(result)) expect.fail(JSON.stringify(result.left));
  return result.right;
};
const left = async (task: () => Promise<E.Either<AppError, unknown>>): Promise<AppError> => {
  const result = await task();
  return E.isLeft(result) ? result.left : expect.fail('not refused');
};
const onlyFile = async (): Promise<string> => join(folder, (await readdir(folder))[0] ?? 'none');
const modeOf = async (path: string): Promise<string> => ((await stat(path)).mode & 0o777).toString(8);

describe('the secret store', () => {
  it('given a secret, then it is given back, also by another store on the same folder', async () => {
    await right(storeOn(folder).put('runner/r1', 'key\nwith lines\n'));
    expect(await right(storeOn(folder).get('runner/r1'))).toBe('key\nwith lines\n');
    expect(await right(storeOn(folder).get('runner/r2'))).toBeUndefined();
  });
  it('keeps it where only its user can look, under a name that tells nothing, whatever the umask', async () => {
    const umask = process.umask(0);
    try {
      await right(storeOn(folder).put('../runner', 'x'));
    } finally {
      process.umask(umask);
    }
    expect(await modeOf(folder)).toBe('700');
    expect(await modeOf(await onlyFile())).toBe('600');
    expect(await readdir(folder)).toEqual([expect.stringMatching(/^[0-9a-f]{64}$/)]);
  });
  it('given a new value, then only that one is left', async () => {
    const store = storeOn(folder);
    await right(store.put('a', 'old'));
    await right(store.put('a', 'new'));
    expect(await right(store.get('a'))).toBe('new');
    expect(await readdir(folder)).toHaveLength(1);
  });
  it('given a removal, then it is gone, and removing it again is no error', async () => {
    const store = storeOn(folder);
    await right(store.remove('a'));
    await right(store.put('a', 'x'));
    await right(store.remove('a'));
    await right(store.remove('a'));
    expect(await right(store.get('a'))).toBeUndefined();
    expect(await readdir(folder)).toEqual([]);
  });
  it('given a file that others can read, then it is neither read nor replaced, and the sentence says what to do', async () => {
    const store = storeOn(folder);
    await right(store.put('a', 'hunter2'));
    await chmod(await onlyFile(), 0o640);
    for (const refusal of [await left(store.get('a')), await left(store.put('a', 'hunter3'))]) {
      expect(refusal.reason).toBe('secret_store_permissions');
      expect(refusal.message).toContain('has the permissions 0640, expected no more than 0600');
      expect(refusal.hint).toContain('chmod 0600');
      expect(JSON.stringify(refusal)).not.toContain('hunter');
    }
    await chmod(await onlyFile(), 0o600);
    expect(await right(store.get('a'))).toBe('hunter2');
  });
  it('given a folder that others can enter, then nothing is put there', async () => {
    await mkdir(folder);
    await chmod(folder, 0o755);
    const refusal = await left(storeOn(folder).put('a', 'x'));
    expect(refusal.message).toContain('0755, expected no more than 0700');
    expect(await readdir(folder)).toEqual([]);
  });
  it('given a link in place of a secret, then it is not followed', async () => {
    const store = storeOn(folder);
    await right(store.put('a', 'x'));
    const file = await onlyFile();
    await rename(file, join(directory, 'elsewhere'));
    await symlink(join(directory, 'elsewhere'), file);
    expect((await left(store.get('a'))).message).toContain('is not a plain file');
  });
  it('refuses an empty reference', async () => {
    expect((await left(storeOn(folder).put('', 'x'))).code).toBe('invalid');
  });
});
