/** The following half of the Read call: catch-up subscriptions on a stream and on `$all`, with filters and checkpoints. */
import { randomUUID } from 'node:crypto';
import type { ReadReq, ReadResp } from '@eventstore/db-client/generated/streams_pb.js';
import * as E from 'fp-ts/lib/Either.js';
import type { Subscription } from 'rxjs';
import type { CaughtUp, StoreError, StoreFilter } from '../../app/ports.js';
import type { Position, RawEvent, Recorded } from '../../kernel/recorded.js';
import { filterOf, type WireFilter } from './filters.js';
import type { NodeLog } from './log.js';
import { nameOf, placeText, readEventOf } from './messages.js';
import { placeIn, send, startOf, wantsStructured, type ReadCall } from './reads.js';
import { statusOf } from './refusals.js';
import { toWire } from './stored-form.js';
import { isVisible } from './stream-rules.js';
import type { Stubs } from './stubs.js';

type Signal = Recorded<RawEvent> | CaughtUp;

/** Signals that may wait for a slow reader before the store is left alone until they have gone. */
const MOST_WAITING = 2_000;

interface Wanted {
  readonly from: Position | 'start';
  /** What the store is asked for. */
  readonly stored: StoreFilter | undefined;
  readonly letsThrough: (event: Recorded<RawEvent>) => boolean;
  readonly checkpointEvery: number | undefined;
}

const wantedOfAll = async (log: NodeLog, options: ReadReq.Options): Promise<E.Either<StoreError, Wanted>> => {
  const filter: WireFilter | undefined = filterOf(options);
  const start = placeIn(options.getAll());
  const head = start === 'end' ? await log.store.head()() : E.right(undefined);
  return E.map((last: Recorded<RawEvent> | undefined): Wanted => ({
    from: start === 'end' ? (last?.position ?? 'start') : start,
    stored: undefined,
    letsThrough: filter?.letsThrough ?? (() => true),
    checkpointEvery: filter?.checkpointEvery,
  }))(head);
};

const wantedOfStream = async (
  log: NodeLog,
  single: ReadReq.Options.StreamOptions,
): Promise<E.Either<StoreError, Wanted>> => {
  const stream = nameOf(single.getStreamIdentifier());
  const start = startOf(single);
  const last = start === 'end' ? await log.store.head({ streamPrefixes: [stream] })() : E.right(undefined);
  return E.map((end: Recorded<RawEvent> | undefined): Wanted => ({
    from: end?.position ?? 'start',
    stored: { streamPrefixes: [stream] },
    letsThrough: (event) =>
      event.stream === stream &&
      (typeof start !== 'number' || event.revision > start) &&
      isVisible(log.rulesOf(stream), { ...event, createdMs: toWire(event).createdMs }, Date.now()),
    checkpointEvery: undefined,
  }))(last);
};

const follow = async (stubs: Stubs, log: NodeLog, call: ReadCall, wanted: Wanted, structured: boolean) => {
  const { ReadResp } = stubs.streams;
  let waiting: Signal[] = [];
  let failure: StoreError | undefined;
  let last: Position | 'start' = wanted.from;
  let subscription: Subscription | undefined;
  let wake: () => void = () => undefined;
  const isOver = (): boolean => call.cancelled || call.destroyed;

  const subscribe = (from: Position | 'start'): void => {
    subscription = log.store.subscribe(from, wanted.stored).subscribe({
      next: (signal) => {
        waiting.push(signal);
        if (!('caughtUp' in signal)) last = signal.position;
        if (waiting.length >= MOST_WAITING) {
          subscription?.unsubscribe();
          subscription = undefined;
        }
        wake();
      },
      error: (error: StoreError) => {
        failure = error;
        wake();
      },
    });
  };

  let [considered, checked]: [number, Position | undefined] = [0, undefined];
  const checkpoint = (position: Position): ReadResp => {
    const message = new ReadResp.Checkpoint();
    message.setCommitPosition(placeText(position));
    message.setPreparePosition(placeText(position));
    considered = 0;
    checked = undefined;
    return new ReadResp().setCheckpoint(message);
  };
  const responsesTo = (signal: Signal): readonly ReadResp[] => {
    if ('caughtUp' in signal) {
      const done = new ReadResp().setCaughtUp(new ReadResp.CaughtUp());
      return checked === undefined ? [done] : [checkpoint(checked), done];
    }
    const event = wanted.letsThrough(signal)
      ? [new ReadResp().setEvent(readEventOf(stubs, signal, structured))]
      : [];
    if (wanted.checkpointEvery === undefined) return event;
    considered += 1;
    checked = signal.position;
    return considered >= wanted.checkpointEvery ? [...event, checkpoint(signal.position)] : event;
  };

  const confirmation = new ReadResp.SubscriptionConfirmation();
  confirmation.setSubscriptionId(randomUUID());
  call.once('cancelled', () => wake());
  call.once('close', () => wake());
  await send(call, new ReadResp().setConfirmation(confirmation));
  subscribe(last);
  while (!isOver()) {
    const batch = waiting;
    waiting = [];
    for (const signal of batch)
      for (const response of responsesTo(signal)) if (!(await send(call, response))) break;
    if (waiting.length > 0) continue;
    if (failure !== undefined) {
      call.emit('error', statusOf(stubs, failure));
      break;
    }
    if (subscription === undefined) subscribe(last);
    else await new Promise<void>((resolve) => (wake = resolve));
    wake = () => undefined;
  }
  subscription?.unsubscribe();
};

/** Answers until the reader goes or the store fails. Throws SyntaxError for a bad regular expression. */
export const answerSubscription = async (
  stubs: Stubs,
  log: NodeLog,
  call: ReadCall,
  options: ReadReq.Options,
): Promise<void> => {
  const single = options.getStream();
  const stream = nameOf(single?.getStreamIdentifier());
  if (single !== undefined && log.isTombstoned(stream)) {
    call.emit('error', statusOf(stubs, { code: 'stream_deleted', stream }));
    return;
  }
  const wanted = await (single === undefined ? wantedOfAll(log, options) : wantedOfStream(log, single));
  if (E.isLeft(wanted)) call.emit('error', statusOf(stubs, wanted.left));
  else await follow(stubs, log, call, wanted.right, wantsStructured(options));
};
