/** Takes a runner out of service for a while. */
import { useState } from 'react';
import { apiPath } from '../api/client.js';
import { Confirm } from '../parts/confirm.js';
import { UntilField } from './until-field.js';
import { untilOf, type Until } from './until.js';

export const PauseDialog = ({ name, onClose }: { readonly name: string; readonly onClose: () => void }) => {
  const [until, setUntil] = useState<Until>({ choice: '30m', moment: '' });
  const end = untilOf(until);
  return (
    <Confirm
      title={`Pause ${name}`}
      verb="Pause"
      asksReason
      command={{
        url: apiPath('runners', name, 'pause'),
        done: `${name} is paused.`,
        body: end === undefined ? {} : { until: end },
      }}
      onClose={onClose}
    >
      <p>Jobs that run there finish; it gets no new ones until then, and comes back by itself.</p>
      <UntilField value={until} onChange={setUntil} />
    </Confirm>
  );
};
