/** How a slow reader meets a fast source: the source is folded as it comes, the reader waits until something changed. */
import type { Observable } from 'rxjs';

export interface Wake {
  /** Resolves when something came since the last call, when the source ended, after `ms`, or on abort. */
  readonly pause: (ms: number, signal: AbortSignal) => Promise<void>;
  /** Present once the source has ended; `error` is set when it failed. */
  readonly ended: () => { readonly error?: unknown } | undefined;
  readonly close: () => void;
}

/** Subscribes at once. `take` must keep bounded memory, whatever comes. */
export const wakeOn = <A>(source: Observable<A>, take: (value: A) => void): Wake => {
  let changed = false;
  let ended: { readonly error?: unknown } | undefined;
  let wake: (() => void) | undefined;
  const stir = (): void => {
    changed = true;
    wake?.();
  };
  const subscription = source.subscribe({
    next: (value) => {
      take(value);
      stir();
    },
    error: (error: unknown) => {
      ended = { error };
      stir();
    },
    complete: () => {
      ended = {};
      stir();
    },
  });
  return {
    ended: () => ended,
    close: () => {
      subscription.unsubscribe();
    },
    pause: (ms, signal) =>
      new Promise<void>((resolve) => {
        if (changed || signal.aborted) {
          changed = false;
          resolve();
          return;
        }
        const done = (): void => {
          clearTimeout(timer);
          signal.removeEventListener('abort', done);
          wake = undefined;
          changed = false;
          resolve();
        };
        const timer = setTimeout(done, ms);
        signal.addEventListener('abort', done);
        wake = done;
      }),
  };
};
