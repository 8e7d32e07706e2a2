/** Which stores are refused at opening, which damage is noticed, and who may read the files? */
import { mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as E from 'fp-ts/lib/Either.js';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadDriver } from '../../src/store/driver.js';
import { openSqliteStore } from '../../src/store/sqlite.js';
import { event, ok, refusal, watch } from '../contract/event-store-tools.js';
import { openIn, temporaryDirectory } from './sqlite-tools.js';

describe('opening the SQLite store', () => {
  let base: string;
  let directory: string;
  beforeEach(async () => {
    base = await temporaryDirectory();
    directory = join(base, 'new', 'store');
  });
  afterEach(() => rm(base, { recursive: true }));

  const refused = async () => {
    const opened = await openSqliteStore({ directory });
    if (E.isRight(opened)) expect.fail('it opened');
    return opened.left;
  };

  it('makes the folder and its files for its own user only', async () => {
    const store = await openIn(directory);
    await ok(store.append('a-1', [event()], 'no_stream'));
    const modeOf = async (path: string): Promise<number> => (await stat(path)).mode & 0o777;
    expect(await modeOf(directory)).toBe(0o700);
    for (const file of ['events.db', 'events.db-wal', 'lock.db'])
      expect([file, await modeOf(join(directory, file))]).toEqual([file, 0o600]);
    await store.close();
  });

  it('counts positions as decimals from 1', async () => {
    const store = await openIn(directory);
    expect(await ok(store.append('a-1', [], 'no_stream'))).toEqual({ revision: -1, position: '0' });
    expect(await ok(store.append('a-1', [event()], 'no_stream'))).toEqual({ revision: 0, position: '1' });
    expect((await ok(store.append('b-1', [event(), event()], 'no_stream'))).position).toBe('3');
    await store.close();
  });

  it('answers a position that is none with an error, not with events', async () => {
    const store = await openIn(directory);
    expect(await refusal(store.readAll("1' OR 1"))).toMatchObject({ why: 'bad_position' });
    expect(watch(store, '01').error()).toMatchObject({ why: 'bad_position' });
    await store.close();
  });

  it('refuses a second opening in the same process, and allows one after closing', async () => {
    const store = await openIn(directory);
    expect(await refused()).toMatchObject({ code: 'store_locked' });
    await store.close();
    await (await openIn(directory)).close();
  });

  it('refuses a folder that is no folder', async () => {
    await mkdir(join(base, 'new'));
    await writeFile(directory, 'a file');
    expect(await refused()).toMatchObject({ code: 'store_unwritable' });
  });

  it('refuses a file that is no SQLite file', async () => {
    await mkdir(directory, { recursive: true });
    await writeFile(join(directory, 'events.db'), Buffer.alloc(8_192, 'A'));
    expect(await refused()).toMatchObject({ code: 'store_damaged' });
  });

  it('refuses a file of a newer format with a sentence, and leaves the lock free', async () => {
    await (await openIn(directory)).close();
    const database = (await loadDriver())?.open(join(directory, 'events.db'));
    database?.exec("UPDATE meta SET value = '2' WHERE key = 'format'");
    database?.close();
    expect(await refused()).toMatchObject({
      code: 'store_too_new',
      message: expect.stringContaining('but has format 2') as string,
    });
    expect(await refused()).toMatchObject({ code: 'store_too_new' });
  });

  it("refuses another program's SQLite file and does not add to it", async () => {
    await mkdir(directory, { recursive: true });
    const database = (await loadDriver())?.open(join(directory, 'events.db'));
    database?.exec('CREATE TABLE theirs (a TEXT)');
    database?.close();
    expect(await refused()).toMatchObject({ code: 'store_io' });
  });

  it('notices one flipped byte in a stored event, names the event, and still reads and appends the others', async () => {
    const before = await openIn(directory);
    await ok(before.append('sound-1', [event('untouched')], 'no_stream'));
    await ok(before.append('hurt-1', [event('first'), event('needle in the file')], 'no_stream'));
    await before.close();

    const file = join(directory, 'events.db');
    const bytes = await readFile(file);
    const at = bytes.indexOf('needle in the file');
    expect(at).toBeGreaterThan(0);
    bytes.writeUInt8(bytes.readUInt8(at) ^ 1, at);
    await writeFile(file, bytes);

    const store = await openIn(directory);
    const damaged = {
      code: 'store_unavailable',
      why: 'damaged',
      message: expect.stringContaining('event 1 of stream "hurt-1"') as string,
    };
    expect(await refusal(store.readStream('hurt-1'))).toMatchObject(damaged);
    expect(await refusal(store.readAll('start'))).toMatchObject(damaged);
    const watched = watch(store, 'start');
    await watched.until(() => watched.error() !== undefined);
    expect(watched.error()).toMatchObject(damaged);
    expect(await ok(store.readStream('sound-1'))).toHaveLength(1);
    expect((await ok(store.append('hurt-1', [event()], 1))).revision).toBe(2);
    await store.close();
  });
});
