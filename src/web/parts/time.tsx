/** Instants and lengths of time: short to read, exact on pointing, ticking while they grow. */
import { useNow } from '../api/clock.js';
import { lengthOf, lengthOfPast } from './length.js';

export { lengthOf, lengthOfPast };

/** How long ago; ticks. `asOf`: of a moment in the past, counted from there. */
export const Age = ({ at, asOf }: { readonly at: string; readonly asOf?: string }) => {
  const now = useNow();
  const end = asOf === undefined ? now : Date.parse(asOf);
  return (
    <time dateTime={at} title={at} className="number">
      {lengthOf(end - Date.parse(at))}
    </time>
  );
};

/** From one instant to another, or to now. */
export const Span = ({ from, to }: { readonly from: string; readonly to?: string }) =>
  to === undefined ? (
    <Age at={from} />
  ) : (
    <span className="number" title={`${from} to ${to}`}>
      {lengthOfPast(Date.parse(to) - Date.parse(from))}
    </span>
  );

const here = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'medium' });

/** In the zone of who looks; the title has it in UTC. */
export const At = ({ at }: { readonly at: string }) => (
  <time dateTime={at} title={at} className="number unbroken">
    {here.format(new Date(at))}
  </time>
);
