/** When has a step of a build ended that several rows run, each at its own pace? Pure. */

/** A row has ended a step. `at`: seconds since 1970. */
export interface StepEnd {
  readonly step: string;
  readonly at: number;
  readonly code: number;
}

export interface RowProgress {
  /** Place, in the order of the steps, of the one that it has begun last. */
  readonly place: number;
  /** That one has not ended. */
  readonly open: boolean;
  /** It does nothing any more. */
  readonly over: boolean;
  readonly ends: readonly StepEnd[];
}

/**
 * How a step ended that at least one row has begun: with 0 when it did for all rows that ended it, else as the first of them, in the order of
 * rows, that it did not; when the last of them did. Undefined while a row is in it, or may still come to it, and for one that a row left in the
 * middle while it went well for the others: of that nothing is known.
 */
export const endOf = (
  step: string,
  place: number,
  rows: readonly RowProgress[],
): Omit<StepEnd, 'step'> | undefined => {
  const said = rows.map(({ ends }) => ends.find((end) => end.step === step));
  const comes = rows.some((row, i) => said[i] === undefined && !row.over && row.place <= place);
  const ends = said.filter((end) => end !== undefined);
  if (comes || ends.length === 0) return undefined;
  const code = ends.find((end) => end.code !== 0)?.code ?? 0;
  const left = rows.some((row, i) => said[i] === undefined && row.open && row.place === place);
  if (code === 0 && left) return undefined;
  return { at: Math.max(...ends.map(({ at }) => at)), code };
};
