/** What may be seen, and said, of events that are committed but not on the disk yet? Over the real file, with a flush that is held or fails. */
import { rm } from 'node:fs/promises';
import * as E from 'fp-ts/lib/Either.js';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { EventStore } from '../../src/app/ports.js';
import { prepareDirectory } from '../../src/store/directory.js';
import { loadDriver } from '../../src/store/driver.js';
import { openConnection } from '../../src/store/sqlite.js';
import { sqliteStore } from '../../src/store/sqlite-store.js';
import { event, ok } from '../contract/event-store-tools.js';
import { temporaryDirectory } from './sqlite-tools.js';

const opened = async (directory: string, flushOf: (flush: () => Promise<void>) => () => Promise<void>) => {
  const [files, driver] = [await prepareDirectory(directory), await loadDriver()];
  if (E.isLeft(files) || driver === undefined) throw new Error('the store cannot be opened here');
  const connection = openConnection(driver, files.right);
  return sqliteStore({ ...connection, flush: flushOf(connection.flush) });
};

const idsIn = async (store: EventStore, stream: string): Promise<readonly string[]> => {
  const found = await store.readStream(stream)();
  if (E.isLeft(found)) return [];
  return found.right.map(({ id }) => id);
};

const idsOfAll = async (store: EventStore): Promise<readonly string[]> =>
  (await ok(store.readAll('start'))).map(({ id }) => id);

describe('an append that is not on the disk yet', () => {
  let directory: string;
  let store: EventStore;
  /** What the flushes under way wait for. */
  let held: ((how: 'go on' | 'fail') => void)[];
  let isHeld: () => void;
  const nextHeld = () => new Promise<void>((resolve) => (isHeld = resolve));
  let holds = false;

  beforeEach(async () => {
    [held, holds] = [[], false];
    directory = await temporaryDirectory();
    store = await opened(directory, (flush) => async () => {
      if (holds) {
        const how = await new Promise<'go on' | 'fail'>((resolve) => {
          held.push(resolve);
          isHeld();
        });
        if (how === 'fail') throw Object.assign(new Error('EIO: i/o error, fdatasync'), { code: 'EIO' });
      }
      await flush();
    });
  });
  afterEach(async () => {
    await store.close();
    await rm(directory, { recursive: true });
  });

  it('is answered to nobody and seen by nobody; afterwards by all', async () => {
    const [first, second, third] = [event(1), event(2), event(3)];
    await ok(store.append('a-1', [first], 'no_stream'));
    const told: string[] = [];
    const watching = store.subscribe('start').subscribe((signal) => {
      if ('id' in signal) told.push(signal.id);
    });
    holds = true;
    const holding = nextHeld();
    let answered = 0;
    const appends = [
      ok(store.append('a-1', [second], 0)).finally(() => (answered += 1)),
      ok(store.append('b-1', [third], 'no_stream')).finally(() => (answered += 1)),
    ];
    await holding;
    expect(await idsIn(store, 'a-1')).toEqual([first.id]);
    expect(await idsIn(store, 'b-1')).toEqual([]);
    expect(await idsOfAll(store)).toEqual([first.id]);
    expect([told, answered]).toEqual([[first.id], 0]);

    holds = false;
    held[0]?.('go on');
    await Promise.all(appends);
    expect(await idsIn(store, 'a-1')).toEqual([first.id, second.id]);
    expect(await idsOfAll(store)).toEqual([first.id, second.id, third.id]);
    watching.unsubscribe();
  });

  it('fails when the flush does, and with it who waits; what is there afterwards is on the disk and told', async () => {
    const [first, second, third] = [event(1), event(2), event(3)];
    await ok(store.append('a-1', [first], 'no_stream'));
    holds = true;
    const holding = nextHeld();
    const failing = store.append('a-1', [second], 0)();
    await holding;
    const waiting = store.append('c-1', [third], 'no_stream')();
    held[0]?.('fail');
    for (const answer of await Promise.all([failing, waiting]))
      expect(answer).toMatchObject({ left: { code: 'store_unavailable' } });
    expect(await idsIn(store, 'a-1')).toEqual([first.id]);
    holds = false;

    // whoever tries again finds what the failed group left, and has it once
    await ok(store.append('a-1', [second], 0));
    await ok(store.append('c-1', [third], 'no_stream'));
    expect(await idsOfAll(store)).toEqual([first.id, second.id, third.id]);
    await store.close();
    store = await opened(directory, (flush) => flush);
    expect(await idsOfAll(store)).toEqual([first.id, second.id, third.id]);
  });

  it('is waited for at the close', async () => {
    holds = true;
    const holding = nextHeld();
    const wanted = event(1);
    const appending = ok(store.append('a-1', [wanted], 'no_stream'));
    await holding;
    const closing = store.close();
    holds = false;
    held[0]?.('go on');
    await appending;
    await closing;
    store = await opened(directory, (flush) => flush);
    expect(await idsIn(store, 'a-1')).toEqual([wanted.id]);
  });
});
