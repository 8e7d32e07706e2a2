/**
 * Tells one receiver what happens: at least once, in order for each stream, from the log and at the receiver's pace. It never
 * gives up, and nobody waits for it: of a receiver that is away no more than a few hundred messages are held, and the log is read
 * on when it takes them.
 */
import * as E from 'fp-ts/lib/Either.js';
import type { Observable, Subscription } from 'rxjs';
import type { CheckpointProblem, CheckpointStore } from '../app/checkpoints.js';
import { pause, StoreFailed, textOf } from '../app/follow-store.js';
import { appError, type AppError } from '../app/errors.js';
import type { EventStore } from '../app/ports.js';
import type { WebhookState } from '../app/webhooks.js';
import { decode } from '../events/catalog.js';
import type { Webhook } from '../domain/webhook-config.js';
import { isWithin } from '../domain/webhook-scope.js';
import { comparePositions, type Position, type RawEvent, type Recorded } from '../kernel/recorded.js';
import type { Clock, Instant } from '../kernel/time.js';
import { bodyOf, headersOf, isOf } from './message.js';
import { placesIn } from './places.js';
import { owedMessages, type Message, type OwedMessages } from './owed.js';
import { placeKeeper } from './place.js';
import { post, type Taken } from './post.js';

export interface TellingOptions {
  readonly webhook: Webhook;
  readonly secret: Uint8Array;
  readonly store: Pick<EventStore, 'readAll' | 'readStream' | 'head'>;
  /** Says that something may have been written. */
  readonly written: Observable<unknown>;
  readonly checkpoints: CheckpointStore;
  readonly clock: Clock;
  readonly onProblem: (message: string, cause?: unknown) => void;
}

export interface Telling {
  /** Finds its place in the log; a new one begins at the end. Throws `StoreAway`. */
  readonly open: () => Promise<void>;
  readonly state: () => WebhookState;
  /** Forgets what is owed, and tells what came after that position. On disk when it resolves; refused, nothing has changed. */
  readonly replay: (after: Position) => Promise<E.Either<AppError, void>>;
  readonly close: () => Promise<void>;
}

const PAGE = 100;
/** Standard Webhooks: 15 to 30 s. */
const TIMEOUT_MS = 15_000;
/** Held at a time; then reading waits for the receiver. */
const MOST_OWED = 256;
const MOST_CHARACTERS = 8_388_608;
const READ_AGAIN_MS = 1000;

const placeNotKept = (name: string, { message, cause }: CheckpointProblem): AppError =>
  appError(
    'store_unavailable',
    'place_not_kept',
    `Webhook ${name} is not told again, as its new place in the log cannot be kept: ${message}.`,
    { hint: 'Make the data folder writable, or make room on its disk, and ask again.', cause },
  );

