/** The columns of the list of runners. */
import type { RunnerAsOf } from '../../app/evidence.js';
import { Link, pageOf } from '../parts/link.js';
import type { Column } from '../parts/window-table.js';
import { offersFor, type Act, type Hands } from './acts.js';
import { Busy } from './jobs.js';
import { MachineCell } from './machine-cell.js';
import { SparkLine } from './spark-line.js';
import { StateCell } from './state-cell.js';

interface Choice {
  readonly selected: ReadonlySet<string>;
  readonly toggle: (name: string) => void;
  readonly act: (act: Act, runner: RunnerAsOf) => void;
  /** Nobody's: no commands are offered. */
  readonly hands: Hands | undefined;
  readonly asOf: string | undefined;
}

/** In a row: what ends its trouble, and the look. The rest is on the runner's own page. */
const rowOffers = (runner: RunnerAsOf, hands: Hands) => {
  const offers = offersFor(runner, hands);
  const isWell = runner.state === 'ready' && offers[0]?.act.kind === 'test';
  const [trouble] = isWell ? offers.filter(({ act }) => act.kind === 'drain') : offers;
  const test = offers.filter(({ act }) => act.kind === 'test');
  return [...new Set([...(trouble === undefined ? [] : [trouble]), ...test])];
};

export const columnsOf = ({ selected, toggle, act, hands, asOf }: Choice): readonly Column<RunnerAsOf>[] => [
  ...(hands?.operator === true
    ? [
        {
          name: 'Choose',
          hidden: true,
          cell: ({ name }: RunnerAsOf) => (
            <label className="runners-choose">
              <input type="checkbox" checked={selected.has(name)} onChange={() => toggle(name)} />
              <span className="runners-choose-word">Choose {name}</span>
            </label>
          ),
        },
      ]
    : []),
  {
    name: 'Name',
    className: 'runners-col-name',
    cell: ({ name, user, host, port }) => (
      <div className="runners-cell">
        <Link to={pageOf.runner(name)} className="runners-name">
          {name}
        </Link>
        <span className="small muted">
          {user}@
          <span className="unbroken">
            {host}
            {port === 22 ? '' : `:${port}`}
          </span>
        </span>
      </div>
    ),
  },
  { name: 'State', cell: (runner) => <StateCell runner={runner} asOf={asOf} /> },
  { name: 'Jobs', className: 'runners-col-jobs', cell: (runner) => <Busy {...runner} /> },
  { name: 'Machine', className: 'runners-col-machine', cell: (runner) => <MachineCell runner={runner} /> },
  {
    name: 'Last jobs',
    className: 'runners-col-last',
    cell: ({ lastOutcomes }) => <SparkLine outcomes={lastOutcomes} />,
  },
  ...(hands?.operator === true
    ? [
        {
          name: 'Actions',
          className: 'runners-col-acts',
          hidden: true,
          cell: (runner: RunnerAsOf) => (
            <div className="row runners-acts">
              {rowOffers(runner, hands).map(({ act: offered, word }) => (
                <button
                  key={word}
                  type="button"
                  className="button small"
                  aria-label={`${word.replace('…', '')} ${runner.name}`}
                  onClick={() => act(offered, runner)}
                >
                  {word}
                </button>
              ))}
            </div>
          ),
        },
      ]
    : []),
];
