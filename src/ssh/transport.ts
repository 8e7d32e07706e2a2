/** The RunnerTransport over SSH: what is asked of a runner goes over its pooled connections, a probe over a new one. */
import * as E from 'fp-ts/lib/Either.js';
import type { TaskEither } from 'fp-ts/lib/TaskEither.js';
import type {
  AttemptRef,
  ProbeReport,
  RunnerTarget,
  RunnerTransport,
  StartAnswer,
  StartOrder,
  TransportError,
} from '../app/ports.js';
import { alive, cancel, createSendSource, query, revoke, start, type Runner } from './attempt.js';
import type { ConnectOptions } from './connect.js';
import { createDialler } from './dialler.js';
import { transportError } from './errors.js';
import { follow } from './follow.js';
import { followSlot, type Live } from './follow-slot.js';
import type { Interpreter } from './launcher.js';
import type { Site } from './operation.js';
import { connectOnce, createPool, execOn, keyOf } from './pool.js';
import { probe, type Wanted } from './probe.js';
import { countSessions } from './sessions.js';
import { createSlots } from './slots.js';
import { createTidy } from './tidy.js';

export interface SshTransportOptions {
  /** Names the folder below the runner's base, so that installations never meet. */
  readonly installationId: string;
  /** From the secret store; undefined when there is none. */
  readonly privateKey: (secretRef: string) => Promise<string | undefined>;
  /** Raised on every probed runner; starts with a lower fence are refused there. */
  readonly epoch: number;
  /** Which a probe looks for on the machine. */
  readonly toolchains?: Wanted;
  /** Path of the ssh-agent's socket (SSH_AUTH_SOCK), for runners that authenticate by agent. */
  readonly agentSocket?: string;
  readonly connectTimeoutMs?: number;
  /** A dead link is noticed after about three of these. */
  readonly keepaliveMs?: number;
  /** How long an operation waits for a free channel. */
  readonly channelWaitMs?: number;
  /** How long until a command must have shown that it reached our program. */
  readonly markerMs?: number;
  /** The shell that runs our program on runners. */
  readonly interpreter?: Interpreter;
  /** False: each operation over a channel of its own, as where no shell can stay open. */
  readonly slots?: boolean;
  /** Told when the order of a job has been written to its slot, and nothing has been answered. */
  readonly onOrderSent?: () => void;
  /** Milliseconds, monotonic. */
  readonly clock?: () => number;
  /** 0 to 1; spreads connections to many hosts. */
  readonly random?: () => number;
}

/** So long is the end of a job kept for the one who follows it. */
const ENDED_KEPT_MS = 60_000;

const isWord = (text: string): boolean => /^[A-Za-z0-9_][A-Za-z0-9._-]{0,100}$/.test(text);

/** A name for a folder: one line, no way up. The bootstrap checks the same. */
const isFolder = (text: string): boolean =>
  text !== '' && !text.startsWith('-') && !/[\r\n\0]/.test(text) && !text.split('/').includes('..');

