/**
 * The official client, behind the few calls that we make. Nothing else imports it, and it is loaded only when a server is
 * used: it is large, and two clients of its family cannot live in one process. It throws what the client throws.
 */
import type { EventStoreDBClient, JSONType, StreamMetadata } from '@eventstore/db-client';
import type { ExpectedRevision } from '../../app/ports.js';
import type { Position, RawEvent, Recorded } from '../../kernel/recorded.js';
import type { EncodedEvent } from '../encoding.js';
import { followAll, recordedOf, type FollowListener, type ServerFilter } from './client-follow.js';
import { pairOf, textOfPair } from './positions.js';

export type Direction = 'forwards' | 'backwards';
type Event = Recorded<RawEvent>;

/** Told with each event, so that a long read is not taken for a dead one. */
type Alive = () => void;

export interface Client {
  readonly append: (
    stream: string,
    events: readonly EncodedEvent[],
    expected: ExpectedRevision,
  ) => Promise<{ readonly revision: number; readonly position: Position | undefined }>;
  readonly readStream: (
    stream: string,
    from: number | undefined,
    direction: Direction,
    maxCount: number,
    alive: Alive,
  ) => Promise<readonly Event[]>;
  readonly readAll: (
    from: Position | 'start' | 'end',
    direction: Direction,
    maxCount: number,
    alive: Alive,
  ) => Promise<readonly Event[]>;
  /** Answers how to stop. */
  readonly follow: (from: Position | 'start', filter: ServerFilter, listener: FollowListener) => () => void;
  readonly metadataOf: (stream: string) => Promise<StreamMetadata | undefined>;
  readonly setMetadata: (stream: string, metadata: StreamMetadata) => Promise<void>;
  /** Ends everything that is under way, and waits for that. */
  readonly dispose: () => Promise<void>;
}

/**
 * For batches the client sends this as a point in time: with its default of ten seconds a clock that is so much behind
 * the server's refuses every append. How long we wait is our own business.
 */
const DEADLINE_MS = 86_400_000;
/** The client's own default. */
const KEEP_ALIVE_MS = 10_000;

/** Parsed anew from the text that was measured, so that what is sent is what was given when `append` was called. */
const dataOf = (text: string): JSONType => JSON.parse(text) as JSONType;

const wrap = (
  client: EventStoreDBClient,
  jsonEvent: typeof import('@eventstore/db-client').jsonEvent,
): Client => ({
  append: async (stream, events, expected) => {
    const sent = events.map(({ id, type, data, metadata }) =>
      jsonEvent({ id, type, data: dataOf(data), metadata: dataOf(metadata) as Record<string, unknown> }),
    );
    const { nextExpectedRevision, position } = await client.appendToStream(stream, sent, {
      expectedRevision: typeof expected === 'number' ? BigInt(expected) : expected,
      // one stream carries all batches, with what the first one said
      requiresLeader: true,
      deadline: DEADLINE_MS,
    });
    return {
      revision: Number(nextExpectedRevision),
      position: position === undefined ? undefined : textOfPair(position),
    };
  },
  readStream: async (stream, from, direction, maxCount, alive) => {
    const start = direction === 'forwards' ? 'start' : 'end';
    const fromRevision = from === undefined ? start : BigInt(from);
    const found: Event[] = [];
    for await (const { event } of client.readStream(stream, { fromRevision, direction, maxCount })) {
      alive();
      if (event !== undefined) found.push(recordedOf(event));
    }
    return found;
  },
  readAll: async (from, direction, maxCount, alive) => {
    const pair = from === 'start' || from === 'end' ? from : pairOf(from);
    const found: Event[] = [];
    for await (const { event } of client.readAll({ fromPosition: pair ?? 'start', direction, maxCount })) {
      alive();
      if (event !== undefined) found.push(recordedOf(event));
    }
    return found;
  },
  follow: (from, filter, listener) => followAll(client, from, filter, listener),
  metadataOf: async (stream) => (await client.getStreamMetadata(stream)).metadata,
  setMetadata: async (stream, metadata) => {
    await client.setStreamMetadata(stream, metadata, { requiresLeader: true, deadline: DEADLINE_MS });
  },
  dispose: async () => {
    await client.dispose();
    // not part of its API, and not waited for: with gossip it may still be asking where to connect
    void client['getChannel']().then(
      (channel) => {
        channel.close();
      },
      () => undefined,
    );
  },
});

/**
 * Channels with equal options share a TCP connection for the whole process, a dead one included, so that a new client would
 * inherit what the old one was given up for. Each gets an interval of its own, a millisecond longer than the last one's.
 */
const apart = (connectionString: string, generation: number): string => {
  const own = /[?&]keep[-_]?alive[-_]?interval=(-?\d+)/i.exec(connectionString)?.[1];
  // below zero it is turned off
  if (Number(own) < 0) return connectionString;
  const interval = Number(own ?? KEEP_ALIVE_MS) + generation;
  return `${connectionString}${connectionString.includes('?') ? '&' : '?'}keepAliveInterval=${String(interval)}`;
};

/** Loads the client; answers how to make one. Making one throws what cannot be used, e.g. a certificate file that is not there. */
export const loadClient = async (): Promise<(connectionString: string) => Client> => {
  const { EventStoreDBClient, jsonEvent } = await import('@eventstore/db-client');
  let generation = 0;
  return (connectionString) =>
    wrap(EventStoreDBClient.connectionString(apart(connectionString, generation++)), jsonEvent);
};
