/** Answers that go on: so many per token, and none longer than its token may read. */
import { Readable } from 'node:stream';
import { appError, type AppError } from '../app/errors.js';
import { keyOf } from '../app/calls.js';
import type { Caller } from '../app/use-cases.js';
import type { HttpContext } from './context.js';
import { failure } from './sse.js';

/** How one stream is made, and by which right. */
interface Opening {
  readonly caller: Caller;
  /** The caller as of now; undefined when the token is no longer usable. */
  readonly callerNow: () => Caller | undefined;
  readonly pieces: (signal: AbortSignal) => AsyncIterable<string | Buffer> | Iterable<string | Buffer>;
  /** Server-sent events: a last one says why they end. Bytes of a promised length are cut off instead. */
  readonly isEvents: boolean;
}

export interface OpenStreams {
  /** The refusal when the token has too many open. */
  readonly refusal: (caller: Caller) => AppError | undefined;
  readonly open: (ctx: HttpContext, opening: Opening) => Readable;
  readonly close: () => void;
}

const revoked = appError(
  'unauthenticated',
  'token_unknown',
  'The token was revoked or has expired while the stream was open.',
  { hint: 'Come back with another token.' },
);

/** Looks after silent streams every `checkMs`; a stream that has something to give looks by itself. */
export const openStreams = (maxPerToken: number, checkMs: number): OpenStreams => {
  const open = new Map<AbortController, { readonly key: string; readonly mayGoOn: () => boolean }>();
  const look = setInterval(() => {
    for (const [abort, { mayGoOn }] of open) if (!mayGoOn()) abort.abort();
  }, checkMs);
  look.unref();

  async function* guarded(
    { caller, callerNow, pieces, isEvents }: Opening,
    mayGoOn: () => boolean,
    signal: AbortSignal,
    requestId: string,
  ): AsyncGenerator<string | Buffer, void, undefined> {
    for await (const piece of pieces(signal)) {
      if (!mayGoOn()) break;
      yield piece;
    }
    if (mayGoOn()) return;
    if (!isEvents) throw new Error(`the right of ${caller.actor} to read this ended`);
    // with other roles than before the reader may come back, and is judged anew
    if (callerNow() === undefined) yield failure(revoked, requestId);
  }

  return {
    refusal: (caller) => {
      const key = keyOf(caller);
      const count = [...open.values()].filter((stream) => stream.key === key).length;
      return count < maxPerToken
        ? undefined
        : appError(
            'too_many_requests',
            'too_many_streams',
            `This token has ${count} streams open, which is the most it may have.`,
            { hint: 'Close one of them first.' },
          );
    },
    open: (ctx, opening) => {
      const abort = new AbortController();
      const grants = JSON.stringify(opening.caller.grants);
      const mayGoOn = (): boolean => JSON.stringify(opening.callerNow()?.grants) === grants;
      open.set(abort, { key: keyOf(opening.caller), mayGoOn });
      ctx.res.once('close', () => {
        open.delete(abort);
        abort.abort();
      });
      // one piece ahead and no more: the reader's pace is the source's pace
      return Readable.from(guarded(opening, mayGoOn, abort.signal, ctx.state.requestId), {
        highWaterMark: 1,
      });
    },
    close: () => {
      clearInterval(look);
      for (const abort of open.keys()) abort.abort();
    },
  };
};
