/** What is wrong with something that a person wrote, in a form that can be listed: all of them at once. */

/** Same shape as the `Problem` of the application's errors, which the domain may not import. */
export interface Problem {
  /** JSON path, e.g. `job_dispatch.filters.unit[0].os`, or `line 7, column 27` where the text could not be read. */
  readonly path: string;
  readonly expected: string;
  readonly found: string;
  /** How to mend it. */
  readonly mend?: string;
}

/** A value as people see it in a message: JSON, cut short, without control characters. */
export const shown = (value: unknown): string => {
  if (value === undefined) return 'nothing';
  const text = JSON.stringify(value);
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
};

/** Insertions, deletions, replacements and swaps of neighbours that lead from `a` to `b` (optimal string alignment). */
const distance = (a: string, b: string): number => {
  const rows: number[][] = [Array.from({ length: b.length + 1 }, (_, j) => j)];
  const at = (i: number, j: number): number => rows[i]?.[j] ?? Infinity;
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    rows.push(row);
    for (let j = 1; j <= b.length; j++) {
      const replaced = at(i - 1, j - 1) + (a[i - 1] === b[j - 1] ? 0 : 1);
      const swapped = a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1] ? at(i - 2, j - 2) + 1 : Infinity;
      row.push(Math.min(at(i - 1, j) + 1, at(i, j - 1) + 1, replaced, swapped));
    }
  }
  return at(a.length, b.length);
};

const lettersOf = (word: string): string => Array.from(word).sort().join('');

/** The known word that a misspelt one most likely means; undefined when none is near. */
export const nearest = (word: string, known: readonly string[]): string | undefined => {
  if (word.length > 64) return undefined;
  const lower = word.toLowerCase().replaceAll('-', '_');
  const ranked = known
    .map((candidate) => ({
      ...{ candidate, far: distance(lower, candidate) },
      // letters that changed places are likelier than one for another
      others: lettersOf(candidate) === lettersOf(lower) ? 0 : 1,
    }))
    .sort((a, b) => a.far - b.far || a.others - b.others);
  const best = ranked[0];
  return best && best.far <= Math.max(1, Math.floor(best.candidate.length / 3)) ? best.candidate : undefined;
};

/** How to mend an unknown word: the nearest known one, else all of them. */
export const suggest = (word: string, known: readonly string[]): string => {
  const near = nearest(word, known);
  return near === undefined ? `use one of ${known.join(', ')}` : `write "${near}"`;
};
