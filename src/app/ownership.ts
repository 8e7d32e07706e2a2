/**
 * Does this server, and no other at the same store, drive the runners? An owner looks each few seconds whether somebody has
 * claimed its place, and answers. Whoever claims it waits for that answer as long as the owner's term, and takes its place when
 * none comes. An owner acts on what it saw for two thirds of its term, counted from when it asked: so it has stopped before.
 */
import { createHash, randomUUID } from 'node:crypto';
import * as E from 'fp-ts/lib/Either.js';
import { ownership, type Contender, type NotOwner, type OwnershipCommand } from '../domain/ownership.js';
import type { DispatcherStarted } from '../events/ownership.js';
import { appError, type AppError } from './errors.js';
import { handle, type Deps, type Envelope, type Handled } from './handle.js';
import type { EventStore, RunnerTransport, StoreError } from './ports.js';

/** All runners of an installation are one shard. */
export const OWNER_STREAM = 'owner-runners';

export const TERM_MS = 30_000;
/** Parts of the term: looks of the owner and of who waits, and what of it the owner leaves unused. */
const [LOOKS, MARGIN] = [8, 3];

export interface OwnershipOptions extends Deps {
  readonly by: Pick<Contender, 'dispatcher' | 'host' | 'pid'>;
  /** `TERM_MS` when absent. */
  readonly termMs?: number;
  /** Takes the place of whoever has it, at once. */
  readonly takeOver?: boolean;
  /** Told before it waits for the answer of another. */
  readonly onWait: (message: string) => void;
}

export interface Owned {
  readonly epoch: number;
  /** Resolves when another has taken over; never, else. */
  readonly lost: Promise<AppError>;
  readonly isLost: () => boolean;
  /** Why nothing may be done now; undefined when it may. Looks anew where the last look is too old. */
  readonly obstacle: () => Promise<StoreError | undefined>;
  /** Lets go, so that another need not wait. */
  readonly close: () => Promise<void>;
}

type Decided = E.Either<{ readonly error: AppError } | NotOwner, Handled>;

const envelope = (): Envelope => ({
  commandId: randomUUID(),
  bodySha256: createHash('sha256').update('').digest('hex'),
  actor: 'baton',
});

const placeOf = (owner: DispatcherStarted | undefined): string =>
  owner === undefined ? 'another process' : `process ${owner.pid} on the host ${owner.host}`;

const heldBy = (owner: DispatcherStarted | undefined, since: string): AppError =>
  appError(
    'conflict',
    'store_owned',
    `Another Baton drives the runners of this event store: ${placeOf(owner)}, since ${since}; it answers.`,
    {
      hint: 'Stop that one first: its place is free as soon as it has ended. With --take-over this one takes it at once, and that one stops when it notices.',
    },
  );

const lostTo = (owner: DispatcherStarted | undefined): AppError =>
  appError(
    'conflict',
    'ownership_lost',
    `Another Baton has taken over the runners of this event store: ${placeOf(owner)}. This one dispatches nothing any more.`,
    { hint: 'Let one of the two run. What runs on the runners goes on, and is collected by the other.' },
  );

const unavailable = ({ reason, message }: AppError): StoreError => ({
  ...{ code: 'store_unavailable', why: reason, message },
});

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

const decideOn = async (deps: Deps, command: OwnershipCommand): Promise<Decided> => {
  const done = await handle(deps, OWNER_STREAM, ownership, command, envelope());
  if (E.isRight(done)) return done;
  return E.left(done.left.kind === 'failed' ? { error: done.left.error } : done.left.refusal);
};

const epochIn = ({ events }: Handled): number =>
  events.reduce((epoch, { event }) => (event.type === 'DispatcherStarted' ? event.data.epoch : epoch), 0);

/** When the run that owns was recorded; for people. */
const sinceOf = async (deps: Deps, owner: DispatcherStarted | undefined): Promise<string> => {
  const read = await deps.store.readStream(OWNER_STREAM, { direction: 'backwards', maxCount: 100 })();
  const start = E.isRight(read)
    ? read.right.find(
        ({ event: { type, data } }) =>
          type === 'DispatcherStarted' && (data as DispatcherStarted).session === owner?.session,
      )
    : undefined;
  return start?.metadata.recordedAt ?? 'a time that is not known';
};

