/** Why a job waits: a word that can be told from the others at a glance, and what the server says of it. */
import type { QueueEntry } from '../../../projections/queue.js';
import { useNow } from '../api/clock.js';
import { Icon } from '../parts/icon.js';
import { Link, pageOf } from '../parts/link.js';
import { lengthOf } from '../parts/time.js';
import { detailOf, reasonOf, type Part } from './words.js';

/** How long until then; ticks. `asOf`: of a moment in the past, counted from there. */
const Until = ({ at, asOf }: { readonly at: string; readonly asOf: string | undefined }) => {
  const now = useNow();
  const left = Date.parse(at) - (asOf === undefined ? now : Date.parse(asOf));
  return (
    <time dateTime={at} title={at} className="number">
      {left <= 0 ? 'now' : `in ${lengthOf(left)}`}
    </time>
  );
};

const Piece = ({ part, asOf }: { readonly part: Part; readonly asOf: string | undefined }) => {
  if (part.kind === 'text') return part.text;
  if (part.kind === 'until') return <Until at={part.text} asOf={asOf} />;
  return part.kind === 'runner' ? (
    <Link to={pageOf.runner(part.text)} className="unbroken">
      {part.text}
    </Link>
  ) : (
    <Link to={pageOf.job(part.text)}>job {part.text.slice(0, 8)}</Link>
  );
};

interface ReasonProps {
  readonly waiting: NonNullable<QueueEntry['waiting']>;
  readonly asOf: string | undefined;
}

export const Reason = ({ waiting, asOf }: ReasonProps) => {
  const { text, icon, tone } = reasonOf(waiting.reason);
  return (
    <span className="queue-reason">
      <span className={`chip tone-${tone}`}>
        <Icon name={icon} />
        {text}
      </span>{' '}
      {detailOf(waiting).map((part, i) => (
        <Piece key={i} part={part} asOf={asOf} />
      ))}
    </span>
  );
};
