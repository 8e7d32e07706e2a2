/** Who waits for which job? A queue tells its worker of an end, and its producer waits for that. */
export interface Waiting {
  /** Resolves when the job is told to have ended, which may have happened already. */
  readonly untilEnded: (id: string) => Promise<void>;
  readonly ended: (id: string) => void;
}

export const waiting = (): Waiting => {
  const waiters = new Map<string, () => void>();
  // the worker may be told before the producer knows the id
  const early = new Set<string>();
  return {
    untilEnded: (id) =>
      new Promise((resolve) => {
        if (early.delete(id)) resolve();
        else waiters.set(id, resolve);
      }),
    ended: (id) => {
      const waiter = waiters.get(id);
      if (waiter === undefined) early.add(id);
      else waiter();
      waiters.delete(id);
    },
  };
};
