/** One shell on a runner that stays open and takes one thing after the other: a job, or a question. */
import * as E from 'fp-ts/lib/Either.js';
import type { RunnerTarget, TransportError } from '../app/ports.js';
import { quote } from '../domain/shell-word.js';
import { transportError } from './errors.js';
import { afterMarker, answerLines } from './frames.js';
import { opening, remoteCommand } from './launcher.js';
import { judgeLines, judgeSilence, newNonce, type Site } from './operation.js';
import type { Lease, OpenChannel } from './pool.js';
import { parseSlotEnd, slotReader, type Said, type SlotEnd } from './slot-frames.js';

/** More than this of anything is not what a slot says. */
const MOST_BYTES = 1024 * 1024;

/** How long a shell that has shown no marker may take to end when its input has. */
const LAST_WORDS_MS = 2000;

export interface Started {
  /** As over a channel of its own: `started …`, `exists …`, or why not. */
  readonly answer: string;
  /** When the answer is `started`: how it ended; undefined when the slot was lost before. The job goes on all the same. */
  readonly end: Promise<SlotEnd | undefined>;
}

export interface Slot {
  /** It may be given something to do. */
  readonly isFree: () => boolean;
  readonly isOpen: () => boolean;
  /** Never fails before anything was sent: a slot that was lost meanwhile is `connection_lost`. */
  readonly start: (name: string, words: readonly string[]) => Promise<E.Either<TransportError, Started>>;
  /** The lines of an answer. */
  readonly ask: (words: readonly string[]) => Promise<E.Either<TransportError, readonly string[]>>;
  /** Ends it as soon as what it does is done there. */
  readonly close: () => void;
}

type Settle<A> = (answer: E.Either<TransportError, A>) => void;

type Doing =
  | { readonly kind: 'nothing' }
  | { readonly kind: 'opening'; readonly settle: Settle<undefined> }
  | { readonly kind: 'asking'; lines: Buffer; readonly settle: Settle<readonly string[]> }
  | { readonly kind: 'starting'; readonly name: string; readonly settle: Settle<Started> }
  | {
      readonly kind: 'running';
      readonly name: string;
      bytes: Buffer[];
      size: number;
      readonly ended: (end: SlotEnd | undefined) => void;
    };

const overChannel = (target: RunnerTarget, lease: Lease, nonce: string, site: Site): Slot & Opening => {
  const { channel } = lease;
  const read = slotReader(nonce);
  let doing: Doing = { kind: 'nothing' };
  let open = true;
  let timer: NodeJS.Timeout | undefined;

  const finish = (): void => {
    clearTimeout(timer);
    doing = { kind: 'nothing' };
  };
  /** What is under way is told that the slot is gone. */
  const leave = (error: TransportError): void => {
    open = false;
    const was = doing;
    finish();
    channel.end();
    channel.close();
    if (was.kind === 'running') was.ended(undefined);
    else if (was.kind !== 'nothing') was.settle({ _tag: 'Left', left: error });
  };
  const lost = (): TransportError => transportError('connection_lost', target);
  const within = (ms: number): void => {
    timer = setTimeout(() => {
      leave(lost());
    }, ms);
  };
  /** It says what it should not: nothing it says is believed any more, and what it did is asked about in another way. */
  const distrust = (): void => {
    leave(transportError('connection_lost', target));
  };

  const onBytes = (bytes: Buffer): void => {
    if (doing.kind === 'asking') {
      doing.lines = Buffer.concat([doing.lines, bytes]);
      const lines = answerLines(doing.lines.toString('utf8'));
      if (lines === undefined) {
        if (doing.lines.length > MOST_BYTES) distrust();
        return;
      }
      const { settle } = doing;
      finish();
      settle(judgeLines(target, lines));
    } else if (doing.kind === 'running') {
      doing.bytes.push(bytes);
      doing.size += bytes.length;
      if (doing.size > MOST_BYTES) distrust();
    } else distrust();
  };

  const onFrame = (line: string): void => {
    const tag = line.slice(0, 1);
    const text = line.slice(2);
    if (doing.kind === 'opening') {
      const { settle } = doing;
      if (tag === 'R') {
        finish();
        settle(E.right(undefined));
      } else leave(transportError('protocol', target, text));
    } else if (doing.kind === 'asking' && tag === 'A') return;
    else if (doing.kind === 'starting' && tag === 'S') {
      const { settle, name } = doing;
      finish();
      if (!text.startsWith('started ')) {
        settle(E.right({ answer: text, end: Promise.resolve(undefined) }));
        return;
      }
      const end = new Promise<SlotEnd | undefined>((ended) => {
        doing = { kind: 'running', name, bytes: [], size: 0, ended };
      });
      settle(E.right({ answer: text, end }));
    } else if (doing.kind === 'running' && tag === 'F') {
      const end = parseSlotEnd(text, Buffer.concat(doing.bytes));
      if (end?.name !== doing.name) {
        distrust();
        return;
      }
      const { ended } = doing;
      finish();
      ended(end);
    } else distrust();
  };

  const hear = (piece: Buffer): void => {
    for (const said of read(piece)) {
      if (!open) return;
      tell(said);
    }
  };
  const tell = (said: Said): void => {
    if (said.kind === 'frame') onFrame(said.line);
    else onBytes(said.bytes);
  };

  // What the shell itself complains of was meant for nobody.
  channel.stderr.on('data', () => {
    if (doing.kind !== 'opening') distrust();
  });

  const busyWith = <A>(ms: number, what: (settle: Settle<A>) => Doing, text: string) =>
    new Promise<E.Either<TransportError, A>>((resolve) => {
      if (!open) {
        resolve(E.left(lost()));
        return;
      }
      doing = what(resolve);
      within(ms);
      channel.write(text);
    });

  return {
    isFree: () => open && doing.kind === 'nothing',
    isOpen: () => open,
    start: (name, words) => {
      const started = busyWith<Started>(
        site.operationMs,
        (settle) => ({ kind: 'starting', name, settle }),
        `job ${words.map(quote).join(' ')}\n`,
      );
      site.onOrderSent?.();
      return started;
    },
    ask: (words) =>
      busyWith<readonly string[]>(
        site.operationMs,
        (settle) => ({ kind: 'asking', lines: Buffer.alloc(0), settle }),
        `op ${words.map(quote).join(' ')}\n`,
      ),
    close: () => {
      open = false;
      channel.end();
    },
    hear,
    opened: (ms) =>
      new Promise((resolve) => {
        doing = { kind: 'opening', settle: resolve };
        within(ms);
      }),
    gone: () => {
      leave(lost());
    },
  };
};

