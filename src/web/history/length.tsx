/** A length of time that is over; short ones to the millisecond. */
import { lengthOfPast } from '../parts/time.js';

export const Length = ({ ms }: { readonly ms: number | undefined }) =>
  ms === undefined ? (
    <span className="muted">none</span>
  ) : (
    <span className="number" title={`${ms} ms`}>
      {lengthOfPast(ms)}
    </span>
  );
