/** The reading half of the Read call: a stream or `$all`, forwards or backwards, at the pace of the reader. */
import type { ServerWritableStream } from '@grpc/grpc-js';
import type { ReadReq, ReadResp } from '@eventstore/db-client/generated/streams_pb.js';
import * as E from 'fp-ts/lib/Either.js';
import type { Position, RawEvent, Recorded } from '../../kernel/recorded.js';
import { filterOf, type WireFilter } from './filters.js';
import type { Answer, NodeError, NodeLog } from './log.js';
import { identifierOf, nameOf, readEventOf } from './messages.js';
import { statusOf } from './refusals.js';
import { toWire } from './stored-form.js';
import { isVisible } from './stream-rules.js';
import type { Stubs } from './stubs.js';

export type ReadCall = ServerWritableStream<ReadReq, ReadResp>;
type Events = readonly Recorded<RawEvent>[];
type Direction = 'forwards' | 'backwards';

const PAGE = 500;

/** Writes, and waits while the reader is slow. False once the call is over. */
export const send = async (call: ReadCall, response: ReadResp): Promise<boolean> => {
  if (call.cancelled || call.destroyed) return false;
  if (call.write(response)) return true;
  await new Promise<void>((resolve) => {
    const done = (): void => {
      call.off('drain', done).off('cancelled', done).off('close', done);
      resolve();
    };
    call.once('drain', done).once('cancelled', done).once('close', done);
  });
  return !call.cancelled;
};

/** What the reader wants of uuids: structured unless it asks for text. */
export const wantsStructured = (options: ReadReq.Options): boolean =>
  options.getUuidOption()?.hasString() !== true;

/** Pages of a read, one after the other; `undefined` ends it. */
type NextPage = () => Answer<Events | undefined>;

const streamPages = (
  log: NodeLog,
  stream: string,
  start: number | 'start' | 'end',
  direction: Direction,
): NextPage => {
  const isForwards = direction === 'forwards';
  let next: number | undefined | 'over' = start === 'start' ? 0 : start === 'end' ? undefined : start;
  if (isForwards && start === 'end') next = Number.MAX_SAFE_INTEGER;
  return async () => {
    if (next === 'over') return E.right(undefined);
    const from = isForwards ? Math.max(next ?? 0, log.rulesOf(stream)?.truncateBefore ?? 0) : next;
    const asked = { direction, maxCount: PAGE, ...(from === undefined ? {} : { from }) };
    const page = await log.store.readStream(stream, asked)();
    if (E.isLeft(page)) return page;
    const last = page.right.at(-1)?.revision;
    next = last === undefined || (last === 0 && !isForwards) ? 'over' : last + (isForwards ? 1 : -1);
    if (page.right.length < PAGE) next = 'over';
    const [rules, nowMs] = [log.rulesOf(stream), Date.now()];
    return E.right(
      page.right.filter((event) =>
        isVisible(rules, { revision: event.revision, createdMs: toWire(event).createdMs }, nowMs),
      ),
    );
  };
};

const allPages = (
  log: NodeLog,
  start: Position | 'start' | 'end',
  direction: Direction,
  filter: WireFilter | undefined,
): NextPage => {
  let next: Position | 'start' | 'end' | 'over' = start;
  return async () => {
    if (next === 'over') return E.right(undefined);
    const page = await log.store.readAll(next, { direction, maxCount: PAGE })();
    if (E.isLeft(page)) return page;
    const last = page.right.at(-1)?.position;
    // places follow one another, so the next one is known
    const place = Number(last ?? 0) + (direction === 'forwards' ? 1 : -1);
    next = last === undefined || page.right.length < PAGE || place < 1 ? 'over' : String(place);
    return E.right(page.right.filter((event) => filter?.letsThrough(event) ?? true));
  };
};

const answerAll = async (
  stubs: Stubs,
  call: ReadCall,
  next: NextPage,
  count: number,
): Promise<NodeError | undefined> => {
  const options = call.request.getOptions();
  const structured = options !== undefined && wantsStructured(options);
  for (let left = count; left > 0;) {
    const page = await next();
    if (E.isLeft(page)) return page.left;
    if (page.right === undefined) return undefined;
    for (const event of page.right.slice(0, left)) {
      const response = new stubs.streams.ReadResp().setEvent(readEventOf(stubs, event, structured));
      if (!(await send(call, response))) return undefined;
    }
    left -= page.right.length;
  }
  return undefined;
};

const notFound = (stubs: Stubs, stream: string): ReadResp => {
  const missing = new stubs.streams.ReadResp.StreamNotFound();
  missing.setStreamIdentifier(identifierOf(stubs, stream));
  return new stubs.streams.ReadResp().setStreamNotFound(missing);
};

/** Where a read of a stream starts. */
export const startOf = (options: ReadReq.Options.StreamOptions): number | 'start' | 'end' =>
  options.hasStart() ? 'start' : options.hasEnd() ? 'end' : Number(options.getRevision());

/** Where a read of everything starts. */
export const placeIn = (options: ReadReq.Options.AllOptions | undefined): Position | 'start' | 'end' => {
  const position = options?.getPosition();
  if (position !== undefined) return position.getCommitPosition();
  return options?.hasEnd() === true ? 'end' : 'start';
};

/** Answers one read to its end. Throws SyntaxError for a bad regular expression. */
export const answerRead = async (
  stubs: Stubs,
  log: NodeLog,
  call: ReadCall,
  options: ReadReq.Options,
): Promise<void> => {
  const { FORWARDS } = stubs.streams.ReadReq.Options.ReadDirection;
  const direction: Direction = options.getReadDirection() === FORWARDS ? 'forwards' : 'backwards';
  const count = Number(options.getCount());
  const single = options.getStream();
  const stream = nameOf(single?.getStreamIdentifier());
  if (single !== undefined && log.isTombstoned(stream)) {
    call.emit('error', statusOf(stubs, { code: 'stream_deleted', stream }));
    return;
  }
  const isHidden = single !== undefined && log.rulesOf(stream)?.isDeleted === true;
  const next =
    single === undefined
      ? allPages(log, placeIn(options.getAll()), direction, filterOf(options))
      : streamPages(log, stream, startOf(single), direction);
  const error: NodeError | undefined = isHidden
    ? { code: 'stream_not_found', stream }
    : await answerAll(stubs, call, next, count);
  if (error?.code === 'stream_not_found') await send(call, notFound(stubs, stream));
  else if (error !== undefined) {
    call.emit('error', statusOf(stubs, error));
    return;
  }
  if (!call.cancelled) call.end();
};
