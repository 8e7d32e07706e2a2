/**
 * The reading half. The client cannot have the server filter a read, so pages are filtered here. System streams are left
 * out, and nothing is calculated with positions: the next page starts where the last one ended, and what was seen is dropped.
 */
import * as E from 'fp-ts/lib/Either.js';
import type { EventStore, StoreError, StoreFilter } from '../../app/ports.js';
import { comparePositions, type Position, type RawEvent, type Recorded } from '../../kernel/recorded.js';
import { badPosition } from '../errors.js';
import { letsThrough } from '../filter.js';
import { checkedCount } from '../reads.js';
import type { Ask } from './ask.js';
import type { Client } from './client.js';
import { pairOf } from './positions.js';

type Events = readonly Recorded<RawEvent>[];

const DEFAULT_MAX_COUNT = 500;
/** The first page of a search; each further one is four times as large, up to the largest. */
const FIRST_PAGE = 32;
const LARGEST_PAGE = 2_048;

/** Not a system stream, and let through by the filter. */
export const isWanted = (filter: StoreFilter | undefined, { stream, event }: Recorded<RawEvent>): boolean =>
  !stream.startsWith('$') && letsThrough(filter, stream, event.type);

const forwardsFrom = (position: Position) => (event: Recorded<RawEvent>) =>
  comparePositions(event.position, position) > 0;
const backwardsFrom = (position: Position) => (event: Recorded<RawEvent>) =>
  comparePositions(event.position, position) < 0;

/** The event at a position itself: whether a server counts it in when it reads backwards depends on the server. */
const eventAt = async (client: Client, position: Position, alive: () => void): Promise<Events> => {
  const found = await client.readAll(position, 'forwards', 1, alive);
  return found.filter((event) => comparePositions(event.position, position) === 0);
};

const search = async (
  client: Client,
  from: Position | 'start' | 'end',
  direction: 'forwards' | 'backwards',
  wanted: number,
  filter: StoreFilter | undefined,
  alive: () => void,
): Promise<Events> => {
  const isPlace = from !== 'start' && from !== 'end';
  const found: Recorded<RawEvent>[] = [];
  if (isPlace && direction === 'backwards')
    found.push(...(await eventAt(client, from, alive)).filter((event) => isWanted(filter, event)));
  const isNew = direction === 'forwards' ? forwardsFrom : backwardsFrom;
  let [cursor, isFresh] = [from, (_: Recorded<RawEvent>): boolean => true];
  if (isPlace && direction === 'backwards') isFresh = backwardsFrom(from);
  for (let size = Math.min(Math.max(wanted, FIRST_PAGE), LARGEST_PAGE); found.length < wanted;) {
    // one more than is new: the first may be the last one seen
    const page = await client.readAll(cursor, direction, size + 1, alive);
    const fresh = page.filter(isFresh);
    found.push(...fresh.filter((event) => isWanted(filter, event)));
    const last = fresh.at(-1)?.position;
    if (last === undefined || page.length <= size) break;
    cursor = last;
    isFresh = isNew(last);
    size = Math.min(size * 4, LARGEST_PAGE);
  }
  return found.slice(0, wanted);
};

export const readsOf = (ask: Ask): Pick<EventStore, 'readStream' | 'readAll' | 'head'> => {
  const readStream: EventStore['readStream'] = (stream, options = {}) => {
    const { direction = 'forwards', from } = options;
    const wanted = Math.min(checkedCount(options.maxCount ?? Infinity), Number.MAX_SAFE_INTEGER);
    // of nothing, a server would not tell whether there is a stream
    return async () =>
      E.map((events: Events) => events.slice(0, wanted))(
        await ask({ what: 'a read', stream }, (client, alive) =>
          client.readStream(stream, from, direction, Math.max(1, wanted), alive),
        ),
      );
  };

  const readAll: EventStore['readAll'] = (from, options = {}) => {
    const { direction = 'forwards', filter } = options;
    const wanted = Math.min(checkedCount(options.maxCount ?? DEFAULT_MAX_COUNT), Number.MAX_SAFE_INTEGER);
    return async () => {
      if (from !== 'start' && from !== 'end' && pairOf(from) === undefined) return E.left(badPosition(from));
      const isEmpty = direction === 'forwards' ? from === 'end' : from === 'start';
      return ask({ what: 'a read' }, (client, alive) =>
        isEmpty || wanted === 0
          ? Promise.resolve([])
          : search(client, from, direction, wanted, filter, alive),
      );
    };
  };

  const head: EventStore['head'] = (filter) => async () => {
    const options = {
      direction: 'backwards',
      maxCount: 1,
      ...(filter === undefined ? {} : { filter }),
    } as const;
    const last: E.Either<StoreError, Events> = await readAll('end', options)();
    return E.map((events: Events) => events[0])(last);
  };

  return { readStream, readAll, head };
};
