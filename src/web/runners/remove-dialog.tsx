/** Takes a runner out for good. While jobs are there it is refused, unless they are to be cancelled. */
import { useState } from 'react';
import type { RunnerAsOf } from '../../app/evidence.js';
import { apiPath } from '../api/client.js';
import { Confirm } from '../parts/confirm.js';
import { heldBy, holdersText } from './held.js';
import { JobLink } from './jobs.js';

interface RemoveDialogProps {
  readonly runner: RunnerAsOf;
  readonly onClose: () => void;
}

export const RemoveDialog = ({ runner: { name, current }, onClose }: RemoveDialogProps) => {
  const [cancelJobs, setCancelJobs] = useState(false);
  const jobs = heldBy(current);
  return (
    <Confirm
      title={`Remove ${name}`}
      verb="Remove"
      danger
      asksReason
      command={{
        url: apiPath('runners', name, 'remove'),
        done: `${name} is being removed.`,
        body: cancelJobs ? { cancelJobs } : {},
      }}
      onClose={onClose}
    >
      <p>
        It gets no more jobs and is retired; its private key is removed. Its history stays, and its name is
        free again. What an installation made on the machine goes with{' '}
        <code>baton delete-runner {name} --uninstall --as ADMIN</code>.
      </p>
      {jobs.length === 0 ? (
        <p>No job runs there.</p>
      ) : (
        <div className="note tone-warn">
          <p>
            {holdersText(current, 'there')}. Removing is refused while that is so; <em>Drain</em> lets{' '}
            {jobs.length === 1 ? 'it' : 'them'} finish.
          </p>
          <ul>
            {jobs.map(({ id, slots }) => (
              <li key={slots[0]}>
                {slots.length === 1 ? 'Slot' : 'Slots'} {slots.join(', ')}: <JobLink id={id} />
              </li>
            ))}
          </ul>
          <label className="row runners-tick">
            <input
              type="checkbox"
              checked={cancelJobs}
              onChange={({ target }) => setCancelJobs(target.checked)}
            />
            Cancel {jobs.length === 1 ? 'it' : 'them'}, with my name and this reason
          </label>
        </div>
      )}
    </Confirm>
  );
};
