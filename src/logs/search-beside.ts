/**
 * Runs searches by expression in threads beside the event loop, so that nobody waits for one, and one that takes too long can be ended in the
 * middle of a line.
 */
import { Worker } from 'node:worker_threads';
import type { Answer, Order } from './search-worker.js';

/** How an order ended. `memory`: it took too much; `failed`: the thread broke. */
export type Ended =
  | { readonly kind: 'answer'; readonly answer: Answer }
  | { readonly kind: 'aborted' | 'too_long' | 'memory' }
  | { readonly kind: 'failed'; readonly cause: unknown };

/** Until the signal, or for so long from when its turn comes. */
export type Beside = (order: Order, mostMs: number, signal?: AbortSignal) => Promise<Ended>;

/** Threads at once, and those kept for the next order; others wait. A thread takes some 40 ms to start. */
const MOST = 3;
const KEPT = 2;
/** For expressions and one long line; the log itself is read piece by piece. */
const MOST_MB = 256;

/** `entry`: the built `search-worker.js`. */
export const beside = (entry = new URL('./search-worker.js', import.meta.url)): Beside => {
  const idle: Worker[] = [];
  const waiting = new Set<() => void>();
  let running = 0;

  const turn = (signal: AbortSignal | undefined): Promise<boolean> =>
    new Promise((resolve) => {
      const leave = (): void => {
        waiting.delete(begin);
        resolve(false);
      };
      const begin = (): void => {
        signal?.removeEventListener('abort', leave);
        running++;
        resolve(true);
      };
      if (signal?.aborted === true) resolve(false);
      else if (running < MOST) begin();
      else {
        signal?.addEventListener('abort', leave, { once: true });
        waiting.add(begin);
      }
    });
  const next = (): void => {
    running--;
    const [begin] = waiting;
    if (begin === undefined) return;
    waiting.delete(begin);
    begin();
  };

  const run: Beside = (order, mostMs, signal) =>
    new Promise((resolve) => {
      const worker =
        idle.pop() ??
        new Worker(entry, { env: {}, execArgv: [], resourceLimits: { maxOldGenerationSizeMb: MOST_MB } });
      worker.ref();
      const end = (ended: Ended): void => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', abort);
        worker.off('message', hear).off('error', fall).off('exit', leave);
        if (ended.kind === 'answer' && idle.length < KEPT) {
          worker.unref();
          idle.push(worker);
        } else {
          // what it may still say while it ends is of no interest
          worker.on('error', () => undefined);
          void worker.terminate();
        }
        resolve(ended);
      };
      const hear = (answer: Answer): void => end({ kind: 'answer', answer });
      const fall = (cause: NodeJS.ErrnoException): void =>
        end(cause.code === 'ERR_WORKER_OUT_OF_MEMORY' ? { kind: 'memory' } : { kind: 'failed', cause });
      const leave = (code: number): void =>
        end({ kind: 'failed', cause: new Error(`the thread ended with ${code}`) });
      const abort = (): void => end({ kind: 'aborted' });
      const timer = setTimeout(() => end({ kind: 'too_long' }), mostMs);
      signal?.addEventListener('abort', abort, { once: true });
      worker.on('message', hear).on('error', fall).on('exit', leave);
      worker.postMessage(order);
    });

  return async (order, mostMs, signal) => {
    if (!(await turn(signal))) return { kind: 'aborted' };
    try {
      return signal?.aborted === true ? { kind: 'aborted' } : await run(order, mostMs, signal);
    } finally {
      next();
    }
  };
};
