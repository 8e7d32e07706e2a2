/**
 * What does a node add to the embedded store? Stream metadata, deletion and tombstones, which the store's port does not
 * know. They are events in the same store; what they say is held in memory, since nobody else writes to it meanwhile.
 */
import { randomUUID } from 'node:crypto';
import * as E from 'fp-ts/lib/Either.js';
import type { Appended, EventStore, ExpectedRevision, NewEvent, StoreError } from '../../app/ports.js';
import type { RawEvent, Recorded } from '../../kernel/recorded.js';
import { toStored, toWire } from './stored-form.js';
import {
  META_PREFIX,
  META_TYPE,
  rulesOf,
  TOMBSTONE_TYPE,
  withTruncateBefore,
  type StreamRules,
} from './stream-rules.js';

export type NodeError = StoreError | { readonly code: 'stream_deleted'; readonly stream: string };
export type Answer<A> = Promise<E.Either<NodeError, A>>;

export interface NodeLog {
  readonly store: EventStore;
  readonly rulesOf: (stream: string) => StreamRules | undefined;
  readonly isTombstoned: (stream: string) => boolean;
  readonly append: (
    stream: string,
    events: readonly NewEvent[],
    expected: ExpectedRevision,
  ) => Answer<Appended>;
  /** Soft: the next append goes on with the next revision. */
  readonly remove: (stream: string, expected: ExpectedRevision) => Answer<Appended>;
  /** For ever. */
  readonly tombstone: (stream: string, expected: ExpectedRevision) => Answer<Appended>;
}

interface Known extends StreamRules {
  readonly text: string;
}

const KEEP_ALL = Number.MAX_SAFE_INTEGER;

const textOf = (event: Recorded<RawEvent> | NewEvent): string =>
  Buffer.from(toWire({ stream: '', revision: 0, position: '0', ...event }).data).toString('utf8');

