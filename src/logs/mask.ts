/**
 * Keeps secret values out of a log, wherever the pieces of it are cut. Pure: what a piece gives, and where the next one goes on.
 *
 * Every place where a pattern stands is masked; where they overlap, they are masked as one. What could still become a pattern is
 * kept back. A reader that starts anew at `resumeAt` comes to the same bytes, so that alone is what must be remembered.
 */

/** What stands in place of a value. */
export const MASK = Buffer.from('[masked]');

/** Shorter ones stand everywhere by chance: masking them would tell what they are. */
export const SHORTEST_BYTES = 4;

/** Patterns by their first byte, longest first. */
export type Patterns = readonly (readonly Buffer[])[];

export interface MaskState {
  /** Source offset of the first byte that is kept back. */
  readonly at: number;
  readonly held: Buffer;
  /** A masked stretch whose end is not certain yet. */
  readonly open: { readonly start: number; readonly end: number } | undefined;
}

export const startAt = (offset: number): MaskState => ({
  at: offset,
  held: Buffer.alloc(0),
  open: undefined,
});

/** Where the source must be read from when all but the bytes given out so far is forgotten. */
export const resumeAt = ({ at, open }: MaskState): number => open?.start ?? at;

/** How far in the source a state has come, with what it keeps back. */
export const receivedBy = ({ at, held }: MaskState): number => at + held.length;

export const patternsOf = (forms: readonly Buffer[]): Patterns => {
  const table: Buffer[][] = Array.from({ length: 256 }, () => []);
  for (const form of forms) if (form.length >= SHORTEST_BYTES) table[form[0] ?? 0]?.push(form);
  for (const row of table) row.sort((a, b) => b.length - a.length);
  return table;
};

const UNDECIDED = -1;

/** Length of the longest pattern at this place; 0 for none. `final`: nothing follows, so what a limit cut off is masked as well. */
const matchAt = (patterns: Patterns, bytes: Buffer, place: number, final: boolean): number => {
  const left = bytes.length - place;
  for (const pattern of patterns[bytes[place] ?? 0] ?? []) {
    const length = Math.min(pattern.length, left);
    if (final && length < SHORTEST_BYTES) continue;
    if (pattern.compare(bytes, place, place + length, 0, length) !== 0) continue;
    return length < pattern.length && !final ? UNDECIDED : length;
  }
  return 0;
};

/** Takes the next bytes of the source; `out` is what is certain now. */
export const mask = (
  patterns: Patterns,
  state: MaskState,
  news: Buffer,
  final = false,
): { readonly state: MaskState; readonly out: Buffer } => {
  const bytes = state.held.length === 0 ? news : Buffer.concat([state.held, news]);
  const out: Buffer[] = [];
  let open = state.open;
  let plainFrom = 0;
  let place = 0;
  for (; place < bytes.length;) {
    const length = matchAt(patterns, bytes, place, final);
    if (length === UNDECIDED) break;
    if (length > 0) {
      const start = state.at + place;
      if (open === undefined) out.push(bytes.subarray(plainFrom, place));
      open = { start: open?.start ?? start, end: Math.max(open?.end ?? 0, start + length) };
    }
    place++;
    if (open?.end === state.at + place) {
      out.push(MASK);
      open = undefined;
      plainFrom = place;
    }
  }
  if (open === undefined) out.push(bytes.subarray(plainFrom, place));
  return {
    // a copy: the piece that it came in may be large, or be filled anew by its owner
    state: { at: state.at + place, held: Buffer.from(bytes.subarray(place)), open },
    out: Buffer.concat(out),
  };
};
