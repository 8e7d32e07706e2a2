/** How is one short operation done on a runner? Opening, order and payload go in; lines up to `end` come back. */
import { randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import * as E from 'fp-ts/lib/Either.js';
import type { ClientChannel } from 'ssh2';
import type { RunnerTarget, TransportError } from '../app/ports.js';
import { fromRunner, transportError } from './errors.js';
import { afterMarker, answerLines } from './frames.js';
import { opening as openingOf, program, remoteCommand, type Interpreter } from './launcher.js';
import type { Lease, OpenChannel } from './pool.js';

/** Constant for a transport. */
export interface Site {
  readonly installationId: string;
  readonly interpreter: Interpreter;
  /** An account that runs something else than a shell may never show the marker. */
  readonly markerMs: number;
  readonly operationMs: number;
  /** Told when the order of a job has been written to its slot, and nothing has been answered. */
  readonly onOrderSent?: () => void;
}

export type Payload = Buffer | { readonly file: string };

export const newNonce = (): string => randomBytes(12).toString('hex');

/** More noise than this before the marker is not an rc file's. */
const noiseLimit = 1024 * 1024;

/** What goes to the runner, in this order. */
interface Text {
  readonly opening: Buffer;
  readonly order: Buffer;
  readonly payload: Payload | undefined;
  /**
   * Whether the order waits until our program has answered. An order that is already on the way is carried out whenever the
   * account's shell gets to it, even after we have given up on it: whoever sends one that must not come late asks for this.
   */
  readonly careful: boolean;
}

const feed = (channel: ClientChannel, order: Buffer, payload: Payload | undefined): void => {
  if (payload === undefined) channel.end(order);
  else if (Buffer.isBuffer(payload)) channel.end(Buffer.concat([order, payload]));
  else {
    channel.write(order);
    const source = createReadStream(payload.file);
    // Ends short: the runner counts the bytes and refuses.
    source.on('error', () => channel.end());
    channel.once('close', () => source.destroy());
    source.pipe(channel);
  }
};

/** What a channel that closed without an answer means. */
export const judgeSilence = (
  target: RunnerTarget,
  lease: Lease,
  seen: { readonly marker: boolean; readonly text: string },
): TransportError => {
  if (!lease.isConnected()) return transportError('connection_lost', target);
  return transportError(seen.marker ? 'protocol' : 'no_usable_shell', target, seen.text);
};

/** An answer that is an error, or that asks for the program. */
export const judgeLines = (
  target: RunnerTarget,
  lines: readonly string[],
): E.Either<TransportError, readonly string[]> => {
  const [word, code = '', ...text] = (lines[0] ?? '').split(' ');
  return word === 'error' ? E.left(fromRunner(target, code, text.join(' '))) : E.right(lines);
};

const exchange = (
  target: RunnerTarget,
  lease: Lease,
  nonce: string,
  { opening, order, payload, careful }: Text,
  site: Site,
): Promise<E.Either<TransportError, readonly string[]>> =>
  new Promise((resolve) => {
    const { channel } = lease;
    let received = Buffer.alloc(0);
    let complaint = '';
    let start: number | undefined;
    let over = false;
    const settle = (answer: E.Either<TransportError, readonly string[]>) => {
      over = true;
      clearTimeout(timer);
      channel.close();
      resolve(answer);
    };
    // Once the order is there, silence is no sign that nothing came of it.
    const late = () => {
      settle(E.left(transportError(start === undefined ? 'timed_out' : 'connection_lost', target)));
    };
    let timer = setTimeout(late, site.markerMs);
    channel.on('data', (bytes: Buffer) => {
      if (over) return;
      received = Buffer.concat([received, bytes]);
      if (start === undefined) {
        start = afterMarker(received, nonce);
        if (start !== undefined) {
          lease.reached();
          if (careful) feed(channel, order, payload);
          clearTimeout(timer);
          timer = setTimeout(late, site.operationMs);
        } else if (received.length > noiseLimit) {
          settle(E.left(transportError('no_usable_shell', target, received.toString('utf8', 0, 200))));
        }
      }
      const lines = start === undefined ? undefined : answerLines(received.toString('utf8', start));
      if (lines !== undefined) settle(judgeLines(target, lines));
    });
    channel.stderr.on('data', (bytes: Buffer) => {
      if (complaint.length < 2000) complaint += bytes.toString('utf8');
    });
    channel.once('close', () => {
      const text = `${start === undefined ? received.toString('utf8', 0, 400) : ''} ${complaint}`;
      settle(E.left(judgeSilence(target, lease, { marker: start !== undefined, text })));
    });
    if (careful) channel.write(opening);
    else feed(channel, Buffer.concat([opening, order]), payload);
  });

/** Puts the program in place; the only operation that the bootstrap does by itself. */
export const install = async (
  open: OpenChannel,
  target: RunnerTarget,
  site: Site,
): Promise<E.Either<TransportError, undefined>> => {
  const lease = await open(remoteCommand);
  if (E.isLeft(lease)) return lease;
  const nonce = newNonce();
  const head = openingOf({ nonce, base: target.base, ...site }, program.length);
  const text: Text = { opening: head, order: program, payload: undefined, careful: false };
  const answer = await exchange(target, lease.right, nonce, text, site);
  if (E.isLeft(answer)) return answer;
  return answer.right[0] === 'installed'
    ? E.right(undefined)
    : E.left(transportError('protocol', target, answer.right[0]));
};

/**
 * `order` is plain words. The runner checks them again. With `careful` a failure says surely whether the order was given:
 * before our program has answered nothing was, and codes that come later never are those of a failed connection.
 */
export const operate = async (
  open: OpenChannel,
  target: RunnerTarget,
  site: Site,
  order: string,
  more: { readonly payload?: Payload; readonly careful?: boolean } = {},
): Promise<E.Either<TransportError, readonly string[]>> => {
  for (let installed = false; ; installed = true) {
    const lease = await open(remoteCommand);
    if (E.isLeft(lease)) return lease;
    const nonce = newNonce();
    const text: Text = {
      opening: openingOf({ nonce, base: target.base, ...site }),
      order: Buffer.from(`${order}\n`),
      payload: more.payload,
      careful: more.careful === true,
    };
    const answer = await exchange(target, lease.right, nonce, text, site);
    if (E.isLeft(answer) || answer.right[0] !== 'need-program') return answer;
    if (installed) return E.left(transportError('workspace_not_writable', target, 'the program vanished'));
    const done = await install(open, target, site);
    if (E.isLeft(done)) return done;
  }
};
