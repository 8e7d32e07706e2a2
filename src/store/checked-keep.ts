/** Is this a count that `keepLast` can take? */

/** Throws on a count below 1 or not whole: a caller's bug, since the last event of a stream is never hidden. */
export const checkedKeep = (n: number): void => {
  if (!Number.isSafeInteger(n) || n < 1)
    throw new RangeError(`keepLast takes a whole number from 1: ${String(n)}`);
};
