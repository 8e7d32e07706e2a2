/** A follower takes a published batch only where it joins on to what it has; else it reads again. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { RawEvent, Recorded } from '../../src/kernel/recorded.js';
import type { EventLog } from '../../src/store/event-log.js';
import { feedOf, type Feed } from '../../src/store/feed.js';
import { metadata } from '../contract/event-store-tools.js';

const at = (position: number): Recorded<RawEvent> => ({
  stream: 'a-1',
  revision: position - 1,
  position: String(position),
  id: String(position),
  event: { type: 'T', data: null },
  metadata: metadata(),
});
const places = (low: number, high: number): Recorded<RawEvent>[] =>
  Array.from({ length: Math.max(0, high - low + 1) }, (_, index) => at(low + index));
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('the feed', () => {
  let head: number;
  let feed: Feed;
  let seen: string[];
  let stop: () => void;

  const start = async (from: string): Promise<void> => {
    const log: EventLog = {
      head: () => head,
      range: (low, high) => places(low, high),
      streamRange: () => [],
      lastOf: () => undefined,
      idAt: () => undefined,
      keptOf: () => undefined,
    };
    feed = feedOf(log, () => false);
    const subscription = feed.subscribe(from).subscribe((signal) => {
      seen.push('caughtUp' in signal ? 'caughtUp' : signal.position);
    });
    stop = () => {
      subscription.unsubscribe();
    };
    await turn();
  };
  beforeEach(() => {
    [head, seen] = [2, []];
  });
  afterEach(() => {
    stop();
  });

  it('reads again when a batch does not join on', async () => {
    await start('0');
    head = 5;
    feed.publish(5, places(5, 5));
    await turn();
    expect(seen).toEqual(['1', '2', 'caughtUp', '3', '4', '5', 'caughtUp']);
  });

  it('drops of a batch what it has given before', async () => {
    await start('0');
    head = 3;
    feed.publish(2, places(2, 3));
    expect(seen).toEqual(['1', '2', 'caughtUp', '3']);
  });

  it('gives nothing up to a start that lies ahead of the head', async () => {
    await start('4');
    head = 5;
    feed.publish(3, places(3, 5));
    expect(seen).toEqual(['caughtUp', '5']);
  });

  it('reads what the log gained without a batch once it is woken', async () => {
    await start('0');
    head = 4;
    feed.wake();
    feed.wake();
    await turn();
    expect(seen).toEqual(['1', '2', 'caughtUp', '3', '4', 'caughtUp']);
    stop();
    expect(feed.isIdle()).toBe(true);
  });
});
