/** One after the other, for each of those that have a number: work that reads and writes the same. */

/** Calls `work` when what came before under that number is over, however it ended. */
export type InTurn = <A>(number: number, work: () => Promise<A>) => Promise<A>;

export const turns = (): InTurn => {
  const last = new Map<number, Promise<unknown>>();
  return (number, work) => {
    const done = (last.get(number) ?? Promise.resolve()).then(work, work);
    const over = done
      .catch(() => undefined)
      .finally(() => {
        if (last.get(number) === over) last.delete(number);
      });
    last.set(number, over);
    return done;
  };
};
