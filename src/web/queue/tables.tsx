/** The two tables of the queue, both in the order of dispatch: what has a runner, and what waits for one. */
import type { QueueEntry } from '../../../projections/queue.js';
import type { QueuePart } from '../../app/queue-window.js';
import { useMay } from '../api/session.js';
import { Icon } from '../parts/icon.js';
import { Link, pageOf } from '../parts/link.js';
import { Status } from '../parts/status.js';
import { RowsTable, type Column, type Windows } from '../parts/window-table.js';
import { FilterLink } from './filter-link.js';
import { Reason } from './reason.js';
import { Ago, PastAge } from './ages.js';
import { grouped, jobText, shownStatus } from './rows.js';
import { reasonOf } from './words.js';

/** What a row may ask for. */
export interface RowDeeds {
  readonly explain: (entry: QueueEntry) => void;
  readonly cancel: (entry: QueueEntry) => void;
}

interface TableProps extends RowDeeds {
  readonly kind: 'active' | 'waiting';
  readonly part: QueuePart;
  /** Told when other windows of it come into sight. */
  readonly onSight: (windows: Windows) => void;
  readonly at: string | undefined;
  /** The instant that `at` is of. */
  readonly asOf: string | undefined;
}

const Actions = ({
  entry,
  at,
  explain,
  cancel,
}: RowDeeds & { readonly entry: QueueEntry; readonly at: string | undefined }) => {
  const { enterprise, organisation, project, cancelAskedAt } = entry;
  const mayCancel = useMay('operator', { enterprise, organisation, project });
  const name = <span className="visually-hidden"> {jobText(entry)}</span>;
  return (
    <span className="row">
      <button type="button" className="button small" onClick={() => explain(entry)}>
        Explain{name}
      </button>
      {at === undefined && mayCancel && cancelAskedAt === undefined ? (
        <button type="button" className="button small" onClick={() => cancel(entry)}>
          Cancel{name}
        </button>
      ) : null}
    </span>
  );
};

/** Its name shows the queue of that project alone. */
const Project = ({ of }: { readonly of: QueueEntry }) => (
  <FilterLink
    to={{ project: of.project }}
    beside
    title={`${of.enterprise} / ${of.organisation} / ${of.project}, pipeline ${of.pipeline}: show its jobs alone`}
  >
    {of.project}
  </FilterLink>
);

const Change = ({ of: { changeId, changeTitle = '' } }: { readonly of: QueueEntry }) =>
  changeId === undefined ? (
    <span className="muted">none</span>
  ) : (
    <Link to={pageOf.change(changeId)}>{changeTitle === '' ? changeId.slice(0, 8) : changeTitle}</Link>
  );

const Unreachable = ({ since, asOf }: { readonly since: string; readonly asOf: string | undefined }) => (
  <span className="queue-warning">
    <Icon name="warning" /> found unreachable <Ago at={since} asOf={asOf} />: whether it runs is not known
  </span>
);

type Columns = readonly Column<QueueEntry>[];

const jobColumns: Columns = [
  { name: 'Place', className: 'queue-place', cell: ({ place }) => <span className="number">{place}</span> },
  {
    name: 'Job',
    className: 'queue-job',
    cell: (entry) => (
      <span className="queue-cell">
        <Link to={pageOf.job(entry.jobId)}>{jobText(entry)}</Link>
        {entry.slots === undefined ? null : <span className="muted">takes {entry.slots} slots</span>}
      </span>
    ),
  },
  { name: 'Project', className: 'queue-project', cell: (entry) => <Project of={entry} /> },
  { name: 'Change', className: 'queue-change', cell: (entry) => <Change of={entry} /> },
];

const activeColumns = (asOf: string | undefined): Columns => [
  ...jobColumns,
  { name: 'Status', className: 'queue-status', cell: (entry) => <Status of={shownStatus(entry)} /> },
  { name: 'Since', className: 'queue-age', cell: ({ since }) => <PastAge at={since} asOf={asOf} /> },
  {
    name: 'Runner',
    cell: ({ runner, unreachableSince }) => (
      <span className="queue-cell">
        {runner === undefined ? 'not known' : <Link to={pageOf.runner(runner)}>{runner}</Link>}
        {unreachableSince === undefined ? null : <Unreachable since={unreachableSince} asOf={asOf} />}
      </span>
    ),
  },
];

const waitingColumns = (asOf: string | undefined): Columns => [
  ...jobColumns,
  { name: 'Waits', className: 'queue-age', cell: ({ since }) => <PastAge at={since} asOf={asOf} /> },
  {
    name: 'Why',
    cell: ({ waiting }) => (waiting === undefined ? null : <Reason waiting={waiting} asOf={asOf} />),
  },
];

const rowClass = ({ unreachableSince, cancelAskedAt, waiting }: QueueEntry): string | undefined => {
  if (unreachableSince !== undefined || cancelAskedAt !== undefined) return 'queue-warn';
  if (waiting === undefined) return 'queue-live';
  return reasonOf(waiting.reason).tone === 'warn' ? 'queue-warn' : undefined;
};

/** What has a runner, or what waits for one: as much of it as has come. */
export const QueueTable = ({ kind, part, onSight, at, asOf, ...deeds }: TableProps) => {
  const columns: Columns = [
    ...(kind === 'active' ? activeColumns(asOf) : waitingColumns(asOf)),
    {
      name: 'Actions',
      hidden: true,
      className: 'queue-deeds',
      cell: (entry) => <Actions entry={entry} at={at} {...deeds} />,
    },
  ];
  const title = kind === 'active' ? 'Running and starting' : 'Waiting';
  return (
    <section className="stack queue-table">
      <RowsTable
        label={`${title}, in the order of dispatch`}
        heading={(total) => (
          <h2>
            {title} <span className="muted number">{grouped(total)}</span>
          </h2>
        )}
        total={part.total}
        rowAt={(index) => part.entries[index - part.offset]}
        onSight={onSight}
        columns={columns}
        rowKey={({ jobId }) => jobId}
        rowClass={rowClass}
        empty={<p className="muted">{kind === 'active' ? 'Nothing runs.' : 'Nothing waits.'}</p>}
      />
    </section>
  );
};
