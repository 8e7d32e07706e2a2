/** The one way to write: load, answer a repeat or decide, append at the exact revision; a lost race is decided anew. */
import * as E from 'fp-ts/lib/Either.js';
import { decode, type BatonEvent } from '../events/catalog.js';
import { currentSchema } from '../events/upcast.js';
import type { Decider } from '../kernel/decider.js';
import { deriveId } from '../kernel/ids.js';
import type { Metadata, Position, RawEvent, Recorded } from '../kernel/recorded.js';
import type { Clock } from '../kernel/time.js';
import { appError, type AppError } from './errors.js';
import type { EventStore, StoreError } from './ports.js';

/** Who commands, and what the repeat of it would look like. */
export interface Envelope {
  readonly commandId: string;
  readonly bodySha256: string;
  readonly actor: string;
  readonly correlationId?: string;
  readonly causationId?: string;
  readonly reason?: string;
  /** The revision that the stream must have, unless the command is a repeat. */
  readonly expectedRevision?: number;
}

/** `position` is absent when nothing had to be written. `repeated`: answered from what was recorded. */
export interface Handled {
  readonly events: readonly Recorded<BatonEvent>[];
  readonly position?: Position;
  readonly revision: number | undefined;
  readonly repeated: boolean;
}

export type HandleError<R> =
  { readonly kind: 'refused'; readonly refusal: R } | { readonly kind: 'failed'; readonly error: AppError };

/** So many lost races in a row mean that something else is wrong. */
const MAX_RACES = 20;

/** Why a store does not answer, where it may answer again by itself. */
const PASSING: readonly string[] = ['unreachable', 'not_leader', 'timed_out'];
const HINT_OF_PASSING =
  'Look whether the event store runs; `GET /readyz` says when it answers again. Then ask again: with the same Idempotency-Key nothing is done twice.';

export const storeFailure = (error: StoreError): AppError => {
  switch (error.code) {
    case 'append_too_large':
      return appError(
        'invalid',
        'event_too_large',
        `This would be an event of ${error.sizeBytes} bytes; the store takes at most ${error.limitBytes}.`,
        { hint: 'Put long scripts into the repository and call them from the step.' },
      );
    case 'store_unavailable':
      return appError('store_unavailable', error.why, error.message, {
        cause: error.cause,
        ...(PASSING.includes(error.why) ? { hint: HINT_OF_PASSING } : {}),
      });
    case 'wrong_expected_revision':
      return appError(
        'busy',
        'contention',
        `The stream ${error.stream} changed ${MAX_RACES} times in a row.`,
      );
    case 'stream_not_found':
      return appError('not_found', 'stream_not_found', `There is no stream ${error.stream}.`);
  }
};

const revisionChanged = (expected: number, found: number | undefined): AppError =>
  appError(
    'conflict',
    'revision_changed',
    `Expected revision ${expected}, found ${found ?? 'nothing'}: it changed since it was read.`,
    { hint: 'Read it again, and decide anew.' },
  );

type History = { readonly events: readonly Recorded<BatonEvent>[]; readonly revision: number | undefined };

/** The whole stream, decoded; a missing one is empty. An unreadable event fails: a decider must not guess. */
export const load = async (store: EventStore, stream: string): Promise<E.Either<AppError, History>> => {
  const events: Recorded<BatonEvent>[] = [];
  for (;;) {
    const page: E.Either<StoreError, readonly Recorded<RawEvent>[]> = await store.readStream(stream, {
      from: events.length,
      maxCount: 500,
    })();
    if (E.isLeft(page)) {
      if (page.left.code === 'stream_not_found') return E.right({ events: [], revision: undefined });
      return E.left(storeFailure(page.left));
    }
    for (const raw of page.right) {
      const decoded = decode(raw);
      if (E.isLeft(decoded))
        return E.left(
          appError(
            'internal',
            'unreadable_event',
            `Event ${raw.revision} of ${stream} (${raw.event.type}) cannot be read.`,
            {
              hint: 'It was written by a newer Baton, or the store is damaged.',
              cause: decoded.left,
            },
          ),
        );
      events.push(decoded.right);
    }
    if (page.right.length < 500) return E.right({ events, revision: events.at(-1)?.revision });
  }
};

export interface Deps {
  readonly store: EventStore;
  readonly clock: Clock;
}

/** Runs `command` against the decider of `stream`. `Ev` must be the group of events that this stream holds. */
export const handle = async <C, S, Ev extends BatonEvent, R>(
  { store, clock }: Deps,
  stream: string,
  decider: Decider<C, S, Ev, R>,
  command: C,
  envelope: Envelope,
): Promise<E.Either<HandleError<R>, Handled>> => {
  for (let race = 0; race < MAX_RACES; race++) {
    const history = await load(store, stream);
    if (E.isLeft(history)) return E.left({ kind: 'failed', error: history.left });
    const { events, revision } = history.right;

    const before = events.filter((e) => e.metadata.commandId === envelope.commandId);
    const last = before.at(-1);
    if (last !== undefined)
      return last.metadata.bodySha256 === envelope.bodySha256
        ? E.right({ events: before, position: last.position, revision, repeated: true })
        : E.left({
            kind: 'failed',
            error: appError(
              'idempotency_conflict',
              'same_key_other_body',
              'This key was used before with another body.',
              {
                hint: 'Use a new Idempotency-Key for a new command.',
              },
            ),
          });

    const { expectedRevision } = envelope;
    if (expectedRevision !== undefined && expectedRevision !== revision)
      return E.left({ kind: 'failed', error: revisionChanged(expectedRevision, revision) });

    const state = events.reduce((s, e) => decider.evolve(s, e.event as Ev), decider.initial);
    const decision = decider.decide(command, state);
    if (E.isLeft(decision)) return E.left({ kind: 'refused', refusal: decision.left });
    if (decision.right.length === 0) return E.right({ events: [], revision, repeated: false });

    const recordedAt = clock.now();
    const fresh = decision.right.map((event, index) => {
      const metadata: Metadata = {
        ...(envelope.correlationId === undefined ? {} : { $correlationId: envelope.correlationId }),
        $causationId: envelope.causationId ?? envelope.commandId,
        commandId: envelope.commandId,
        bodySha256: envelope.bodySha256,
        recordedAt,
        actor: envelope.actor,
        ...(envelope.reason === undefined ? {} : { reason: envelope.reason }),
        schema: currentSchema(event.type),
      };
      return { id: deriveId(envelope.commandId, index), event, metadata };
    });
    const appended = await store.append(stream, fresh, revision ?? 'no_stream')();
    if (E.isRight(appended)) {
      const { position, revision: at } = appended.right;
      return E.right({
        events: fresh.map((e, i) => ({ stream, revision: at - fresh.length + 1 + i, position, ...e })),
        position,
        revision: at,
        repeated: false,
      });
    }
    if (appended.left.code !== 'wrong_expected_revision')
      return E.left({ kind: 'failed', error: storeFailure(appended.left) });
  }
  return E.left({
    kind: 'failed',
    error: storeFailure({ code: 'wrong_expected_revision', stream, expected: 'any', current: 'no_stream' }),
  });
};
