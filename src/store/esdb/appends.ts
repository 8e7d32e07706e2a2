/** The writing half: what is checked before anything is sent, how many appends are under way, and which are tried again. */
import * as E from 'fp-ts/lib/Either.js';
import type { Appended, EventStore, ExpectedRevision, StoreError } from '../../app/ports.js';
import { checkedKeep } from '../checked-keep.js';
import { APPEND_LIMIT_BYTES, appendBytes, encode, tooLarge } from '../encoding.js';
import type { Ask } from './ask.js';
import { inOrder } from './in-order.js';

/**
 * The client's batch stream takes 15 writes before it makes callers wait, and one that waits while the stream breaks ends
 * the process with an unhandled rejection.
 */
const MOST_UNDER_WAY = 15;

const wrong = (
  stream: string,
  expected: ExpectedRevision,
  current: number | 'no_stream',
): E.Either<StoreError, never> => E.left({ code: 'wrong_expected_revision', stream, expected, current });

export const appendsOf = (ask: Ask): Pick<EventStore, 'append' | 'keepLast'> => {
  const inTurn = inOrder(MOST_UNDER_WAY);

  /** Nothing is written, and servers differ in what they answer to nothing: so the stream is looked at instead. */
  const appendNothing = async (
    stream: string,
    expected: ExpectedRevision,
  ): Promise<E.Either<StoreError, Appended>> => {
    const found = await ask({ what: 'an append', stream }, (client, alive) =>
      client.readStream(stream, undefined, 'backwards', 1, alive),
    );
    if (E.isLeft(found) && found.left.code !== 'stream_not_found') return found;
    const last = E.isRight(found) ? found.right[0] : undefined;
    if (expected === 'stream_exists' && last === undefined) {
      const metadata = await ask({ what: 'an append', stream }, (client) => client.metadataOf(stream));
      if (E.isLeft(metadata)) return metadata;
      if (metadata.right === undefined) return wrong(stream, expected, 'no_stream');
    }
    const revision = last?.revision ?? -1;
    const fits =
      expected === 'any' ||
      expected === 'stream_exists' ||
      revision === (expected === 'no_stream' ? -1 : expected);
    return fits
      ? E.right({ revision, position: last?.position ?? '0' })
      : wrong(stream, expected, last?.revision ?? 'no_stream');
  };

  const append: EventStore['append'] = (stream, events, expected) => () => {
    const encoded = events.map(encode);
    const sizeBytes = appendBytes(encoded);
    if (sizeBytes > APPEND_LIMIT_BYTES) return Promise.resolve(E.left(tooLarge(sizeBytes)));
    return inTurn(stream, async () => {
      if (encoded.length === 0) return appendNothing(stream, expected);
      // with any and stream_exists a repeat may be written a second time, so it is not for us to make one
      const isSafeToRepeat = typeof expected === 'number' || expected === 'no_stream';
      const written = await ask(
        { what: 'an append', stream, expected },
        (client) => client.append(stream, encoded, expected),
        isSafeToRepeat,
      );
      return E.map(({ revision, position }: { revision: number; position: string | undefined }) => ({
        revision,
        position: position ?? '0',
      }))(written);
    });
  };

  const keepLast: EventStore['keepLast'] = (stream, n) => {
    checkedKeep(n);
    return () =>
      inTurn(`$$${stream}`, () =>
        ask({ what: 'setting how many events are kept', stream }, async (client) => {
          await client.setMetadata(stream, { ...(await client.metadataOf(stream)), maxCount: n });
        }),
      );
  };

  return { append, keepLast };
};
