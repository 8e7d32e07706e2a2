/** How does a subscriber follow over connections that end, and servers that say less? With a client that plays a script. */
import { Observable } from 'rxjs';
import { describe, expect, it } from 'vitest';
import type { CaughtUp } from '../../src/app/ports.js';
import type { RawEvent, Recorded } from '../../src/kernel/recorded.js';
import type { FollowListener } from '../../src/store/esdb/client-follow.js';
import type { Client } from '../../src/store/esdb/client.js';
import { openConnection } from '../../src/store/esdb/connection.js';
import { serverFilterOf, startFollowing, type Follower } from '../../src/store/esdb/follow.js';
import { metadata } from '../contract/event-store-tools.js';

const at = (place: number, stream = 'job-1'): Recorded<RawEvent> => ({
  stream,
  revision: place,
  position: `${String(place)}/${String(place)}`,
  id: String(place),
  event: { type: 'Made', data: place },
  metadata: metadata(),
});

interface Round {
  readonly from: string;
  readonly listener: FollowListener;
}

/** Follows with a client whose subscriptions the test speaks for; `last` is what the server says is the end. */
const following = (last: Recorded<RawEvent> | undefined) => {
  const rounds: Round[] = [];
  let arrived: () => void = () => undefined;
  const unused = () => Promise.reject(new Error('not part of this script'));
  const client: Client = {
    append: unused,
    readStream: unused,
    readAll: () => Promise.resolve(last === undefined ? [] : [last]),
    metadataOf: unused,
    setMetadata: unused,
    dispose: () => Promise.resolve(),
    follow: (from, _, listener) => {
      rounds.push({ from, listener });
      arrived();
      return () => undefined;
    },
  };
  const given: unknown[] = [];
  const outages: unknown[] = [];
  let follower: Follower | undefined;
  new Observable<Recorded<RawEvent> | CaughtUp>((subscriber) => {
    const options = {
      connection: openConnection(() => client),
      patienceMs: 1_000,
      onOutage: (error: unknown) => outages.push(error),
      onConfirmed: () => undefined,
    };
    follower = startFollowing(options, subscriber, 'start', { streamPrefixes: ['job-'] });
  }).subscribe((signal) => given.push('caughtUp' in signal ? 'caught up' : signal.event.data));
  const round = async (number: number): Promise<Round> => {
    while (rounds.length < number) await new Promise<void>((resolve) => (arrived = resolve));
    return rounds[number - 1]!;
  };
  return { given, outages, follower: follower!, round };
};

const broken = Object.assign(new Error('broken'), { type: 'unavailable', code: 14 });

describe('following', () => {
  it('given a server that never says so, when what was last at the start is given, then it has caught up', async () => {
    const { given, follower, round } = following(at(2));
    const { listener } = await round(1);
    listener.confirmed();
    listener.event(at(1));
    expect(given).toEqual([1]);
    listener.event(at(2));
    listener.event(at(3));
    expect(given).toEqual([1, 2, 'caught up', 3]);
    follower.stop();
  });

  it('given an empty server, when the subscription is confirmed, then it has caught up', async () => {
    const { given, follower, round } = following(undefined);
    (await round(1)).listener.confirmed();
    expect(given).toEqual(['caught up']);
    follower.stop();
  });

  it('given a break, then it goes on after the last event or checkpoint, drops what is given again, and tells once', async () => {
    const { given, outages, follower, round } = following(at(9));
    const first = await round(1);
    first.listener.confirmed();
    first.listener.event(at(1));
    first.listener.over(broken);
    const second = await round(2);
    second.listener.over(broken);
    const third = await round(3);
    expect([first.from, second.from, third.from]).toEqual(['start', '1/1', '1/1']);
    third.listener.confirmed();
    third.listener.event(at(1));
    third.listener.event(at(2));
    third.listener.checkpoint('5/5');
    third.listener.over(undefined);
    const fourth = await round(4);
    expect(fourth.from).toBe('5/5');
    expect(given).toEqual([1, 2]);
    expect(outages).toHaveLength(1);
    follower.stop();
  });

  it('given events of other streams and of the system, then they are passed over, and count as looked at', async () => {
    const { given, follower, round } = following(at(9));
    const first = await round(1);
    first.listener.event(at(1, '$stats'));
    first.listener.event(at(2, 'other-1'));
    first.listener.over(broken);
    expect((await round(2)).from).toBe('2/2');
    expect(given).toEqual([]);
    follower.stop();
  });
});

describe('what the server is asked to filter', () => {
  it.each([
    [undefined, { on: 'streamName', regex: '^[^$]' }],
    [{ streamPrefixes: ['a'] }, { on: 'streamName', prefixes: ['a'] }],
    [{ typePrefixes: ['A'] }, { on: 'eventType', prefixes: ['A'] }],
    // it takes one of the two, and an empty prefix or list says something else to it
    [
      { streamPrefixes: ['a'], typePrefixes: ['A'] },
      { on: 'streamName', regex: '^[^$]' },
    ],
    [{ streamPrefixes: [] }, { on: 'streamName', regex: '^[^$]' }],
    [{ streamPrefixes: ['a', ''] }, { on: 'streamName', regex: '^[^$]' }],
  ])('given %j, then %j', (filter, expected) => {
    expect(serverFilterOf(filter)).toEqual(expected);
  });
});
