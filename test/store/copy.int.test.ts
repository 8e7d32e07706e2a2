/** Do stores of every kind hold the same after a copy, to the last character, and with the same digest? */
import * as E from 'fp-ts/lib/Either.js';
import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { copyEvents, type Copied } from '../../src/app/copy-events.js';
import { copyStore } from '../../src/copy-store.js';
import type { StoreAddress } from '../../src/config/store-address.js';
import type { EventStore } from '../../src/app/ports.js';
import { memoryStore } from '../../src/store/memory.js';
import { APPEND_LIMIT_BYTES } from '../../src/store/encoding.js';
import { whyUnfit } from '../../src/store/fitness.js';
import { historyOf } from '../../bench/replay/given.js';
import { event, ok } from '../contract/event-store-tools.js';
import { nodeOver, openAt } from './esdb-tools.js';
import { openIn, temporaryDirectory } from './sqlite-tools.js';

let folder: string;
let opened: (() => Promise<void>)[];
beforeEach(async () => {
  folder = await temporaryDirectory();
  opened = [];
});
afterEach(async () => {
  for (const close of opened.reverse()) await close();
  await rm(folder, { recursive: true });
});

/** Closed by the end of the test. */
const kept = <A extends { readonly close: () => Promise<void> }>(one: A): A => {
  opened.push(one.close);
  return one;
};
const dataIn = (name: string): StoreAddress & { readonly data: string } => {
  const data = join(folder, name);
  return { data, shown: `sqlite:${data}` };
};
const embedded = (name: string): Promise<EventStore> => openIn(join(folder, name, 'store'));

/** As texts, so that the order of members counts. */
const textOf = async (store: EventStore): Promise<string> =>
  JSON.stringify(
    (await ok(store.readAll('start', { maxCount: 100_000 }))).map(({ position: _, ...rest }) => rest),
    undefined,
    1,
  );

const copied = async (from: EventStore, to: EventStore, underWay: number): Promise<Copied> => {
  const done = await copyEvents({ from, to, underWay });
  if (E.isLeft(done)) expect.fail(JSON.stringify(done.left));
  return done.right;
};

const between = async (from: StoreAddress, to: StoreAddress) => {
  const warned: string[] = [];
  const done = await copyStore({ from, to, warn: (message) => warned.push(message) });
  return { done, warned };
};

const ODD: readonly unknown[] = [
  { z: 1, a: { y: [], b: {} }, 10: 'ten', 2: 'two' },
  [9_007_199_254_740_993, 1e21, 1.5e-7, -0, 0.1, Number.MAX_VALUE],
  '\u0000\u001f"\\ ü 漢字 🜂 \u2028 \ud800',
  null,
  'x'.repeat(600_000),
  ['y'.repeat(600_000)],
];

const oddStore = async (): Promise<EventStore> => {
  const store = memoryStore();
  for (const [index, data] of ODD.entries())
    await ok(store.append(['job-ä 1', 'runner-2'][index % 2] ?? '', [event(data, `Odd${index}`)], 'any'));
  for (const { stream, events, expected } of historyOf(40, 8))
    await ok(store.append(stream, events, expected));
  return store;
};

describe('a copy from store to store', () => {
  it('given odd data and long texts, then from memory up to a node and down to a file it stays the same text', async () => {
    const first = await oddStore();
    const below = kept(await embedded('below'));
    const node = kept(await nodeOver(below));
    const server = kept(await openAt(node.address));
    const last = kept(await embedded('last'));

    const up = await copied(first, server, 1);
    const down = await copied(server, last, 500);
    expect(up.events).toBe(ODD.length + 40 * 4 + 32 * 3);
    expect([down.events, down.streams, down.digest]).toEqual([up.events, up.streams, up.digest]);
    const text = await textOf(first);
    expect(await textOf(server)).toBe(text);
    // the node adds nothing of its own to the file
    expect(await textOf(below)).toBe(text);
    expect(await textOf(last)).toBe(text);
  });

  it('given one byte more than an append takes, then it is refused in a sentence before anything after it', async () => {
    const source = memoryStore();
    await ok(source.append('a', [event('first')], 'no_stream'));
    const recorded = await ok(source.head());
    if (recorded === undefined) expect.fail('one event was expected');
    const tooLong = { type: 'T', data: 'x'.repeat(APPEND_LIMIT_BYTES) };
    const to = memoryStore();
    const done = await copyEvents({
      from: {
        head: () => () => Promise.resolve(E.right({ ...recorded, position: '3' })),
        readAll: (at) => () =>
          Promise.resolve(
            E.right(
              at === 'start'
                ? [
                    recorded,
                    { ...recorded, stream: 'b', position: '2', event: tooLong },
                    { ...recorded, stream: 'c', position: '3' },
                  ]
                : [],
            ),
          ),
      },
      to,
      underWay: 500,
      unfit: whyUnfit,
    });
    expect(done).toMatchObject({ left: { code: 'unfit', event: { stream: 'b' }, written: 0 } });
    expect(await ok(to.readAll('start'))).toEqual([]);
  });
});

