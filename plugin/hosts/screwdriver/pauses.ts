/** Waits that nobody has to sit out when everything ends. */
export interface Pauses {
  /** Milliseconds, or until `end`; nothing after that. */
  readonly pause: (ms: number) => Promise<void>;
  readonly end: () => void;
}

export const pauses = (): Pauses => {
  let over = false;
  const waiting = new Set<() => void>();
  return {
    pause: (ms) =>
      new Promise((resolve) => {
        if (over) {
          resolve();
          return;
        }
        const done = (): void => {
          clearTimeout(timer);
          waiting.delete(done);
          resolve();
        };
        const timer = setTimeout(done, ms);
        waiting.add(done);
      }),
    end: () => {
      over = true;
      for (const done of waiting) done();
    },
  };
};
