/** How does the log of an attempt arrive without a gap? Bytes are pulled from one channel after the other, each opened
 * where the last one stopped, until the runner says that it is over and how many bytes there are. */
import * as E from 'fp-ts/lib/Either.js';
import type { AttemptRef, AttemptSignal, AttemptState, TransportError } from '../app/ports.js';
import { attemptName, type Runner } from './attempt.js';
import { LinkError, transportError } from './errors.js';
import { afterMarker, parseEnd } from './frames.js';
import { opening, remoteCommand } from './launcher.js';
import { install, judgeLines, judgeSilence, newNonce } from './operation.js';

interface End {
  readonly size: number;
  readonly state: AttemptState;
}

type Piece =
  | { readonly kind: 'bytes'; readonly bytes: Buffer }
  | { readonly kind: 'need_program' }
  | { readonly kind: 'failed'; readonly error: TransportError }
  /** All of this channel has been given. */
  | { readonly kind: 'end'; readonly end: End };

/** One channel's worth. */
async function* session(
  runner: Runner,
  name: string,
  offset: number,
  signal: AbortSignal,
): AsyncGenerator<Piece, void, undefined> {
  const { target, site } = runner;
  const opened = await runner.open(remoteCommand);
  if (E.isLeft(opened)) {
    yield { kind: 'failed', error: opened.left };
    return;
  }
  const { channel } = opened.right;
  const nonce = newNonce();
  let wake: () => void = () => undefined;
  let closed = false;
  let finished = false;
  let tooLate = false;
  let end: End | undefined;
  let notes = '';
  channel.stderr.on('data', (bytes: Buffer) => {
    notes = (notes + bytes.toString('utf8')).slice(-64_000);
    for (const line of notes.split('\n').slice(0, -1)) end ??= parseEnd(line, nonce);
    // Our end of input lets the runner's side leave; what it has written is still delivered.
    if (end !== undefined) channel.end();
    wake();
  });
  channel.on('readable', () => {
    wake();
  });
  channel.once('end', () => {
    finished = true;
    wake();
  });
  channel.once('close', () => {
    closed = true;
    wake();
  });
  const abort = () => {
    wake();
  };
  signal.addEventListener('abort', abort);
  const timer = setTimeout(() => {
    tooLate = true;
    wake();
  }, site.markerMs);
  channel.write(
    Buffer.concat([
      opening({ nonce, base: target.base, ...site }),
      Buffer.from(`follow ${name} ${String(offset)}\n`),
    ]),
  );
  let before: Buffer | undefined = Buffer.alloc(0);
  let marked = false;
  try {
    while (!signal.aborted) {
      const chunk: unknown = channel.read();
      if (Buffer.isBuffer(chunk)) {
        if (before === undefined) {
          yield { kind: 'bytes', bytes: chunk };
          continue;
        }
        before = Buffer.concat([before, chunk]);
        const at = afterMarker(before, nonce);
        const newline = at === undefined ? -1 : before.indexOf('\n', at);
        marked = at !== undefined;
        if (at === undefined || newline < 0) continue;
        clearTimeout(timer);
        const line = before.toString('utf8', at, newline);
        if (line === 'need-program') {
          yield { kind: 'need_program' };
          return;
        }
        if (line !== 'following') {
          const judged = judgeLines(target, [line]);
          const error = E.isLeft(judged) ? judged.left : transportError('protocol', target, line);
          yield { kind: 'failed', error };
          return;
        }
        const rest = before.subarray(newline + 1);
        before = undefined;
        if (rest.length > 0) yield { kind: 'bytes', bytes: rest };
        continue;
      }
      if (end !== undefined && (finished || closed)) {
        yield { kind: 'end', end };
        return;
      }
      if (closed || (tooLate && before !== undefined)) {
        const text = `${before?.toString('utf8', 0, 400) ?? ''} ${notes}`;
        const error = closed
          ? marked
            ? // Whatever ended our command there: it says nothing about the job.
              transportError('connection_lost', target)
            : judgeSilence(target, opened.right, { marker: false, text })
          : transportError('timed_out', target, 'no answer to a command');
        yield { kind: 'failed', error };
        return;
      }
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', abort);
    channel.end();
    channel.close();
    channel.resume();
  }
}

const isOver = (state: AttemptState): boolean =>
  state.state !== 'running' && state.state !== 'orphan' && state.state !== 'claimed';

const sizeOf = (state: AttemptState): number | undefined => ('logSize' in state ? state.logSize : undefined);

/** See RunnerTransport.follow; ends without `ended` when the signal aborts. */
export async function* follow(
  runner: Runner,
  attempt: AttemptRef,
  fromOffset: number,
  signal: AbortSignal,
): AsyncGenerator<AttemptSignal, void, undefined> {
  const name = attemptName(attempt);
  if (name === undefined)
    throw new LinkError(transportError('protocol', runner.target, 'the attempt is no plain word'));
  let offset = fromOffset;
  while (!signal.aborted) {
    for await (const piece of session(runner, name, offset, signal)) {
      if (piece.kind === 'bytes') {
        yield { kind: 'bytes', offset, bytes: piece.bytes };
        offset += piece.bytes.length;
      } else if (piece.kind === 'failed') {
        throw new LinkError(piece.error);
      } else if (piece.kind === 'need_program') {
        const installed = await install(runner.open, runner.target, runner.site);
        if (E.isLeft(installed)) throw new LinkError(installed.left);
      } else if (isOver(piece.end.state)) {
        const size = sizeOf(piece.end.state);
        // Fewer: the rest comes over the next channel.
        if (size === undefined || offset === size) {
          yield { kind: 'ended', state: piece.end.state };
          return;
        }
        if (offset > size)
          throw new LinkError(
            transportError(
              'protocol',
              runner.target,
              `log of ${String(size)} bytes, expected ${String(offset)}`,
            ),
          );
      }
    }
  }
}
