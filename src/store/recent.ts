/** What was set a short while ago? A bounded memory beside a file. */

export interface Recent<A> {
  readonly get: (key: string) => A | undefined;
  readonly set: (key: string, value: A) => void;
  readonly clear: () => void;
}

/**
 * Remembers at least the last `capacity` keys, and fewer than twice as many. Two maps that take turns, since a map that loses
 * its oldest key each time steps over all the holes in front to find it: with many keys that took as long as the insert itself.
 */
export const recently = <A>(capacity: number): Recent<A> => {
  const empty = (): Map<string, A> => new Map();
  let [young, old] = [empty(), empty()];
  return {
    get: (key) => young.get(key) ?? old.get(key),
    set: (key, value) => {
      if (young.size >= capacity) [young, old] = [empty(), young];
      young.set(key, value);
    },
    clear: () => {
      [young, old] = [empty(), empty()];
    },
  };
};
