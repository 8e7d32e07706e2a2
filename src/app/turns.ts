/** Who may do something that is hard on the server: so many at once, each asker one at a time, the others in the order of asking. */
import * as E from 'fp-ts/lib/Either.js';
import { appError, type AppError } from './errors.js';

export interface Turns {
  /** Runs `work` when it is its turn. Refused when the asker has too many that wait, or when the signal comes first. */
  readonly take: <A>(
    asker: string,
    signal: AbortSignal,
    work: () => Promise<E.Either<AppError, A>>,
  ) => Promise<E.Either<AppError, A>>;
}

const left = appError('busy', 'asker_left', 'Nobody waits for this any more.');

interface Waiting {
  readonly asker: string;
  readonly begin: () => void;
}

export const turns = (atOnce: number, mostWaiting: number): Turns => {
  const running = new Set<string>();
  const waiting = new Set<Waiting>();

  const next = (): void => {
    for (const one of waiting) {
      if (running.size >= atOnce) return;
      if (running.has(one.asker)) continue;
      waiting.delete(one);
      running.add(one.asker);
      one.begin();
    }
  };

  /** False when the signal came first. */
  const turnOf = (asker: string, signal: AbortSignal): Promise<boolean> =>
    new Promise((resolve) => {
      const leave = (): void => {
        waiting.delete(one);
        resolve(false);
      };
      const one: Waiting = {
        asker,
        begin: () => {
          signal.removeEventListener('abort', leave);
          resolve(true);
        },
      };
      if (signal.aborted) {
        resolve(false);
        return;
      }
      signal.addEventListener('abort', leave, { once: true });
      waiting.add(one);
      next();
    });

  return {
    take: async (asker, signal, work) => {
      if ([...waiting].filter((one) => one.asker === asker).length >= mostWaiting)
        return E.left(
          appError('too_many_requests', 'too_many_searches', `${mostWaiting} searches of this token wait.`, {
            hint: 'Wait for one of them, or close its connection.',
          }),
        );
      if (!(await turnOf(asker, signal))) return E.left(left);
      try {
        return await work();
      } finally {
        running.delete(asker);
        next();
      }
    },
  };
};
