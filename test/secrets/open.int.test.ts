import { chmod, mkdir, mkdtemp, readFile, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { once } from 'node:events';
import { spawn } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as E from 'fp-ts/lib/Either.js';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { AppError } from '../../src/app/errors.js';
import { openSecrets } from '../../src/secrets/open.js';
import { rekey } from '../../src/secrets/rekey.js';
import { nameOf } from '../../src/secrets/seal.js';

const PRIVATE = '-----BEGIN OPENSSH PRIVATE KEY-----\nsecret\n-----END OPENSSH PRIVATE KEY-----\n';

let directory: string;
let folder: string;
let keyFile: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'baton-sealed-'));
  folder = join(directory, 'secrets');
  keyFile = join(directory, 'operator.key');
});
afterEach(() => rm(directory, { recursive: true }));

const fixture = (name: string): string =>
  fileURLToPath(new URL(`../fixtures/secrets/${name}`, import.meta.url));
const open = (file = keyFile, mayMakeKey = true) =>
  openSecrets({ directory: folder, keyFile: file, mayMakeKey });
const opened = async (file?: string) => {
  const found = await open(file);
  return E.isRight(found) ? found.right : expect.fail(found.left.message);
};
const refused = async (file?: string, mayMakeKey?: boolean): Promise<AppError> => {
  const found = await open(file, mayMakeKey);
  return E.isLeft(found) ? found.left : expect.fail('not refused');
};
const fileOf = (ref: string): string => join(folder, nameOf(ref));
/** Secrets as Baton 0.1.0 left them. */
const inClear = async (count: number): Promise<readonly string[]> => {
  await mkdir(folder, { mode: 0o700 });
  const refs = Array.from({ length: count }, (_, i) => `runner/r${i}`);
  for (const ref of refs) await writeFile(fileOf(ref), `${PRIVATE}${ref}`, { mode: 0o600 });
  return refs;
};
const everything = async (): Promise<string> => {
  const texts = await Promise.all(
    (await readdir(folder)).map((name) => readFile(join(folder, name), 'utf8')),
  );
  return texts.join('\n');
};

describe('opening the secrets at start', () => {
  it('given nothing, then a key is made that only its user can read, and the next start uses it', async () => {
    const first = await opened();
    expect(first.madeKey).toBe(true);
    expect(((await stat(keyFile)).mode & 0o777).toString(8)).toBe('600');
    expect(Buffer.from(await readFile(keyFile, 'utf8'), 'base64')).toHaveLength(32);
    await first.secrets.put('a', 'value')();
    const second = await opened();
    expect(second.madeKey).toBe(false);
    expect(await second.secrets.get('a')()).toEqual(E.right('value'));
  });
  it('given a key file that somebody named and that is not there, then none is made', async () => {
    expect(await refused(keyFile, false)).toMatchObject({ reason: 'operator_key_missing' });
    expect(await readdir(directory)).toEqual([]);
  });
  it('given sealed secrets and no key any more, then no new key is made in its place', async () => {
    await (await opened()).secrets.put('a', 'value')();
    await rename(keyFile, join(directory, 'elsewhere'));
    const error = await refused();
    expect(error.message).toContain('1 secrets are sealed with it');
    expect(await readdir(directory)).toEqual(['elsewhere', 'secrets']);
  });
  it('given secrets of an older Baton, then they are sealed in place and counted, and what killed writes left is gone', async () => {
    const refs = await inClear(3);
    await writeFile(`${fileOf('runner/r0')}.17.1.tmp`, PRIVATE, { mode: 0o600 });
    const { secrets, sealedNow } = await opened();
    expect(sealedNow).toBe(3);
    for (const ref of refs) expect(await secrets.get(ref)()).toEqual(E.right(`${PRIVATE}${ref}`));
    expect(await readdir(folder)).toHaveLength(3);
    expect(await everything()).not.toContain('PRIVATE KEY');
    expect((await opened()).sealedNow).toBe(0);
  });
  it('given a key that others can read, or that is no key, then the sentence says so and not what it holds', async () => {
    await opened();
    const held = (await readFile(keyFile, 'utf8')).trim();
    await chmod(keyFile, 0o644);
    expect((await refused()).message).toContain('0644, expected no more than 0600');
    await chmod(keyFile, 0o600);
    await writeFile(keyFile, held.slice(0, 20));
    const error = await refused();
    expect(error.message).toContain('does not hold 32 bytes in base64');
    expect(JSON.stringify(error)).not.toContain(held.slice(0, 20));
  });
  it('given another key, then it does not start, and says what to do', async () => {
    await (await opened()).secrets.put('a', 'value')();
    await rm(keyFile);
    const made = await openSecrets({ directory: join(directory, 'others'), keyFile, mayMakeKey: true });
    expect(E.isRight(made)).toBe(true);
    expect(await refused()).toMatchObject({ reason: 'secret_other_key' });
  });
  it('given one damaged, one swapped and one planted file, then each is said in one sentence, and the others open', async () => {
    const { secrets } = await opened();
    for (const ref of ['a', 'b', 'c', 'd', 'e']) await secrets.put(ref, `value of ${ref}`)();
    const text = await readFile(fileOf('a'), 'utf8');
    await writeFile(fileOf('a'), text.slice(0, 40));
    await writeFile(fileOf('b'), await readFile(fileOf('c'), 'utf8'));
    const again = await opened();
    expect(again.damaged.map(({ reason }) => reason)).toEqual(['secret_damaged']);
    await writeFile(fileOf('d'), PRIVATE);
    const reasons = [];
    for (const ref of ['a', 'b', 'c', 'd', 'e']) {
      const got = await again.secrets.get(ref)();
      reasons.push(E.isLeft(got) ? got.left.reason : got.right);
      expect(JSON.stringify(got)).not.toContain('PRIVATE');
    }
    expect(reasons).toEqual([
      'secret_damaged',
      'secret_swapped',
      'value of c',
      'secret_not_sealed',
      'value of e',
    ]);
  });
  it('given a kill at any moment of the first start, then the next start has every secret, sealed', async () => {
    const refs = await inClear(40);
    let died = 0;
    for (let life = 0; life < 6; life++) {
      const child = spawn(process.execPath, [fixture('open.mjs'), folder, keyFile]);
      // later in each life, the first at its first word; the last one may well be done
      child.stdout.once('data', () => {
        if (life === 0) child.kill('SIGKILL');
        else setTimeout(() => child.kill('SIGKILL'), life * 12);
      });
      const [code] = (await once(child, 'close')) as [number | null];
      if (code === null) died++;
    }
    expect(died).toBeGreaterThan(0);
    const { secrets } = await opened();
    for (const ref of refs) expect(await secrets.get(ref)()).toEqual(E.right(`${PRIVATE}${ref}`));
    expect(await everything()).not.toContain('PRIVATE KEY');
    expect(await readdir(folder)).toHaveLength(40);
  });
});

