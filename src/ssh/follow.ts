/** How does the log of an attempt arrive without a gap? Bytes are pulled from one channel after the other, each opened
 * where the last one stopped, until the runner says that it is over and how many bytes there are. */
import * as E from 'fp-ts/lib/Either.js';
import type { ClientChannel } from 'ssh2';
import type { AttemptSignal, AttemptState, OutputRef, TransportError } from '../app/ports.js';
import { attemptName, type Runner } from './attempt.js';
import { LinkError, transportError } from './errors.js';
import { afterMarker, parseEnd } from './frames.js';
import { opening, remoteCommand } from './launcher.js';
import { install, judgeLines, judgeSilence, newNonce } from './operation.js';
import type { Lease } from './pool.js';

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

/** What has happened to a channel so far; `next` waits for the next thing to happen. */
interface Watch {
  readonly seen: { finished: boolean; closed: boolean; late: boolean; end?: End; notes: string };
  readonly next: () => Promise<void>;
  readonly stop: () => void;
}

const watch = (channel: ClientChannel, nonce: string, lateMs: number, signal: AbortSignal): Watch => {
  const seen: Watch['seen'] = { finished: false, closed: false, late: false, notes: '' };
  let wake: () => void = () => undefined;
  const awake = () => {
    wake();
  };
  channel.stderr.on('data', (bytes: Buffer) => {
    seen.notes = (seen.notes + bytes.toString('utf8')).slice(-64_000);
    for (const line of seen.notes.split('\n').slice(0, -1)) {
      const end = parseEnd(line, nonce);
      if (end !== undefined) seen.end ??= end;
    }
    // Our end of input lets the runner's side leave; what it has written is still delivered.
    if (seen.end !== undefined) channel.end();
    wake();
  });
  channel.on('readable', awake);
  channel.once('end', () => {
    seen.finished = true;
    wake();
  });
  channel.once('close', () => {
    seen.closed = true;
    wake();
  });
  signal.addEventListener('abort', awake);
  const timer = setTimeout(() => {
    seen.late = true;
    wake();
  }, lateMs);
  return {
    seen,
    next: () =>
      new Promise((resolve) => {
        wake = resolve;
      }),
    stop: () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', awake);
      channel.end();
      channel.close();
      channel.resume();
    },
  };
};

/** Tells noise, marker and first line from the log's own bytes. Undefined: more is needed. */
const parseHead = (
  received: Buffer,
  nonce: string,
): { readonly line: string; readonly rest: Buffer } | undefined => {
  const at = afterMarker(received, nonce);
  const newline = at === undefined ? -1 : received.indexOf('\n', at);
  return newline < 0
    ? undefined
    : { line: received.toString('utf8', at, newline), rest: received.subarray(newline + 1) };
};

const judgeHead = (runner: Runner, line: string): Piece => {
  if (line === 'need-program') return { kind: 'need_program' };
  const judged = judgeLines(runner.target, [line]);
  return {
    kind: 'failed',
    error: E.isLeft(judged) ? judged.left : transportError('protocol', runner.target, line),
  };
};

/** One channel's worth. */
async function* session(
  runner: Runner,
  name: string,
  file: string,
  offset: number,
  signal: AbortSignal,
): AsyncGenerator<Piece, void, undefined> {
  const { target, site } = runner;
  const lease = await runner.open(remoteCommand);
  if (E.isLeft(lease)) {
    yield { kind: 'failed', error: lease.left };
    return;
  }
  const { channel } = lease.right;
  const nonce = newNonce();
  const { seen, next, stop } = watch(channel, nonce, site.markerMs, signal);
  const order = Buffer.from(`follow ${name} ${String(offset)} ${file}\n`);
  channel.write(Buffer.concat([opening({ nonce, base: target.base, ...site }), order]));
  let head: Buffer | undefined = Buffer.alloc(0);
  try {
    while (!signal.aborted) {
      const chunk: unknown = channel.read();
      if (Buffer.isBuffer(chunk) && head === undefined) {
        yield { kind: 'bytes', bytes: chunk };
      } else if (Buffer.isBuffer(chunk)) {
        head = Buffer.concat([head ?? Buffer.alloc(0), chunk]);
        const parsed = parseHead(head, nonce);
        if (parsed === undefined) continue;
        lease.right.reached();
        if (parsed.line !== 'following') {
          yield judgeHead(runner, parsed.line);
          return;
        }
        head = undefined;
        if (parsed.rest.length > 0) yield { kind: 'bytes', bytes: parsed.rest };
      } else if (seen.end !== undefined && (seen.finished || seen.closed)) {
        yield { kind: 'end', end: seen.end };
        return;
      } else if (seen.closed) {
        yield { kind: 'failed', error: judgeClosed(runner, lease.right, head, seen.notes) };
        return;
      } else if (seen.late && head !== undefined) {
        yield { kind: 'failed', error: transportError('timed_out', target) };
        return;
      } else {
        await next();
      }
    }
  } finally {
    stop();
  }
}

/** Once our program has answered, whatever ended it there says nothing about the job. */
const judgeClosed = (
  runner: Runner,
  lease: Lease,
  head: Buffer | undefined,
  notes: string,
): TransportError =>
  head === undefined
    ? transportError('connection_lost', runner.target)
    : judgeSilence(runner.target, lease, {
        marker: false,
        text: `${head.toString('utf8', 0, 400)} ${notes}`,
      });

const isOver = (state: AttemptState): boolean =>
  state.state !== 'running' && state.state !== 'orphan' && state.state !== 'claimed';

/** How the file of an output ends on the runner. */
export const fileOf = ({ output }: OutputRef): string => (output === 'stderr' ? 'err' : 'log');

const sizeOf = (state: AttemptState, { output }: OutputRef): number | undefined => {
  if (!('logSize' in state)) return undefined;
  return output === 'stderr' ? (state.errSize ?? 0) : state.logSize;
};

/** See RunnerTransport.follow; ends without `ended` when the signal aborts. */
export async function* follow(
  runner: Runner,
  output: OutputRef,
  fromOffset: number,
  signal: AbortSignal,
): AsyncGenerator<AttemptSignal, void, undefined> {
  const name = attemptName(output);
  if (name === undefined)
    throw new LinkError(transportError('protocol', runner.target, 'the attempt is no plain word'));
  let offset = fromOffset;
  while (!signal.aborted) {
    for await (const piece of session(runner, name, fileOf(output), offset, signal)) {
      if (piece.kind === 'bytes') {
        yield { kind: 'bytes', offset, bytes: piece.bytes };
        offset += piece.bytes.length;
      } else if (piece.kind === 'failed') {
        throw new LinkError(piece.error);
      } else if (piece.kind === 'need_program') {
        const installed = await install(runner.open, runner.target, runner.site);
        if (E.isLeft(installed)) throw new LinkError(installed.left);
      } else if (isOver(piece.end.state)) {
        const size = sizeOf(piece.end.state, output);
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
