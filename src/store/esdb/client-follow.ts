/** Following everything with the official client: what its subscriptions give, in the order in which it is true. */
import type {
  AllStreamResolvedEvent,
  AllStreamSubscription,
  EventStoreDBClient,
  Filter,
  RecordedEvent,
} from '@eventstore/db-client';
import type { Metadata, Position, RawEvent, Recorded } from '../../kernel/recorded.js';
import { pairOf, textOfPair } from './positions.js';

type Event = Recorded<RawEvent>;

/** Of the stream's name or of the type; a regular expression where prefixes cannot say it. */
export interface ServerFilter {
  readonly on: 'streamName' | 'eventType';
  readonly prefixes?: readonly string[];
  readonly regex?: string;
}

export interface FollowListener {
  readonly event: (event: Event) => void;
  /** Everything up to there was looked at, and what of it passed was given. */
  readonly checkpoint: (position: Position) => void;
  readonly confirmed: () => void;
  readonly caughtUp: () => void;
  /** Once, also when the server just ends it. */
  readonly over: (error: unknown) => void;
}

/** Looked-at events between two checkpoints: this many windows of 32. */
const CHECKPOINT_WINDOWS = 32;

/** An event as the port has it. */
export const recordedOf = (event: RecordedEvent): Event => ({
  stream: event.streamId,
  revision: Number(event.revision),
  position: event.position === undefined ? '0' : textOfPair(event.position),
  id: event.id,
  event: { type: event.type, data: event.data },
  metadata: (event.metadata ?? {}) as unknown as Metadata,
});

const clientFilter = (
  { on, prefixes, regex }: ServerFilter,
  reached: (position: Position) => Promise<void>,
): Filter => {
  const base = {
    filterOn: on,
    checkpointInterval: CHECKPOINT_WINDOWS,
    checkpointReached: (_: unknown, position: { commit: bigint; prepare: bigint }) =>
      reached(textOfPair(position)),
  };
  return prefixes === undefined ? { ...base, regex: regex ?? '' } : { ...base, prefixes: [...prefixes] };
};

/**
 * The client tells of checkpoints and of having caught up at once, while events still wait in its buffer; here both come
 * after the events that they speak of.
 */
const listen = (subscription: AllStreamSubscription, listener: FollowListener) => {
  let marks: (() => void)[] = [];
  const settle = (): void => {
    if (subscription.readableLength > 0) return;
    const due = marks;
    marks = [];
    for (const mark of due) mark();
  };
  const afterEvents = (mark: () => void): void => {
    marks.push(mark);
    settle();
  };
  let isOver = false;
  const end = (error: unknown): void => {
    if (isOver) return;
    isOver = true;
    listener.over(error);
  };
  subscription.on('data', ({ event }: AllStreamResolvedEvent) => {
    if (isOver) return;
    if (event !== undefined) listener.event(recordedOf(event));
    settle();
  });
  subscription.on('confirmation', listener.confirmed);
  subscription.on('caughtUp', () => {
    afterEvents(listener.caughtUp);
  });
  subscription.on('error', end);
  subscription.on('end', () => {
    end(undefined);
  });
  subscription.on('close', () => {
    end(undefined);
  });
  return {
    afterEvents,
    stop: (): void => {
      isOver = true;
      marks = [];
      subscription.unsubscribe().catch(() => undefined);
    },
  };
};

/** Subscribes; answers how to stop. */
export const followAll = (
  client: EventStoreDBClient,
  from: Position | 'start',
  filter: ServerFilter,
  listener: FollowListener,
): (() => void) => {
  const reached = (position: Position): Promise<void> => {
    following.afterEvents(() => {
      listener.checkpoint(position);
    });
    return Promise.resolve();
  };
  const subscription = client.subscribeToAll({
    fromPosition: from === 'start' ? 'start' : (pairOf(from) ?? 'start'),
    filter: clientFilter(filter, reached),
  });
  const following = listen(subscription, listener);
  return following.stop;
};