export const openTelling = (options: TellingOptions): Telling => {
  const { webhook, secret, store, checkpoints, clock } = options;
  const { name, url, topics, scopes } = webhook;
  const tell = (message: string, cause?: unknown): void => {
    options.onProblem(`webhook ${name}: ${message}`, cause);
  };
  const closing = new AbortController();
  const { signal } = closing;
  const ended = (): boolean => signal.aborted;
  /** Undefined until it was found: until then what is on disk is better. */
  let position: Position | undefined;
  let owed = owedMessages();
  /** Where a replay is to begin, while that is written. */
  let beginning: Position | undefined;
  let gone = false;
  let problem: WebhookState['problem'];
  let takenAt: Instant | undefined;
  const deliveries = { taken: 0, failed: 0, gone: 0 };
  const places = placesIn(store);
  let subscription: Subscription | undefined;
  const placeNow = (): { readonly position: Position; readonly owed: readonly Position[] } | undefined => {
    if (beginning !== undefined) return { position: beginning, owed: [] };
    return position === undefined ? undefined : { position, owed: owed.positions() };
  };
  const place = placeKeeper(name, checkpoints, store, placeNow, tell);

  // ---- reading

  /** It wants to be told of that. */
  const concerns = async ({ stream, revision }: Recorded<RawEvent>): Promise<boolean> => {
    if (!isOf(topics, stream)) return false;
    if (scopes === undefined) return true;
    const place = await places.of(stream, revision);
    return place !== undefined && isWithin(scopes, place);
  };

  const owe = (recorded: Recorded<RawEvent>): void => {
    const decoded = decode(recorded);
    // an event that cannot be understood is told of by the read models
    if (E.isLeft(decoded)) return;
    const { stream, id } = recorded;
    const at = decoded.right.metadata.recordedAt;
    owed.add({ position: recorded.position, stream, id, at, body: bodyOf(decoded.right, scopes) });
  };

  const goesOn = (): boolean =>
    !signal.aborted && !gone && owed.size() < MOST_OWED && owed.weight() < MOST_CHARACTERS;

  /** Takes one page; false when there was nothing new. One that was asked for before a replay is of no use. */
  const readPage = async (): Promise<boolean> => {
    const [from, before] = [position ?? '', owed];
    const page = await store.readAll(from === '' ? 'start' : from, { maxCount: PAGE })();
    if (E.isLeft(page)) throw new StoreFailed(page.left);
    const news = page.right.filter((one) => comparePositions(one.position, from) > 0);
    const wanted = new Set<Position>();
    for (const recorded of news) {
      // each may ask the store; who ends does not wait for a page of that
      if (signal.aborted) return false;
      if (await concerns(recorded)) wanted.add(recorded.position);
    }
    if (owed !== before) return true;
    for (const recorded of news) {
      if (wanted.has(recorded.position)) owe(recorded);
      position = recorded.position;
    }
    if (news.length > 0) place.save();
    return news.length > 0;
  };

  let reading: Promise<void> | undefined;
  let readAgain = false;
  const wasAsked = (): boolean => readAgain && goesOn();
  const readOn = async (): Promise<void> => {
    do {
      readAgain = false;
      while (goesOn() && (await readPage())) send();
    } while (wasAsked());
  };

  const read = (): void => {
    readAgain = true;
    reading ??= readOn()
      .catch(async (cause: unknown) => {
        if (signal.aborted) return;
        tell(`the log could not be read, and is read again: ${textOf(cause)}`, cause);
        await pause(READ_AGAIN_MS, signal);
        readAgain = true;
      })
      .finally(() => {
        reading = undefined;
        if (wasAsked()) read();
      });
  };

  // ---- sending

  let timer: NodeJS.Timeout | undefined;
  const underWay = new Set<Promise<void>>();

  const send = (): void => {
    if (signal.aborted || gone) return;
    const now = clock.monotonicMs();
    for (let message = owed.next(now); message !== undefined; message = owed.next(now)) {
      const sent = deliver(owed, message).finally(() => {
        underWay.delete(sent);
      });
      underWay.add(sent);
    }
    const due = owed.due();
    clearTimeout(timer);
    if (due !== undefined) timer = setTimeout(send, Math.max(0, due - clock.monotonicMs()));
  };

  const deliver = async (list: OwedMessages, message: Message): Promise<void> => {
    const begunAt = clock.monotonicMs();
    const { id, body } = message;
    const headers = headersOf(secret, id, Math.floor(Date.parse(clock.now()) / 1000), body);
    const answer = await post({ url, headers, body, timeoutMs: TIMEOUT_MS, signal });
    // the server ends, and sends it again at its next start; or what is owed was forgotten meanwhile
    if (signal.aborted || list !== owed) return;
    deliveries[answer.kind] += 1;
    if (answer.kind === 'taken') take(message);
    else putOff(message, begunAt, answer);
    send();
    if (goesOn()) read();
  };

  const take = (message: Message): void => {
    if (owed.failures() > 0) tell('it takes messages again');
    owed.taken(message);
    takenAt = clock.now();
    place.save();
  };

  const putOff = (message: Message, begunAt: number, answer: Exclude<Taken, { kind: 'taken' }>): void => {
    // it wants no more: what was under way beside that answer changes nothing
    if (gone) return;
    gone = answer.kind === 'gone';
    const why = answer.kind === 'gone' ? 'It answered 410: it wants no more messages.' : answer.why;
    const before = owed.failures();
    owed.failed(
      message,
      begunAt,
      clock.monotonicMs(),
      answer.kind === 'failed' ? answer.retryAfterMs : undefined,
    );
    problem = { at: clock.now(), message: why };
    // the first of a row; those after it are counted
    if (gone || before === 0) tell(why);
  };

  const notKept = (): Pick<WebhookState, 'notKept'> => {
    const why = place.problem();
    return why === undefined ? {} : { notKept: why.message };
  };

  const oldest = (): Pick<WebhookState, 'oldestAt'> => {
    const oldestAt = owed.oldest();
    return oldestAt === undefined ? {} : { oldestAt };
  };

  const replayOne = async (after: Position): Promise<E.Either<AppError, void>> => {
    beginning = after;
    await place.saveNow();
    beginning = undefined;
    const notKept = place.problem();
    if (notKept !== undefined) {
      // what is written when that can be done is what was
      place.save();
      return E.left(placeNotKept(name, notKept));
    }
    owed = owedMessages();
    position = after;
    gone = false;
    read();
    return E.right(undefined);
  };
  let replays: Promise<unknown> = Promise.resolve();

  return {
    open: async () => {
      const found = await place.find();
      const stillOwed: Recorded<RawEvent>[] = [];
      for (const recorded of found.owed) if (await concerns(recorded)) stillOwed.push(recorded);
      if (ended()) return;
      // a replay that was asked for meanwhile has its own
      if (position === undefined) {
        stillOwed.forEach(owe);
        position = found.position;
      }
      await place.saveNow();
      if (ended()) return;
      subscription = options.written.subscribe(() => {
        if (goesOn()) read();
      });
      send();
      read();
    },
    state: () => ({
      state: gone ? 'gone' : owed.failures() > 0 ? 'failing' : 'telling',
      ...{
        position: position ?? '',
        owed: owed.size(),
        failures: owed.failures(),
        deliveries: { ...deliveries },
      },
      ...oldest(),
      ...(problem === undefined ? {} : { problem }),
      ...(takenAt === undefined ? {} : { takenAt }),
      ...notKept(),
    }),
    replay: (after) => {
      const replayed = replays.then(() => replayOne(after));
      replays = replayed;
      return replayed;
    },
    close: async () => {
      closing.abort();
      subscription?.unsubscribe();
      clearTimeout(timer);
      await reading;
      await Promise.all(underWay);
      await place.close();
    },
  };
};
