/** Two fingerprints side by side: where they differ. Digests of two keys differ nearly everywhere; look-alikes do not. */

export interface Piece {
  readonly text: string;
  readonly differs: boolean;
}

/** `text` in pieces, each as long as it can be; what is at another place than in `other` differs. */
export const piecesOf = (text: string, other: string): readonly Piece[] => {
  const pieces: { text: string; readonly differs: boolean }[] = [];
  for (let index = 0; index < text.length; index++) {
    const letter = text.charAt(index);
    const differs = letter !== other.charAt(index);
    const last = pieces.at(-1);
    if (last?.differs === differs) last.text += letter;
    else pieces.push({ text: letter, differs });
  }
  return pieces;
};

/** How many places differ, in words. */
export const differenceText = (a: string, b: string): string => {
  const length = Math.max(a.length, b.length);
  const count = Array.from({ length }, (_, index) => a.charAt(index) !== b.charAt(index)).filter(
    Boolean,
  ).length;
  return count === 0 ? 'They are the same.' : `They differ in ${count} of ${length} characters.`;
};
