/** Links to lines of a log: `#L10`, and `#L10-L20` for several. */

/** Both included; `from` ≤ `to`. */
export interface LineRange {
  readonly from: number;
  readonly to: number;
}

const PATTERN = /^#?L([1-9]\d{0,14})(?:-L?([1-9]\d{0,14}))?$/;

/** Undefined: the part of the address behind `#` names no lines. */
export const rangeIn = (hash: string): LineRange | undefined => {
  const match = PATTERN.exec(hash);
  if (match === null) return undefined;
  const one = Number(match[1]);
  const other = match[2] === undefined ? one : Number(match[2]);
  return { from: Math.min(one, other), to: Math.max(one, other) };
};

export const hashOf = ({ from, to }: LineRange): string => (from === to ? `#L${from}` : `#L${from}-L${to}`);

/** What a click on a line's number makes of what was chosen: with shift all lines from there to here. */
export const chosenBy = (line: number, before: LineRange | undefined, isShift: boolean): LineRange => {
  if (!isShift || before === undefined) return { from: line, to: line };
  return line < before.from ? { from: line, to: before.to } : { from: before.from, to: line };
};