describe('sealing with another key', () => {
  it('given secrets, then all open with the new key and none with the old', async () => {
    const { secrets } = await opened();
    await secrets.put('a', 'one')();
    await secrets.put('b', 'two')();
    const next = join(directory, 'next.key');
    expect(await rekey(folder, keyFile, next)).toEqual(E.right({ resealed: 2, before: 0, madeKey: true }));
    expect(await refused()).toMatchObject({ reason: 'secret_other_key' });
    expect(await (await opened(next)).secrets.get('b')()).toEqual(E.right('two'));
    expect(await rekey(folder, keyFile, next)).toEqual(E.right({ resealed: 0, before: 2, madeKey: false }));
  });
  it('given one file that does not open, then none is touched', async () => {
    const { secrets } = await opened();
    for (const ref of ['a', 'b', 'c']) await secrets.put(ref, ref)();
    await writeFile(fileOf('b'), (await readFile(fileOf('b'), 'utf8')).slice(0, 100));
    const before = await everything();
    const done = await rekey(folder, keyFile, join(directory, 'next.key'));
    expect(E.isLeft(done) && done.left.reason).toBe('secret_damaged');
    expect(await everything()).toBe(before);
  });
  it('given a kill in the middle, then each file opens with one of the two keys, and a further run finishes', async () => {
    const { secrets } = await opened();
    const refs = Array.from({ length: 30 }, (_, i) => `ref/${i}`);
    for (const ref of refs) await secrets.put(ref, `value of ${ref}`)();
    const next = join(directory, 'next.key');
    let mixed = 0;
    for (let life = 0; life < 8; life++) {
      const child = spawn(process.execPath, [fixture('rekey-for-ever.mjs'), folder, keyFile, next]);
      let err = '';
      child.stderr.on('data', (bytes: Buffer) => (err += bytes.toString()));
      await once(child.stdout, 'data');
      setTimeout(() => child.kill('SIGKILL'), 3 + life * 7);
      await once(child, 'close');
      expect(err).toBe('');
      const done = await rekey(folder, keyFile, next);
      if (E.isLeft(done)) expect.fail(done.left.message);
      if (done.right.resealed > 0 && done.right.before > 0) mixed++;
      for (const ref of refs)
        expect(await (await opened(next)).secrets.get(ref)()).toEqual(E.right(`value of ${ref}`));
    }
    expect(mixed).toBeGreaterThan(0);
  });
});
