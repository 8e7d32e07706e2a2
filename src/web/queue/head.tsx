/** The queue in numbers: what runs, what waits and how long, what waits in vain, and what is free. Each number shows its jobs. */
import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import type { QueueAnswer } from '../../app/queue-window.js';
import type { RunnerWindow } from '../../app/runner-window.js';
import { apiPath, ask, queryOf } from '../api/client.js';
import { Icon } from '../parts/icon.js';
import { Link } from '../parts/link.js';
import { PastAge } from './ages.js';
import { FilterLink } from './filter-link.js';
import { grouped } from './rows.js';

const Number = ({ label, children }: { readonly label: ReactNode; readonly children: ReactNode }) => (
  <div className="queue-number">
    <dt>{label}</dt>
    <dd>{children}</dd>
  </div>
);

const Slots = ({ at }: { readonly at: string | undefined }) => {
  const { data } = useQuery({
    queryKey: ['runners', 'free', at],
    queryFn: ({ signal }) =>
      ask<RunnerWindow<unknown>>(`${apiPath('runners')}${queryOf({ limit: 1, at })}`, { signal }),
    meta: { topics: ['runners', 'queue'] },
  });
  return (
    <Number label="Free slots">
      {data === undefined ? (
        '…'
      ) : (
        <Link to="/runners" title="To the runners">
          {grouped(data.free)} <span className="small">of {grouped(data.slots)}</span>
        </Link>
      )}
    </Number>
  );
};

interface HeadProps {
  /** Undefined until it has come. */
  readonly answer: QueueAnswer | undefined;
  readonly at: string | undefined;
  readonly asOf: string | undefined;
}

export const Head = ({ answer, at, asOf }: HeadProps) => {
  const counts = answer?.counts;
  const oldest = answer?.oldestQueuedAt;
  const others = answer?.others;
  const unseen = others === undefined ? 0 : others.queued + others.assigned + others.running;
  const unmatched = counts?.unmatched ?? 0;
  const count = (status: 'running' | 'assigned' | 'queued') => (
    <FilterLink to={{ status }}>{counts === undefined ? '…' : grouped(counts[status])}</FilterLink>
  );
  return (
    <>
      <dl className="queue-numbers">
        <Number label="Running">{count('running')}</Number>
        <Number label="Starting">{count('assigned')}</Number>
        <Number label="Waiting">{count('queued')}</Number>
        <Number label="Oldest waits">
          {oldest === undefined ? (
            <span className="muted">{counts === undefined ? '…' : 'nothing waits'}</span>
          ) : (
            <PastAge at={oldest} asOf={asOf} />
          )}
        </Number>
        <Slots at={at} />
        <Number label="No runner can ever match">
          {unmatched === 0 ? (
            <span className="muted">{counts === undefined ? '…' : 0}</span>
          ) : (
            <FilterLink to={{ status: 'unmatched' }} className="chip tone-warn queue-unmatched">
              <Icon name="warning" />
              {grouped(unmatched)}
            </FilterLink>
          )}
        </Number>
      </dl>
      {unmatched === 0 ? null : (
        <p className="note tone-warn">
          {unmatched === 1
            ? 'One waiting job can never start as things are: no enrolled runner has what it asks for. Its row says what is missing.'
            : `${grouped(unmatched)} waiting jobs can never start as things are: no enrolled runner has what they ask for. Their rows say what is missing.`}
        </p>
      )}
      {unseen === 0 ? null : (
        <p className="small muted">
          {grouped(unseen)} more {unseen === 1 ? 'job' : 'jobs'} of others wait or run; you may not see them.
        </p>
      )}
    </>
  );
};
