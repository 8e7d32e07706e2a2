/**
 * How long many have waited, in little room: counts in bins of which each is 2^(1/16) times as wide as the one before. What is read
 * from it lies within 2.2 % and half a millisecond of what was put in.
 */

/** Bin → how many. The bin 0 has what waited less than a millisecond. */
export type WaitHistogram = Record<string, number>;

const BINS_PER_DOUBLING = 16;

export const addWait = (histogram: WaitHistogram, ms: number): void => {
  const bin = ms < 1 ? 0 : 1 + Math.floor(Math.log2(ms) * BINS_PER_DOUBLING);
  histogram[bin] = (histogram[bin] ?? 0) + 1;
};

/** Its middle, as a factor away from both of its ends. */
const millisOf = (bin: number): number =>
  bin === 0 ? 0 : Math.round(2 ** ((bin - 0.5) / BINS_PER_DOUBLING));

/** What that part of all (0 to 1) waited no longer than, in ms; null when there is nothing in it. */
export const waitAt = (histogram: WaitHistogram, part: number): number | null => {
  const bins = Object.entries(histogram)
    .map(([bin, count]) => [Number(bin), count] as const)
    .sort(([a], [b]) => a - b);
  const total = bins.reduce((sum, [, count]) => sum + count, 0);
  let seen = 0;
  for (const [bin, count] of bins) {
    seen += count;
    if (seen >= part * total) return millisOf(bin);
  }
  return null;
};