/** Becomes the owner and answers the epoch, or says who is. */
const take = async (
  { store, clock, takeOver, onWait }: OwnershipOptions,
  contender: Contender,
): Promise<E.Either<AppError, number>> => {
  const deps: Deps = { store, clock };
  const start = { kind: 'StartDispatcher', by: contender } as const;
  /** The epoch, or why there is none. */
  const outcome = async (decided: Decided): Promise<E.Either<AppError, number>> => {
    if (E.isRight(decided)) return E.right(epochIn(decided.right));
    if ('error' in decided.left) return E.left(decided.left.error);
    return E.left(heldBy(decided.left.owner, await sinceOf(deps, decided.left.owner)));
  };
  if (takeOver === true)
    return outcome(await decideOn(deps, { kind: 'TakeShard', by: contender, force: true }));
  const first = await decideOn(deps, start);
  if (E.isRight(first) || 'error' in first.left) return outcome(first);

  const claimed = await decideOn(deps, { kind: 'ClaimShard', by: contender });
  if (E.isLeft(claimed)) return outcome(claimed);
  const { owner } = first.left;
  const waitMs = owner?.ttlMs ?? TERM_MS;
  const from = clock.monotonicMs();
  onWait(
    `waits up to ${waitMs / 1000} s for an answer of the Baton that has driven the runners of this event store: ${placeOf(owner)}`,
  );
  while (clock.monotonicMs() - from < waitMs) {
    await pause(waitMs / LOOKS);
    // it may have let go meanwhile
    const again = await decideOn(deps, start);
    if (E.isRight(again) || 'error' in again.left) return outcome(again);
    const isAnswered = !again.left.claims.includes(contender.session);
    if (isAnswered) return outcome(again);
  }
  return outcome(await decideOn(deps, { kind: 'TakeShard', by: contender }));
};

/** Ends when this server owns, another answers, or the store fails. */
export const openOwnership = async (options: OwnershipOptions): Promise<E.Either<AppError, Owned>> => {
  const { store, clock, by, termMs = TERM_MS } = options;
  const deps: Deps = { store, clock };
  const session = randomUUID();
  const contender: Contender = { ...by, session, ttlMs: termMs };
  const taken = await take(options, contender);
  if (E.isLeft(taken)) return taken;

  let tellLost: (error: AppError) => void = () => undefined;
  const lost = new Promise<AppError>((resolve) => (tellLost = resolve));
  let loss: StoreError | undefined;
  let [revision, goodUntilMs] = [-1, -Infinity];

  const lookNow = async (): Promise<StoreError | undefined> => {
    const askedMs = clock.monotonicMs();
    const last = await store.readStream(OWNER_STREAM, { direction: 'backwards', maxCount: 1 })();
    if (E.isLeft(last)) return last.left;
    if (last.right[0]?.revision !== revision) {
      const kept = await decideOn(deps, { kind: 'KeepShard', session });
      if (E.isLeft(kept)) {
        if ('error' in kept.left) return unavailable(kept.left.error);
        const error = lostTo(kept.left.owner);
        loss = unavailable(error);
        tellLost(error);
        return loss;
      }
      revision = kept.right.revision ?? -1;
    }
    goodUntilMs = askedMs + termMs - termMs / MARGIN;
    return undefined;
  };

  let looking: Promise<StoreError | undefined> | undefined;
  const look = (): Promise<StoreError | undefined> =>
    (looking ??= lookNow().finally(() => {
      looking = undefined;
    }));
  const obstacle: Owned['obstacle'] = async () =>
    loss ?? (clock.monotonicMs() < goodUntilMs ? undefined : look());

  // from here on it is known how long that is good for
  await look();
  const timer = setInterval(() => {
    if (loss === undefined) void look();
  }, termMs / LOOKS);
  return E.right({
    epoch: taken.right,
    lost,
    isLost: () => loss !== undefined,
    obstacle,
    close: async () => {
      clearInterval(timer);
      await looking;
      if (loss === undefined) await decideOn(deps, { kind: 'ReleaseShard', session });
    },
  });
};

/** The same store, which takes appends only while they are the owner's. */
export const whileOwned = (store: EventStore, { obstacle }: Pick<Owned, 'obstacle'>): EventStore => ({
  ...store,
  append: (...asked) => {
    const append = store.append(...asked);
    return async () => {
      const found = await obstacle();
      return found === undefined ? append() : E.left(found);
    };
  },
});

/** The same transport, which starts jobs only while this server is the owner. What has started may be followed and ended by all. */
export const startingWhileOwned = (
  transport: RunnerTransport,
  { obstacle }: Pick<Owned, 'obstacle'>,
): RunnerTransport => ({
  ...transport,
  start: (...asked) => {
    const start = transport.start(...asked);
    return async () => {
      const found = await obstacle();
      return found === undefined
        ? start()
        : E.left({ code: 'back_pressure', message: 'message' in found ? found.message : found.code });
    };
  },
});
