/** Which lines are shown, when some are folded away: from the place in the list to the number of the line, and back. */
import type { LineRange } from './line-links.js';

export interface Folds {
  /** How many lines are shown. */
  readonly count: number;
  /** The line at a place from 0. */
  readonly lineAt: (index: number) => number;
  /** The place of a line; of one that is folded away the place of the last line before it. */
  readonly indexOf: (line: number) => number;
}

/** The same lines, without what overlaps or touches. */
const merged = (ranges: readonly LineRange[]): readonly LineRange[] => {
  const result: LineRange[] = [];
  for (const range of [...ranges].sort((a, b) => a.from - b.from)) {
    const last = result.at(-1);
    if (last !== undefined && range.from <= last.to + 1)
      result[result.length - 1] = { from: last.from, to: Math.max(last.to, range.to) };
    else result.push(range);
  }
  return result;
};

/** `shown`: the lines of the list; `hidden`: those of them that are folded away. */
export const foldsOf = (shown: LineRange, hidden: readonly LineRange[]): Folds => {
  const stretches: { readonly from: number; readonly to: number; readonly index: number }[] = [];
  let from = shown.from;
  let index = 0;
  const stretch = (to: number): void => {
    if (to < from) return;
    stretches.push({ from, to, index });
    index += to - from + 1;
  };
  for (const range of merged(hidden)) {
    if (range.to < shown.from || range.from > shown.to) continue;
    stretch(range.from - 1);
    from = range.to + 1;
  }
  stretch(shown.to);

  /** The last stretch for which it holds; they are in order. */
  const lastWhere = (holds: (one: { readonly from: number; readonly index: number }) => boolean) => {
    let low = 0;
    let high = stretches.length - 1;
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      const one = stretches[middle];
      if (one !== undefined && holds(one)) low = middle;
      else high = middle - 1;
    }
    return stretches[low];
  };
  return {
    count: index,
    lineAt: (place) => {
      const found = lastWhere((one) => one.index <= place);
      return found === undefined ? shown.from : found.from + place - found.index;
    },
    indexOf: (line) => {
      const found = lastWhere((one) => one.from <= line);
      if (found === undefined) return 0;
      return Math.max(0, found.index + Math.min(line, found.to) - found.from);
    },
  };
};
