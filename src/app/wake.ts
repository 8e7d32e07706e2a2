/** How a slow reader meets a fast source: the source is folded as it comes, the reader waits until something changed. */
import { tap, type Observable } from 'rxjs';

/** What a source has come to. */
interface Stirring {
  /** Present once the source has ended; `error` is set when it failed. */
  readonly ended: () => { readonly error?: unknown } | undefined;
  readonly close: () => void;
}

/** Subscribes at once; `stir` is called for each value, and when the source ends. */
export const stirOn = <A>(source: Observable<A>, stir: () => void): Stirring => {
  let ended: { readonly error?: unknown } | undefined;
  const subscription = source.subscribe({
    next: stir,
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
  };
};

export interface Wake extends Stirring {
  /** Resolves when something came since the last call, when the source ended, after `ms`, or on abort. */
  readonly pause: (ms: number, signal: AbortSignal) => Promise<void>;
}

/** Subscribes at once. `take` must keep bounded memory, whatever comes. */
export const wakeOn = <A>(source: Observable<A>, take: (value: A) => void): Wake => {
  let changed = false;
  let wake: (() => void) | undefined;
  const stirring = stirOn(source.pipe(tap(take)), () => {
    changed = true;
    wake?.();
  });
  return {
    ...stirring,
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
