/** How long something took, or takes. */
import { useAt } from '../api/past.js';
import { Age, Span } from '../parts/time.js';

/** To now it ticks; to a moment of the past only where that is a time. */
export const Lasted = ({ from, to }: { readonly from: string; readonly to: string | undefined }) => {
  const at = useAt();
  if (to !== undefined) return <Span from={from} to={to} />;
  if (at === undefined) return <Age at={from} />;
  return Number.isNaN(Date.parse(at)) ? <>since {from}</> : <Age at={from} asOf={at} />;
};
