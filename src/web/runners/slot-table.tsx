/** Each slot of a runner: the job that it has, or why it takes none. */
import { useQuery } from '@tanstack/react-query';
import type { RunnerAsOf } from '../../app/evidence.js';
import type { QueueAnswer } from '../../app/queue-window.js';
import { apiPath, ask, queryOf } from '../api/client.js';
import { useNow } from '../api/clock.js';
import { Link, pageOf } from '../parts/link.js';
import { Status } from '../parts/status.js';
import { lengthOf } from '../parts/time.js';
import { JobLink } from './jobs.js';

type Entry = QueueAnswer['entries'][number];

/** Of the past without how long. */
const Since = ({ at }: { readonly at: string }) => {
  const now = useNow();
  return (
    <time dateTime={at} title={at} className="number">
      for {lengthOf(now - Date.parse(at))}
    </time>
  );
};

const Job = ({
  id,
  entry,
  isPast,
}: {
  readonly id: string;
  readonly entry: Entry | undefined;
  readonly isPast: boolean;
}) => (
  <div className="row">
    <JobLink id={id} />
    {entry === undefined ? null : (
      <>
        <Status of={entry.status} />
        {isPast ? null : <Since at={entry.since} />}
        <span className="runners-text">
          {entry.project}, {entry.stage} {entry.phase}
          {entry.label === '' ? '' : ` (${entry.label})`}
        </span>
        {entry.changeId === undefined ? null : (
          <Link to={pageOf.change(entry.changeId)}>{entry.changeTitle ?? entry.changeId.slice(0, 8)}</Link>
        )}
      </>
    )}
  </div>
);

interface SlotTableProps {
  readonly runner: RunnerAsOf;
  readonly at: string | undefined;
}

export const SlotTable = ({ runner, at }: SlotTableProps) => {
  const { name, slots, current, quarantinedSlots } = runner;
  const isIdle = Object.keys(current).length === 0;
  const { data } = useQuery({
    queryKey: ['queue', 'of', name, at],
    queryFn: ({ signal }) =>
      ask<QueueAnswer>(`${apiPath('queue')}${queryOf({ runner: name, limit: 100, at })}`, { signal }),
    enabled: !isIdle,
    meta: { topics: [`runner:${name}`] },
  });
  // fewer slots than jobs: those of before go on
  const numbers = [
    ...new Set([...Array(slots).keys(), ...Object.keys(current).map(Number), ...quarantinedSlots]),
  ].sort((a, b) => a - b);
  return (
    <div className="table-scroll">
      <table className="table" aria-label={`Slots of ${name}`}>
        <thead>
          <tr>
            <th scope="col">Slot</th>
            <th scope="col">Now</th>
          </tr>
        </thead>
        <tbody>
          {numbers.map((slot) => {
            const id = current[String(slot)];
            return (
              <tr key={slot}>
                <td className="number">{slot}</td>
                <td>
                  {id === undefined ? null : (
                    <Job
                      id={id}
                      entry={data?.entries.find(({ jobId }) => jobId === id)}
                      isPast={at !== undefined}
                    />
                  )}
                  {quarantinedSlots.includes(slot) ? (
                    <span className="row">
                      <Status of="quarantined" />a job that held it left processes behind
                    </span>
                  ) : id === undefined ? (
                    <span className="muted">{slot < slots ? 'idle' : 'not used any more'}</span>
                  ) : null}
                </td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
};
