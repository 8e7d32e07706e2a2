/** What becomes of appends and subscriptions when answers are lost, servers stop and connections break? */
import { EventStoreDBClient } from '@eventstore/db-client';
import * as E from 'fp-ts/lib/Either.js';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { EventStore } from '../../src/app/ports.js';
import { memoryStore } from '../../src/store/memory.js';
import { event, ok, refusal, watch } from '../contract/event-store-tools.js';
import { nodeOver, openAt } from './esdb-tools.js';
import { proxyTo, type Proxy } from './tcp-proxy.js';

const PATIENCE_MS = 400;

describe.each([
  ['that takes batches', true],
  ['that takes one append a call', false],
])('a server %s', (_, takesBatches) => {
  let below: EventStore;
  let node: Awaited<ReturnType<typeof nodeOver>>;
  let proxy: Proxy;
  let store: EventStore;
  let problems: string[];
  beforeEach(async () => {
    below = memoryStore();
    node = await nodeOver(below, { takesBatches });
    proxy = await proxyTo(node.port);
    problems = [];
    store = await openAt(`esdb://127.0.0.1:${String(proxy.port)}?tls=false`, {
      patienceMs: PATIENCE_MS,
      onProblem: (message) => problems.push(message),
    });
    await ok(store.append('job-0', [event('before')], 'no_stream'));
  });
  afterEach(async () => {
    await store.close();
    await proxy.close();
    await node.close();
    await below.close();
  });

  const dataIn = async (stream: string): Promise<unknown[]> =>
    (await ok(below.readStream(stream))).map((one) => one.event.data);

  describe('an append', () => {
    it('given a server that never answers, when our patience is over, then it is told as unknown, and the same again is one event', async () => {
      const events = [event(1), event(2)];
      proxy.mute();
      const started = performance.now();
      const told = await refusal(store.append('job-1', events, 'no_stream'));
      expect(told).toMatchObject({ code: 'store_unavailable', why: 'timed_out' });
      expect(performance.now() - started).toBeGreaterThanOrEqual(PATIENCE_MS - 10);
      expect(await ok(store.append('job-1', events, 'no_stream'))).toMatchObject({ revision: 1 });
      expect(await dataIn('job-1')).toEqual([1, 2]);
    });

    it('given an answer that is lost with its connection, then it is tried again by itself and written once', async () => {
      const written = watch(below, 'start', { streamPrefixes: ['job-1'] });
      proxy.mute();
      const appending = ok(store.append('job-1', [event(1)], 'no_stream'));
      await written.until(() => written.seen.length > 0);
      proxy.cut();
      expect(await appending).toMatchObject({ revision: 0 });
      expect(await dataIn('job-1')).toEqual([1]);
      written.stop();
    });

    it('given any as expectation, when its connection breaks, then it is not tried again, since it could be written twice', async () => {
      const written = watch(below, 'start', { streamPrefixes: ['job-1'] });
      proxy.mute();
      const appending = refusal(store.append('job-1', [event(1)], 'any'));
      await written.until(() => written.seen.length > 0);
      proxy.cut();
      expect(await appending).toMatchObject({ why: 'unreachable' });
      written.stop();
    });

    it('given hundreds under way, when the connection is cut again and again, then all are answered, and each is written once', async () => {
      const streams = Array.from({ length: 300 }, (_, index) => `job-many${String(index)}`);
      const appends = streams.map((stream) => ({ stream, events: [event(stream.padEnd(2_000, '.'))] }));
      const round = () =>
        Promise.all(appends.map(({ stream, events }) => store.append(stream, events, 'no_stream')()));
      const first = round();
      for (const enough of [50, 100, 150]) {
        const seen = watch(below, 'start');
        await seen.until(() => seen.seen.length >= enough);
        seen.stop();
        proxy.cut();
      }
      expect(await first).toHaveLength(300);
      expect((await round()).filter(E.isLeft)).toEqual([]);
      expect((await ok(below.readAll('start', { maxCount: 10_000 }))).length).toBe(301);
    });

    it('given more than the limit, then nothing is sent', async () => {
      const before = proxy.received();
      const told = await refusal(store.append('job-1', [event('x'.repeat(1_100_000))], 'no_stream'));
      expect(told).toMatchObject({ code: 'append_too_large', limitBytes: 1_048_576 });
      expect(proxy.received() - before).toBeLessThan(1_000_000);
    });

    it('given a clock that is an hour behind, then the server does not take its deadline for one that is over', async () => {
      // the node shares the clock of this process: it is set right again before the request can have arrived
      vi.useFakeTimers({ toFake: ['Date'], now: Date.now() - 3_600_000 });
      try {
        const appending = ok(store.append('job-1', [event(1)], 'no_stream'));
        await Promise.resolve();
        await new Promise((resolve) => setImmediate(resolve));
        vi.setSystemTime(Date.now() + 3_600_000);
        expect(await appending).toMatchObject({ revision: 0 });
      } finally {
        vi.useRealTimers();
      }
    });
  });

  describe('a stream', () => {
    it('given a tombstone by somebody else, then appends and reads say that it was deleted', async () => {
      const other = EventStoreDBClient.connectionString(node.address);
      await other.tombstoneStream('job-0');
      await other.dispose();
      const deleted = { code: 'store_unavailable', why: 'stream_deleted' };
      expect(await refusal(store.append('job-0', [event(1)], 0))).toMatchObject(deleted);
      expect(await refusal(store.readStream('job-0'))).toMatchObject(deleted);
    });

    it('given none, then a read says that it is missing', async () => {
      expect(await refusal(store.readStream('job-9'))).toEqual({ code: 'stream_not_found', stream: 'job-9' });
    });

    it.each([
      ['no_stream', 0],
      [7, 0],
    ] as const)('given a wrong revision %s, then both revisions are told', async (expected, current) => {
      const told = await refusal(store.append('job-0', [event(1)], expected));
      expect(told).toEqual({ code: 'wrong_expected_revision', stream: 'job-0', expected, current });
    });
  });

  describe('a subscription', () => {
    it('given connections that break while others write, then every event comes once, in order', async () => {
      const watched = watch(store, 'start', { streamPrefixes: ['job-'] });
      const total = 400;
      for (let n = 0; n < total; n += 20) {
        const more = Array.from({ length: 20 }, (_, index) => event(n + index));
        await ok(below.append('job-1', more, n === 0 ? 'no_stream' : n - 1));
        if (n % 100 === 0) {
          await watched.until(() => watched.seen.length > 1 + n);
          proxy.cut();
        }
      }
      await watched.until(() => watched.seen.length >= total + 1);
      expect(watched.seen.slice(1).map((one) => one.event.data)).toEqual([...Array(total).keys()]);
      expect(watched.error()).toBeUndefined();
      watched.stop();
    });

    it('given a server that stops and comes back, then it goes on after the last event, and the outage is told once', async () => {
      const watched = watch(store, 'start', { streamPrefixes: ['job-'] });
      const other = watch(store, 'start');
      await watched.until(() => watched.caughtUps() > 0);
      await other.until(() => other.caughtUps() > 0);
      const { port } = node;
      await node.close();
      await vi.waitUntil(() => problems.length > 0, 8_000);
      await ok(below.append('job-1', [event(1), event(2)], 'no_stream'));
      node = await nodeOver(below, { port, takesBatches });
      await watched.until(() => watched.seen.length >= 3);
      expect(watched.seen.map((one) => one.event.data)).toEqual(['before', 1, 2]);
      expect(problems).toHaveLength(1);
      expect(problems[0]).toContain('cannot be reached');
      watched.stop();
      other.stop();
    });

    it('given thousands of events, when it says that it caught up, then all of them were given before', async () => {
      const most = Array.from({ length: 3_000 }, (_, index) => event(index));
      await ok(below.append('job-1', most, 'no_stream'));
      let [seen, seenAtMark] = [0, -1];
      await new Promise<void>((resolve) => {
        const subscription = store.subscribe('start', { streamPrefixes: ['job-1'] }).subscribe((signal) => {
          if (!('caughtUp' in signal)) seen += 1;
          else if (seenAtMark < 0) {
            seenAtMark = seen;
            subscription.unsubscribe();
            resolve();
          }
        });
      });
      expect(seenAtMark).toBe(3_000);
    });
  });

  describe('a read', () => {
    it('given a server that never answers, then it ends as well', async () => {
      proxy.mute();
      expect(await refusal(store.head())).toMatchObject({ why: 'timed_out' });
      expect((await ok(store.head()))?.event.data).toBe('before');
    });

    it('given a server that is away, then it is told within seconds what cannot be reached', async () => {
      await proxy.close();
      const told = await refusal(store.head());
      expect(told).toMatchObject({ code: 'store_unavailable', why: 'unreachable' });
      expect(JSON.stringify(told)).toContain(`esdb://127.0.0.1:${String(proxy.port)}`);
      proxy = await proxyTo(node.port);
    });
  });
});
