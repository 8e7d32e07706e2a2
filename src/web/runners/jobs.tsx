/** The slots of a runner: how many are busy, with which jobs, and which are in quarantine. */
import type { RunnerAsOf } from '../../app/evidence.js';
import { Link, pageOf } from '../parts/link.js';

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
  const jobs = Object.entries(current);
  return (
    <div className="runners-cell">
      <span className="number runners-busy">
        {jobs.length === 0
          ? `idle, ${slots} ${slots === 1 ? 'slot' : 'slots'}`
          : `${jobs.length} of ${slots} busy`}
      </span>
      {jobs.length === 0 ? null : (
        <ul className="row small">
          {jobs.map(([slot, id]) => (
            <li key={slot}>
              <JobLink id={id} />
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
