/** What is left of the SQLite store when its process dies, when a second one comes, and when an answer is lost? */
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { availableDrivers } from '../../src/store/driver.js';
import { event, ok, type Seen } from '../contract/event-store-tools.js';
import { isBuilt, run } from './processes.js';
import { openIn, temporaryDirectory } from './sqlite-tools.js';

const LIVES = 30;
const driver = availableDrivers()[0] ?? 'libsql';

const everything = async (directory: string): Promise<readonly Seen[]> => {
  const store = await openIn(directory);
  const all = await ok(store.readAll('start', { maxCount: 10_000_000 }));
  await store.close();
  return all;
};

/** One life of a writer: killed after a random number of acknowledged appends, which are returned. */
const liveAndDie = async (directory: string, life: number): Promise<readonly string[]> => {
  const child = run('write-for-ever.mjs', [directory, String(life), driver]);
  await child.untilLines(1 + Math.floor(Math.random() * 400));
  child.kill();
  await child.ended;
  expect(child.stderr()).toBe('');
  return child.lines();
};

describe('the SQLite store in processes', () => {
  let base: string;
  let directory: string;
  beforeEach(async () => {
    base = await temporaryDirectory();
    directory = join(base, 'store');
    await mkdir(directory);
  });
  afterEach(() => rm(base, { recursive: true }));

  it.skipIf(!isBuilt)(
    `loses no acknowledged event in ${String(LIVES)} kills of its process${isBuilt ? '' : ' (skipped: run the build first)'}`,
    async () => {
      const acknowledged: string[] = [];
      for (let life = 0; life < LIVES; life += 1) acknowledged.push(...(await liveAndDie(directory, life)));
      expect(acknowledged.length).toBeGreaterThan(LIVES);

      const all = await everything(directory);
      const stored = new Set(all.map(({ position, stream, id }) => `${position} ${stream} ${id}`));
      expect(acknowledged.filter((line) => !stored.has(line))).toEqual([]);
      expect(all.every(({ position }, index) => position === String(index + 1))).toBe(true);
      const next = new Map<string, number>();
      for (const { stream, revision, id } of all) {
        expect([revision, id]).toEqual([next.get(stream) ?? 0, `${stream}:${String(revision)}`]);
        next.set(stream, revision + 1);
      }
    },
  );

  it.skipIf(!isBuilt)(
    `refuses a second writing process with a sentence, until the first has gone${isBuilt ? '' : ' (skipped: run the build first)'}`,
    async () => {
      const store = await openIn(directory);
      await ok(store.append('mine-1', [event(1)], 'no_stream'));
      const refused = run('write-for-ever.mjs', [directory, '0', driver]);
      expect(await refused.ended).toBe(1);
      expect(refused.stderr()).toMatch(/^store_locked: .* another process has it open\n$/);
      await store.close();

      const accepted = run('write-for-ever.mjs', [directory, '1', driver]);
      await accepted.untilLines(1);
      accepted.kill();
      await accepted.ended;
      expect(accepted.lines().length).toBeGreaterThan(0);
      expect((await everything(directory))[0]?.stream).toBe('mine-1');
    },
  );

  it('answers a retry after a lost answer with the original result, and holds one set of events', async () => {
    const events = [event(1), event(2)];
    const store = await openIn(directory);
    const lost = await ok(store.append('asked-1', events, 'no_stream'));
    await ok(store.append('asked-1', [event(3)], 1));
    await store.close();

    const later = await openIn(directory);
    expect(await ok(later.append('asked-1', events, 'no_stream'))).toEqual(lost);
    await later.close();
    expect((await everything(directory)).map((one) => one.event.data)).toEqual([1, 2, 3]);
  });
});
