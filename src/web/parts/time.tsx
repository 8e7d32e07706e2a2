/** Instants and lengths of time: short to read, exact on pointing, ticking while they grow. */
import { useNow } from '../api/clock.js';

const two = (value: number): string => String(value).padStart(2, '0');

/** `8 s`, `3 min 08 s`, `2 h 05 min`, `4 d 3 h`; of milliseconds. */
export const lengthOf = (ms: number): string => {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${two(seconds % 60)} s`;
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return `${hours} h ${two(minutes % 60)} min`;
  return `${Math.floor(hours / 24)} d ${hours % 24} h`;
};

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
      {lengthOf(Date.parse(to) - Date.parse(from))}
    </span>
  );

const here = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'medium' });

/** In the zone of who looks; the title has it in UTC. */
export const At = ({ at }: { readonly at: string }) => (
  <time dateTime={at} title={at} className="number">
    {here.format(new Date(at))}
  </time>
);