describe('copyStore', () => {
  const write = async (name: string, ...data: readonly unknown[]): Promise<void> => {
    const store = await embedded(name);
    for (const one of data) await ok(store.append('a-1', [event(one)], 'any'));
    await store.close();
  };

  it('given a folder without a store, then it says so, and neither folder is made', async () => {
    expect((await between(dataIn('mistyped'), dataIn('new'))).done).toMatchObject({
      left: { code: 'not_found', message: expect.stringContaining(join(folder, 'mistyped')) as string },
    });
    expect(await readdir(folder)).toEqual([]);
  });

  it('given a folder whose events are at a server, then it is no store either, and stays as it is', async () => {
    await mkdir(join(folder, 'elsewhere', 'store'), { recursive: true });
    expect((await between(dataIn('elsewhere'), dataIn('new'))).done).toMatchObject({
      left: { reason: 'no_store' },
    });
    expect(await readdir(join(folder, 'elsewhere', 'store'))).toEqual([]);
  });

  it('given a server that does not answer, then its address is named without the password, and no store is made', async () => {
    const node = await nodeOver(memoryStore());
    await node.close();
    const server = { address: node.address, credentials: { user: 'baton', password: 'very-secret' } };
    const { done, warned } = await between({ server, shown: node.address }, dataIn('new'));
    expect(done).toMatchObject({
      left: {
        code: 'store_unavailable',
        message: expect.stringContaining(`127.0.0.1:${node.port}`) as string,
      },
    });
    expect(JSON.stringify([done, warned])).not.toContain('very-secret');
    expect(await readdir(folder)).toEqual([]);
  });

  it('given a folder in use, on either side, then it is refused as locked', async () => {
    await write('used', 1);
    await write('free', 1);
    kept(await embedded('used'));
    for (const [from, to] of [
      ['used', 'free'],
      ['free', 'used'],
    ] as const)
      expect((await between(dataIn(from), dataIn(to))).done).toMatchObject({
        left: { reason: 'store_locked' },
      });
  });

  it('given a target with another history, then the first difference is named, nothing is written, and both are free again', async () => {
    await write('one', 1, 2);
    await write('other', 'x');
    const { done } = await between(dataIn('one'), dataIn('other'));
    expect(done).toMatchObject({
      left: {
        code: 'conflict',
        reason: 'histories_differ',
        message: expect.stringMatching(/event 1 was expected to be .*with another id, data/) as string,
      },
    });
    const other = kept(await embedded('other'));
    expect(await ok(other.readAll('start'))).toHaveLength(1);
    kept(await embedded('one'));
  });

  it('given the same store twice, then that is refused', async () => {
    await write('one', 1);
    expect((await between(dataIn('one'), dataIn('one'))).done).toMatchObject({ left: { code: 'invalid' } });
  });

  it('given a server on either side, when a history goes from one to the other, then it is the same there', async () => {
    const first = await oddStore();
    const nodes = [kept(await nodeOver(first)), kept(await nodeOver(memoryStore()))];
    const [from, to] = nodes.map(({ address }) => ({ server: { address }, shown: address }));
    if (from === undefined || to === undefined) expect.fail('two nodes were expected');
    const { done } = await between(from, to);
    if (E.isLeft(done)) expect.fail(JSON.stringify(done.left));
    const there = kept(await openAt(to.server.address));
    expect(await textOf(there)).toBe(await textOf(first));
    expect((await between(from, to)).done).toMatchObject({
      right: { copied: 0, digest: done.right.digest },
    });
  });

  it('given data that is no JSON at a server, then it is refused in a sentence', async () => {
    const below = kept(await embedded('below'));
    const bytes = { created: '2026-01-31T12:00:00.000Z', contentType: 'application/octet-stream' };
    const foreign = event(null, 'Foreign');
    await ok(
      below.append(
        'a-1',
        [
          {
            ...foreign,
            metadata: { ...foreign.metadata, $node: { ...bytes, data: 'AAEC' } } as typeof foreign.metadata,
          },
        ],
        'no_stream',
      ),
    );
    const node = kept(await nodeOver(below));
    const { done } = await between({ server: { address: node.address }, shown: node.address }, dataIn('new'));
    expect(done).toMatchObject({
      left: { reason: 'unfit_event', message: expect.stringContaining('its data is no JSON') as string },
    });
  });
});
