/**
 * How long does a build wait for a log store that does not take its lines? As long as it is told; then its lines are left out unasked, but
 * for a short try now and then. So a store that hangs costs a build its patience once, not a time limit for each page.
 */
const SHORT_TRY_MS = 1000;
const BETWEEN_TRIES_MS = 10_000;

export interface StorePatience {
  /** Milliseconds that the next page may take; undefined: it is left out unasked. */
  readonly next: (buildId: number) => number | undefined;
  readonly answered: (buildId: number) => void;
  /** `again`: the page is to be told once more. */
  readonly failed: (buildId: number) => 'again' | 'leave out';
  /** Of a build that is over. */
  readonly forget: (buildId: number) => void;
}

/** `now`: milliseconds since 1970. */
export const storePatience = (patienceMs: number, now: () => number): StorePatience => {
  /** Build → since when its store does not answer, and when it was asked last once patience was over. */
  const away = new Map<number, { readonly since: number; readonly gaveUp?: number }>();
  return {
    next: (buildId) => {
      const known = away.get(buildId);
      const left = patienceMs - (now() - (known?.since ?? now()));
      if (known?.gaveUp === undefined) return Math.max(left, SHORT_TRY_MS);
      return now() - known.gaveUp < BETWEEN_TRIES_MS ? undefined : SHORT_TRY_MS;
    },
    answered: (buildId) => away.delete(buildId),
    failed: (buildId) => {
      const since = away.get(buildId)?.since ?? now();
      const again = now() - since < patienceMs;
      away.set(buildId, again ? { since } : { since, gaveUp: now() });
      return again ? 'again' : 'leave out';
    },
    forget: (buildId) => away.delete(buildId),
  };
};
