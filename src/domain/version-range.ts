/** Ranges of versions as a project writes them for runners: `>=7.4 <9`. Compared part by part, never as a pattern. */

/** One comparison; all of a range must hold. */
const COMPARISON = /^(>=|<=|>|<|=)?([0-9]+(?:\.[0-9]+){0,9})$/;

interface Comparison {
  readonly op: string;
  readonly parts: readonly number[];
}

const partsOf = (version: string): readonly number[] => version.split('.').map(Number);

const comparisonsOf = (range: string): readonly Comparison[] | undefined => {
  const read = range
    .trim()
    .split(/ +/)
    .map((word) => COMPARISON.exec(word));
  const comparisons = read.flatMap((found) =>
    found?.[2] === undefined ? [] : [{ op: found[1] ?? '=', parts: partsOf(found[2]) }],
  );
  return comparisons.length === read.length ? comparisons : undefined;
};

/** Missing parts count as 0: `7` is `7.0`. */
const compare = (a: readonly number[], b: readonly number[]): number => {
  for (let at = 0; at < Math.max(a.length, b.length); at++) {
    const difference = (a[at] ?? 0) - (b[at] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
};

const satisfies: Readonly<Record<string, (difference: number) => boolean>> = {
  '=': (difference) => difference === 0,
  '>': (difference) => difference > 0,
  '>=': (difference) => difference >= 0,
  '<': (difference) => difference < 0,
  '<=': (difference) => difference <= 0,
};

/** Comparisons with `>=`, `>`, `<=`, `<`, `=` (or none, which is `=`) and a number with dots, blanks between them. */
export const isRange = (range: string): boolean => comparisonsOf(range) !== undefined;

/** Whether the version is numbers with dots, and all comparisons hold for it. */
export const inRange = (version: string, range: string): boolean => {
  if (!/^[0-9]+(?:\.[0-9]+){0,9}$/.test(version)) return false;
  const parts = partsOf(version);
  return (
    comparisonsOf(range)?.every(({ op, parts: than }) => satisfies[op]?.(compare(parts, than)) === true) ===
    true
  );
};
