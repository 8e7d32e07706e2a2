/** What of the protocol does a node serve that Baton's own adapter does not ask for? The official client asks it here. */
import {
  binaryEvent,
  EventStoreDBClient,
  eventTypeFilter,
  jsonEvent,
  streamNameFilter,
  type AllStreamSubscription,
  type StreamSubscription,
} from '@eventstore/db-client';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { EventStore } from '../../src/app/ports.js';
import { memoryStore } from '../../src/store/memory.js';
import type { RunningNode } from '../../src/store/node/server.js';
import { event, ok } from '../contract/event-store-tools.js';
import { nodeOver } from './esdb-tools.js';

let below: EventStore;
let node: RunningNode;
let client: EventStoreDBClient;
beforeEach(async () => {
  below = memoryStore();
  const started = await nodeOver(below);
  node = started;
  client = EventStoreDBClient.connectionString(started.address);
});
afterEach(async () => {
  await client.dispose();
  await node.close();
  await below.close();
});

const made = (n: number, type = 'Made') => jsonEvent({ type, data: { n } });
const numbers = async (stream: string): Promise<unknown[]> => {
  const found: unknown[] = [];
  for await (const { event } of client.readStream(stream)) found.push((event?.data as { n: number }).n);
  return found;
};
/** Credentials of its own keep a call from the batch stream; in clear text they are not sent. */
const oneByOne = { credentials: { username: 'nobody', password: 'nothing' } };

describe('Append without a batch', () => {
  it('given a free stream, when the revision is right, then it is written; when not, then both revisions are told', async () => {
    const written = await client.appendToStream('job-1', [made(0), made(1)], oneByOne);
    expect(written).toMatchObject({ success: true, nextExpectedRevision: 1n });
    const wrong = client.appendToStream('job-1', made(2), { ...oneByOne, expectedRevision: 0n });
    await expect(wrong).rejects.toMatchObject({
      type: 'wrong-expected-version',
      expectedVersion: 0n,
      actualVersion: 1n,
    });
    expect(await numbers('job-1')).toEqual([0, 1]);
  });
});

describe('events of other programs', () => {
  it('given bytes, and JSON written in another way, then they come back as they were, with when they were taken', async () => {
    const bytes = Buffer.from([0, 255, 1]);
    await client.appendToStream('foreign-1', [
      binaryEvent({ type: 'Bytes', data: bytes, metadata: bytes }),
      jsonEvent({ type: 'Json', data: { a: [1, null] }, metadata: { trace: 'x' } }),
    ]);
    const found = [];
    for await (const { event } of client.readStream('foreign-1')) found.push(event);
    expect(found[0]).toMatchObject({ isJson: false, type: 'Bytes' });
    expect(Buffer.from(found[0]?.data as Uint8Array)).toEqual(bytes);
    expect(Buffer.from(found[0]?.metadata as Uint8Array)).toEqual(bytes);
    expect(found[1]).toMatchObject({ isJson: true, data: { a: [1, null] }, metadata: { trace: 'x' } });
    expect(Math.abs(Date.now() - Number(found[1]?.created))).toBeLessThan(60_000);
  });

  it('given what Baton writes, then it lies in the store as if Baton had written it directly', async () => {
    const ours = event({ a: 1 });
    await client.appendToStream(
      'job-1',
      jsonEvent({ id: ours.id, type: 'Happened', data: { a: 1 }, metadata: { ...ours.metadata } }),
    );
    const [stored] = await ok(below.readStream('job-1'));
    expect(stored).toMatchObject({ id: ours.id, event: ours.event });
    expect(stored?.metadata).toEqual(ours.metadata);
  });
});

describe('the end of a stream', () => {
  it('given a deleted stream, then it is not found until it is written to, and goes on with the next revision', async () => {
    await client.appendToStream('job-1', [made(0), made(1)]);
    await client.deleteStream('job-1', { expectedRevision: 1n });
    await expect(numbers('job-1')).rejects.toMatchObject({ type: 'stream-not-found' });
    const written = await client.appendToStream('job-1', made(2), { expectedRevision: 'no_stream' });
    expect(written.nextExpectedRevision).toBe(2n);
    expect(await numbers('job-1')).toEqual([2]);
  });

  it('given a wrong revision, then a deletion is refused with both revisions', async () => {
    await client.appendToStream('job-1', [made(0)]);
    await expect(client.deleteStream('job-1', { expectedRevision: 5n })).rejects.toMatchObject({
      type: 'wrong-expected-version',
      expectedVersion: 5n,
      actualVersion: 0n,
    });
  });

  it('given a tombstone, then reads, appends and subscriptions are refused, also by the next node', async () => {
    await client.appendToStream('job-1', [made(0)]);
    await client.tombstoneStream('job-1');
    const refused = { type: 'stream-deleted', streamName: 'job-1' };
    await expect(numbers('job-1')).rejects.toMatchObject(refused);
    await expect(client.appendToStream('job-1', made(1))).rejects.toMatchObject(refused);
    await expect(client.appendToStream('job-1', made(1), oneByOne)).rejects.toMatchObject(refused);
    const next = await nodeOver(below);
    const other = EventStoreDBClient.connectionString(next.address);
    await expect(other.deleteStream('job-1')).rejects.toMatchObject(refused);
    await other.dispose();
    await next.close();
  });
});