/** Reads the metadata and tombstones that the store holds. */
export const openNodeLog = async (store: EventStore): Promise<E.Either<StoreError, NodeLog>> => {
  const known = new Map<string, Known>();
  const tombstones = new Set<string>();
  /** The last thing under way on a stream whose deletion is being set or undone. */
  const busy = new Map<string, Promise<unknown>>();

  const learn = async (stream: string, text: string): Promise<void> => {
    const before = known.get(stream);
    const rules = rulesOf(text);
    known.set(stream, { ...rules, text });
    if (rules.maxCount !== undefined || before?.maxCount !== undefined)
      await store.keepLast(stream, rules.maxCount ?? KEEP_ALL)();
  };

  for (let from: string | undefined = 'start'; from !== undefined;) {
    const filter = { streamPrefixes: [META_PREFIX], typePrefixes: [TOMBSTONE_TYPE] };
    const page: E.Either<StoreError, readonly Recorded<RawEvent>[]> = await store.readAll(from, { filter })();
    if (E.isLeft(page)) return page;
    for (const one of page.right) {
      if (one.event.type === TOMBSTONE_TYPE) tombstones.add(one.stream);
      else await learn(one.stream.slice(META_PREFIX.length), textOf(one));
    }
    const last: string | undefined = page.right.at(-1)?.position;
    from = page.right.length > 1 && last !== from ? last : undefined;
  }

  const revisionOf = async (stream: string): Answer<number | 'no_stream'> => {
    const read = await store.readStream(stream, { direction: 'backwards', maxCount: 1 })();
    if (E.isRight(read)) return E.right(read.right[0]?.revision ?? 'no_stream');
    return read.left.code === 'stream_not_found' ? E.right('no_stream') : read;
  };

  const writeMetadata = async (stream: string, text: string): Answer<Appended> => {
    const wire = {
      id: randomUUID(),
      type: META_TYPE,
      contentType: 'application/json',
      data: Buffer.from(text),
      metadata: new Uint8Array(),
    };
    const event = toStored(wire, new Date().toISOString());
    const written = await store.append(`${META_PREFIX}${stream}`, [event], 'any')();
    if (E.isRight(written)) await learn(stream, text);
    return written;
  };

  /** One after the other for a stream, in the order of the calls. */
  const inTurn = <A>(stream: string, work: () => Answer<A>): Answer<A> => {
    const done = (busy.get(stream) ?? Promise.resolve()).then(work);
    const settled = done.then(() => {
      if (busy.get(stream) === settled) busy.delete(stream);
    });
    busy.set(stream, settled);
    return done;
  };

  const wrong = (
    stream: string,
    expected: ExpectedRevision,
    current: number | 'no_stream',
  ): E.Either<NodeError, never> => E.left({ code: 'wrong_expected_revision', stream, expected, current });

  const holds = (expected: ExpectedRevision, current: number | 'no_stream'): boolean =>
    expected === 'any' || expected === current || (expected === 'stream_exists' && current !== 'no_stream');

  const plainAppend = async (
    stream: string,
    events: readonly NewEvent[],
    expected: ExpectedRevision,
  ): Answer<Appended> => {
    // metadata alone makes a stream exist, and once there is some it stays
    const asked = expected === 'stream_exists' && known.has(stream) ? 'any' : expected;
    const written = await store.append(stream, events, asked)();
    const last = events.at(-1);
    if (E.isRight(written) && stream.startsWith(META_PREFIX) && last !== undefined)
      await learn(stream.slice(META_PREFIX.length), textOf(last));
    return written;
  };

  /** A deleted stream takes up again after its last revision; what was before stays hidden. */
  const revive = async (
    stream: string,
    events: readonly NewEvent[],
    expected: ExpectedRevision,
  ): Answer<Appended> => {
    const rules = known.get(stream);
    if (rules?.isDeleted !== true) return plainAppend(stream, events, expected);
    if (expected === 'stream_exists') return E.left({ code: 'stream_deleted', stream });
    const current = await revisionOf(stream);
    if (E.isLeft(current)) return current;
    if (events.length === 0 || (expected !== 'no_stream' && !holds(expected, current.right)))
      return plainAppend(stream, events, expected);
    // `$tb` first: a crash in between leaves an empty stream, not events that nobody can see
    const next = current.right === 'no_stream' ? 0 : current.right + 1;
    const moved = await writeMetadata(stream, withTruncateBefore(rules.text, next));
    if (E.isLeft(moved)) return moved;
    return plainAppend(stream, events, current.right);
  };

  const append: NodeLog['append'] = (stream, events, expected) => {
    if (tombstones.has(stream)) return Promise.resolve(E.left({ code: 'stream_deleted', stream }));
    // straight through where nothing is deleted: the order of calls is then the store's own
    return known.get(stream)?.isDeleted === true || busy.has(stream)
      ? inTurn(stream, () => revive(stream, events, expected))
      : plainAppend(stream, events, expected);
  };

  const ending = (
    stream: string,
    expected: ExpectedRevision,
    end: (current: number | 'no_stream') => Answer<Appended>,
  ): Answer<Appended> =>
    inTurn(stream, async () => {
      if (tombstones.has(stream)) return E.left({ code: 'stream_deleted', stream });
      const current = await revisionOf(stream);
      if (E.isLeft(current)) return current;
      return holds(expected, current.right) ? end(current.right) : wrong(stream, expected, current.right);
    });

  return E.right({
    store,
    rulesOf: (stream) => known.get(stream),
    isTombstoned: (stream) => tombstones.has(stream),
    append,
    remove: (stream, expected) =>
      ending(stream, expected, () =>
        writeMetadata(stream, withTruncateBefore(known.get(stream)?.text ?? '{}', 'everything')),
      ),
    tombstone: (stream, expected) =>
      ending(stream, expected, async (current) => {
        const event = { id: randomUUID(), event: { type: TOMBSTONE_TYPE, data: {} } };
        const metadata = toStored(
          {
            ...event,
            type: '',
            contentType: 'application/json',
            data: Buffer.from('{}'),
            metadata: new Uint8Array(),
          },
          new Date().toISOString(),
        ).metadata;
        const written = await store.append(stream, [{ ...event, metadata }], current)();
        if (E.isRight(written)) tombstones.add(stream);
        return written;
      }),
  });
};
