/** How many appends are under way, and in which order? One per stream at a time, so their order is that of the calls. */

export type InOrder = <A>(stream: string, work: () => Promise<A>) => Promise<A>;

/** At most `most` at a time over all streams. `work` must not throw. */
export const inOrder = (most: number): InOrder => {
  const lastOf = new Map<string, Promise<unknown>>();
  const waiting: (() => void)[] = [];
  let underWay = 0;

  const enter = (): Promise<void> => {
    if (underWay < most) {
      underWay += 1;
      return Promise.resolve();
    }
    return new Promise((resolve) => waiting.push(resolve));
  };
  // the place is handed on, so nobody slips in between
  const leave = (): void => {
    const next = waiting.shift();
    if (next === undefined) underWay -= 1;
    else next();
  };

  return (stream, work) => {
    const before = lastOf.get(stream) ?? Promise.resolve();
    const done = before.then(enter).then(work);
    const settled = done.finally(() => {
      leave();
      if (lastOf.get(stream) === settled) lastOf.delete(stream);
    });
    lastOf.set(stream, settled);
    return settled;
  };
};