describe('the metadata of a stream', () => {
  it('given $tb and $maxCount, then earlier events are not read; taken away, then they are', async () => {
    await client.appendToStream(
      'job-1',
      [0, 1, 2, 3].map((n) => made(n)),
    );
    await client.setStreamMetadata('job-1', { truncateBefore: 1 });
    expect(await numbers('job-1')).toEqual([1, 2, 3]);
    await client.setStreamMetadata('job-1', { maxCount: 2, note: 'ours' });
    expect(await numbers('job-1')).toEqual([2, 3]);
    expect((await client.getStreamMetadata('job-1')).metadata).toEqual({ maxCount: 2, note: 'ours' });
    await client.setStreamMetadata('job-1', {});
    expect(await numbers('job-1')).toEqual([0, 1, 2, 3]);
  });

  it('given $maxAge, then older events are not read', async () => {
    const old = {
      ...event({ n: 0 }),
      metadata: { ...event().metadata, recordedAt: '2020-01-01T00:00:00.000Z' },
    };
    await ok(below.append('job-1', [old], 'no_stream'));
    await client.appendToStream('job-1', made(1));
    await client.setStreamMetadata('job-1', { maxAge: 3_600 });
    expect(await numbers('job-1')).toEqual([1]);
  });
});

describe('subscriptions', () => {
  const collect = async (
    subscription: AllStreamSubscription | StreamSubscription,
    wanted: number,
  ): Promise<unknown[]> => {
    const found: unknown[] = [];
    let hasCaughtUp = false;
    subscription.on('caughtUp', () => (hasCaughtUp = true));
    for await (const { event } of subscription) {
      found.push((event?.data as { n: number }).n);
      if (found.length === wanted) break;
    }
    await subscription.unsubscribe();
    expect(hasCaughtUp).toBe(true);
    return found;
  };

  it('given a stream and a revision, then they give what comes after it, and nothing of its namesakes', async () => {
    await client.appendToStream('job-1', [made(0), made(1)]);
    await client.appendToStream('job-10', made(99));
    const subscription = client.subscribeToStream('job-1', { fromRevision: 0n });
    const collecting = collect(subscription, 2);
    await new Promise((resolve) => subscription.once('caughtUp', resolve));
    await client.appendToStream('job-1', made(2));
    expect(await collecting).toEqual([1, 2]);
  });

  it('given regular expressions on name or type, then they let through what matches, and tell checkpoints', async () => {
    await client.appendToStream(
      'other-1',
      Array.from({ length: 70 }, (_, n) => made(n, 'Noise')),
    );
    await client.appendToStream('job-1', [made(1, 'Ended'), made(2)]);
    const checkpoints: bigint[] = [];
    const checkpointReached = (_: unknown, { commit }: { commit: bigint }) => void checkpoints.push(commit);
    const byName = client.subscribeToAll({
      filter: streamNameFilter({ regex: '^job', checkpointReached, checkpointInterval: 1 }),
    });
    const byType = client.subscribeToAll({ filter: eventTypeFilter({ regex: '^(Ended|Made)$' }) });
    const first = Promise.all([collect(byName, 3), collect(byType, 3)]);
    await new Promise((resolve) => byType.once('caughtUp', resolve));
    await client.appendToStream('job-1', made(3));
    expect(await first).toEqual([
      [1, 2, 3],
      [1, 2, 3],
    ]);
    expect(checkpoints.slice(0, 3)).toEqual([32n, 64n, 72n]);
  });

  it('given a bad regular expression, then it is refused', async () => {
    const subscription = client.subscribeToAll({ filter: streamNameFilter({ regex: '(' }) });
    await expect(collect(subscription, 1)).rejects.toMatchObject({ code: 3 });
  });
});
