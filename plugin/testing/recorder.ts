/** Remembers what a host was told, and who waits for some of it. */

const PATIENCE_MS = 60_000;

export interface Recorder<A> {
  readonly all: readonly A[];
  readonly add: (told: A) => void;
  /** The first that matches, also if it is there already. Rejects when none came in that time, in milliseconds. */
  readonly that: (matches: (told: A) => boolean, withinMs?: number) => Promise<A>;
}

/** `what` and `shown` are for people: what one of them is, and one of them in a few words. */
export const recorder = <A>(what: string, shown: (told: A) => string): Recorder<A> => {
  const all: A[] = [];
  const waiting = new Set<(told: A) => void>();
  return {
    all,
    add: (told) => {
      all.push(told);
      for (const look of waiting) look(told);
    },
    that: (matches, withinMs = PATIENCE_MS) =>
      new Promise((resolve, reject) => {
        const found = all.find(matches);
        if (found !== undefined) {
          resolve(found);
          return;
        }
        const timer = setTimeout(() => {
          waiting.delete(look);
          const had = all.slice(-50).map(shown).join(', ');
          reject(new Error(`no ${what} that was waited for in ${withinMs} ms; the last ones: ${had}`));
        }, withinMs);
        const look = (told: A): void => {
          if (!matches(told)) return;
          clearTimeout(timer);
          waiting.delete(look);
          resolve(told);
        };
        waiting.add(look);
      }),
  };
};
