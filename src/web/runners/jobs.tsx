/** The slots of a runner: how many are busy, with which jobs, and which are in quarantine. */
import type { RunnerAsOf } from '../../app/evidence.js';
import { Link, pageOf } from '../parts/link.js';
import { heldBy } from './held.js';

type Slots = Pick<RunnerAsOf, 'current' | 'slots' | 'quarantinedSlots'>;

/** Jobs of others have no id here. */
export const JobLink = ({ id }: { readonly id: string }) =>
  id === '' ? (
    <span className="muted">a job that is not yours to see</span>
  ) : (
    <Link to={pageOf.job(id)} className="mono" title={id}>
      {id.slice(0, 8)}
    </Link>
  );

export const Busy = ({ current, slots, quarantinedSlots }: Slots) => {
  const busy = Object.keys(current).length;
  return (
    <div className="runners-cell">
      <span className="number runners-busy">
        {busy === 0 ? `idle, ${slots} ${slots === 1 ? 'slot' : 'slots'}` : `${busy} of ${slots} busy`}
      </span>
      {busy === 0 ? null : (
        <ul className="row small">
          {heldBy(current).map(({ id, slots: held }) => (
            <li key={held[0]}>
              <JobLink id={id} />
              {held.length === 1 ? null : ` takes ${held.length} slots`}
            </li>
          ))}
        </ul>
      )}
      {quarantinedSlots.length === 0 ? null : (
        <span className="runners-bad small">
          {quarantinedSlots.length} of {slots} in quarantine
        </span>
      )}
    </div>
  );
};
