/** A length of time that is over; short ones to the millisecond. */
import { lengthOf } from '../parts/time.js';

export const Length = ({ ms }: { readonly ms: number | undefined }) =>
  ms === undefined ? (
    <span className="muted">none</span>
  ) : (
    <span className="number" title={`${ms} ms`}>
      {ms < 1000 ? `${ms} ms` : lengthOf(ms)}
    </span>
  );