interface Opening {
  readonly hear: (piece: Buffer) => void;
  readonly opened: (ms: number) => Promise<E.Either<TransportError, undefined>>;
  readonly gone: () => void;
}

/** What came first: the marker, more noise than any rc file makes, the end of the channel, or that of our patience. */
type First = 'marker' | 'noise' | 'closed' | 'late';

/** What has come before the first frame: the noise of rc files, the marker, perhaps a refusal in lines. */
interface Early {
  readonly hear: (piece: Buffer) => void;
  readonly first: Promise<First>;
  /** An error, or a request for the program, comes as lines and not in a frame. */
  readonly refusal: () => readonly string[] | undefined;
  readonly text: () => string;
  readonly over: (how: 'closed' | 'late') => void;
}

/** One listener from the first byte on: what comes in one packet with the marker would be lost between two. */
const listenEarly = (nonce: string, onFrames: (piece: Buffer) => void, onRefusal: () => void): Early => {
  let received = Buffer.alloc(0);
  let phase: 'noise' | 'answered' | 'frames' = 'noise';
  let refused: readonly string[] | undefined;
  let settle: (first: First) => void = () => undefined;
  const first: Early['first'] = new Promise((resolve) => (settle = resolve));
  return {
    hear: (piece) => {
      if (phase === 'frames') {
        onFrames(piece);
        return;
      }
      received = Buffer.concat([received, piece]);
      if (phase === 'noise') {
        const start = afterMarker(received, nonce);
        if (start === undefined) {
          if (received.length > MOST_BYTES) settle('noise');
          return;
        }
        received = received.subarray(start);
        phase = 'answered';
        settle('marker');
      }
      if (received.length === 0) return;
      if (received[0] === 0x1e) {
        phase = 'frames';
        onFrames(received);
        return;
      }
      refused = answerLines(received.toString('utf8'));
      if (refused !== undefined) onRefusal();
    },
    first,
    refusal: () => refused,
    text: () => received.toString('utf8', 0, 400),
    over: (how) => {
      settle(how);
    },
  };
};

export type Opened =
  | { readonly kind: 'slot'; readonly slot: Slot }
  | { readonly kind: 'need_program' }
  | { readonly kind: 'failed'; readonly error: TransportError };

const failed = (error: TransportError): Opened => ({ kind: 'failed', error });

/** Opens a shell. Nothing of a job has been sent when this fails. */
export const openSlot = async (open: OpenChannel, target: RunnerTarget, site: Site): Promise<Opened> => {
  const lease = await open(remoteCommand);
  if (E.isLeft(lease)) return failed(lease.left);
  const { channel } = lease.right;
  const nonce = newNonce();
  const slot = overChannel(target, lease.right, nonce, site);
  const early = listenEarly(nonce, slot.hear, () => channel.end());
  let complaint = '';
  channel.on('data', early.hear);
  channel.stderr.on('data', (bytes: Buffer) => {
    if (complaint.length < 2000) complaint += bytes.toString('utf8');
  });
  channel.once('close', () => {
    early.over('closed');
    slot.gone();
  });
  let timer = setTimeout(() => {
    // Somebody may have read a part of our text, and its reader waits for the rest: with the end of input it gives up.
    channel.end();
    timer = setTimeout(() => {
      early.over('late');
    }, LAST_WORDS_MS);
  }, site.markerMs);
  const ready = slot.opened(2 * site.markerMs);
  channel.write(
    Buffer.concat([
      opening({ nonce, base: target.base, ...site }),
      Buffer.from(`slot\nBATON_NONCE=${nonce}\n. "$BATON_PROGRAM"\n`),
    ]),
  );
  const first = await early.first;
  clearTimeout(timer);
  if (first !== 'marker') {
    const text = `${early.text()} ${complaint}`;
    const silence = judgeSilence(target, lease.right, { marker: false, text });
    slot.gone();
    return failed(first === 'late' ? transportError('timed_out', target) : silence);
  }
  const answer = await ready;
  lease.right.reached();
  if (E.isRight(answer)) return { kind: 'slot', slot };
  const refused = early.refusal();
  if (refused?.[0] === 'need-program') return { kind: 'need_program' };
  const judged = refused === undefined ? undefined : judgeLines(target, refused);
  if (judged !== undefined && E.isLeft(judged)) return failed(judged.left);
  if (!lease.right.isConnected() || answer.left.code !== 'connection_lost') return failed(answer.left);
  return failed(transportError('protocol', target, early.text()));
};