/** Connects lazily; `close` ends connections, never jobs. */
export const sshTransport = (options: SshTransportOptions): RunnerTransport => {
  if (!isWord(options.installationId))
    throw new Error(`installationId must be a plain word, found ${JSON.stringify(options.installationId)}`);
  const connectOptions: ConnectOptions = {
    privateKey: options.privateKey,
    ...(options.agentSocket === undefined ? {} : { agentSocket: options.agentSocket }),
    connectTimeoutMs: options.connectTimeoutMs ?? 15_000,
    keepaliveMs: options.keepaliveMs ?? 5_000,
  };
  const site: Site = {
    installationId: options.installationId,
    interpreter: options.interpreter ?? 'sh',
    markerMs: options.markerMs ?? 20_000,
    operationMs: 10 * 60_000,
    ...(options.onOrderSent === undefined ? {} : { onOrderSent: options.onOrderSent }),
  };
  const clock = options.clock ?? (() => performance.now());
  const dial = createDialler((target) => connectOnce(target, connectOptions), options.random);
  const pool = createPool(dial, { waitMs: options.channelWaitMs ?? 30_000 });
  const slots = createSlots(pool, site);
  const send = createSendSource();
  const tidy = createTidy();
  /** Jobs whose end will be told by their slot, by runner and attempt. */
  const live = new Map<string, Live>();
  let closed = false;

  const withSlot =
    (target: RunnerTarget): Runner['withSlot'] =>
    async (use) => {
      if (options.slots === false) return E.left(transportError('protocol', target, 'no slots are wanted'));
      const slot = await slots.take(target);
      if (E.isLeft(slot)) return slot;
      return E.right(
        await use(slot.right).finally(() => {
          slots.release(target, slot.right);
        }),
      );
    };
  const runnerOf = (target: RunnerTarget, lasting: 'short' | 'long'): Runner => ({
    target,
    open: pool.channel(target, lasting),
    site,
    withSlot: withSlot(target),
  });
  const liveKey = (target: RunnerTarget, attempt: AttemptRef): string =>
    `${keyOf(target)} ${attempt.jobId}.${String(attempt.attempt)}`;

  const begin = async (
    target: RunnerTarget,
    order: StartOrder,
  ): Promise<E.Either<TransportError, StartAnswer>> => {
    const begun = await start(runnerOf(target, 'short'), order, send);
    if (E.isLeft(begun)) return begun;
    const { answer, end } = begun.right;
    if (answer.kind === 'started' && end !== undefined) {
      const key = liveKey(target, order);
      const entry = { end };
      live.set(key, entry);
      // Whoever follows later asks the runner.
      const forget = (): void => {
        if (live.get(key) === entry) live.delete(key);
      };
      void end.then(() => setTimeout(forget, ENDED_KEPT_MS).unref());
    }
    return E.right(answer);
  };

  const guarded =
    <A>(
      target: RunnerTarget,
      work: () => Promise<E.Either<TransportError, A>>,
    ): TaskEither<TransportError, A> =>
    async () => {
      if (closed) return E.left(transportError('closed', target));
      if (!isFolder(target.base))
        return E.left(transportError('workspace_not_writable', target, 'no folder name'));
      return work();
    };

  const probeAnew = async (target: RunnerTarget): Promise<E.Either<TransportError, ProbeReport>> => {
    const made = await dial(target);
    if (E.isLeft(made)) return made;
    const connection = made.right;
    let latencyMs = 0;
    const open = async (command: string) => {
      let before = clock();
      let lease = await execOn(connection, target, command);
      // With MaxSessions 1 the channel before may still be closing.
      for (let tries = 0; tries < 20 && E.isLeft(lease) && lease.left.code === 'back_pressure'; tries += 1) {
        await new Promise((resolve) => setTimeout(resolve, 50));
        before = clock();
        lease = await execOn(connection, target, command);
      }
      // Nothing else is open over this connection.
      if (E.isLeft(lease) && lease.left.code === 'back_pressure')
        return E.left(transportError('no_usable_shell', target, 'sshd opens no session at all: MaxSessions'));
      // Opening a channel and asking for a command are one round trip each.
      latencyMs = Math.max(0, clock() - before) / 2;
      return lease;
    };
    const report = await probe({ target, open, site }, options.epoch, options.toolchains);
    connection.client.end();
    if (E.isLeft(report)) return report;
    const sessions = await countSessions(target, dial, connectOptions.connectTimeoutMs);
    return E.right({ ...report.right, latencyMs, ...(sessions === undefined ? {} : { sessions }) });
  };

  /** Over the pool: on the connection that is open, else on one that stays. */
  const checkOpen = async (target: RunnerTarget): Promise<E.Either<TransportError, ProbeReport>> => {
    const channel = pool.channel(target, 'short');
    for (let again = false; ; again = true) {
      let latencyMs = 0;
      const open = async (command: string) => {
        const lease = await channel(command);
        if (E.isRight(lease)) latencyMs = lease.right.openedInMs / 2;
        return lease;
      };
      const report = await probe({ target, open, site }, options.epoch, options.toolchains);
      // One lost link is no news: whether the machine is there, a new one tells.
      if (E.isLeft(report) && report.left.code === 'connection_lost' && !again) continue;
      return E.map((found: Omit<ProbeReport, 'latencyMs'>) => ({ ...found, latencyMs }))(report);
    }
  };

  return {
    check: (target) => guarded(target, () => checkOpen(target)),
    probe: (target) => guarded(target, () => probeAnew(target)),
    start: (target, order) => guarded(target, () => begin(target, order)),
    query: (target, attempt) => guarded(target, () => query(runnerOf(target, 'short'), attempt)),
    follow: (target, output, fromOffset, signal) => {
      const runner = runnerOf(target, 'long');
      const running = live.get(liveKey(target, output));
      return running === undefined
        ? follow(runner, output, fromOffset, signal)
        : followSlot(runner, running, () => pool.sftp(target), output, fromOffset, signal);
    },
    cancel: (target, attempt, graceMs) =>
      guarded(target, () => cancel(runnerOf(target, 'short'), attempt, graceMs)),
    revoke: (target, attempt) => guarded(target, () => revoke(runnerOf(target, 'short'), attempt)),
    cleanUp: (target, attempt) =>
      guarded(target, () => tidy(keyOf(target), runnerOf(target, 'short'), attempt)),
    alive: (target, processes) => guarded(target, () => alive(runnerOf(target, 'short'), processes)),
    keep: async (name, count) => {
      const ended = pool.keep(name, count);
      slots.sweep();
      await ended;
    },
    close: async () => {
      closed = true;
      slots.close();
      await pool.close();
    },
  };
};
