/** How deep the queue was and how long jobs had waited: two charts, and the same as a table. */
import { useQuery } from '@tanstack/react-query';
import type { QueueMeasures } from '../../app/measure-reads.js';
import { serverNow } from '../api/clock.js';
import { apiPath, ask, queryOf } from '../api/client.js';
import { useMay } from '../api/session.js';
import { Chart } from '../parts/chart.js';
import { ProblemNote } from '../parts/problem.js';
import { At, lengthOfPast } from '../parts/time.js';
import { useUrlState } from '../parts/url-state.js';
import {
  chartDataOf,
  chartRows,
  countSteps,
  edgesOf,
  spanNames,
  spanOf,
  spans,
  waitSteps,
  type ChartRow,
  type SpanName,
} from './chart-data.js';
import { grouped } from './rows.js';

const ROWS = 60;

const Wait = ({ ms }: { readonly ms: number | null }) =>
  ms === null ? <span className="muted">none started</span> : lengthOfPast(ms);

const AsTable = ({ rows }: { readonly rows: readonly ChartRow[] }) => (
  <details>
    <summary>As a table</summary>
    <div className="table-scroll queue-measures" role="region" aria-label="The queue over time" tabIndex={0}>
      <table className="table">
        <caption className="visually-hidden">The queue over time, newest first</caption>
        <thead>
          <tr>
            <th scope="col">From</th>
            <th scope="col">Waiting (most)</th>
            <th scope="col">Running (at the end)</th>
            <th scope="col">Started</th>
            <th scope="col">Half waited at most</th>
            <th scope="col">95 % waited at most</th>
          </tr>
        </thead>
        <tbody>
          {rows.map(({ at, waiting, running, started, p50, p95 }) => (
            <tr key={at}>
              <th scope="row">
                <At at={at} />
              </th>
              <td>{grouped(waiting)}</td>
              <td>{grouped(running)}</td>
              <td>{grouped(started)}</td>
              <td>
                <Wait ms={p50} />
              </td>
              <td>
                <Wait ms={p95} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  </details>
);

const Shown = ({ measures }: { readonly measures: QueueMeasures }) => {
  const { times, waiting, running, p50, p95 } = chartDataOf(measures);
  return (
    <>
      <div className="queue-charts">
        <Chart
          title="Jobs"
          times={times}
          format={grouped}
          steps={countSteps}
          least={4}
          series={[
            { label: 'waiting', colour: 'warn', values: waiting },
            { label: 'running', colour: 'live', values: running, dashed: true },
          ]}
        />
        <Chart
          title="Wait of those that started"
          times={times}
          format={(ms) => (ms < 1 ? '0' : lengthOfPast(ms))}
          steps={waitSteps}
          least={1000}
          series={[
            { label: 'half at most (p50)', colour: 'live', values: p50 },
            { label: '95 % at most (p95)', colour: 'warn', values: p95, dashed: true },
          ]}
        />
      </div>
      {p95.some((ms) => ms !== null) ? null : <p className="small muted">No job started in this span.</p>}
      <AsTable rows={chartRows(measures, ROWS)} />
    </>
  );
};

interface ChartsProps {
  readonly at: string | undefined;
  /** The instant that `at` is of. */
  readonly asOf: string | undefined;
}

const Measures = ({ at, asOf, span }: ChartsProps & { readonly span: SpanName }) => {
  const { data, error } = useQuery({
    queryKey: ['measures', span, at, asOf],
    queryFn: ({ signal }) => {
      const edges = edgesOf(span, asOf === undefined ? serverNow() : Date.parse(asOf));
      return ask<QueueMeasures>(`${apiPath('queue', 'measures')}${queryOf({ ...edges, at })}`, { signal });
    },
    placeholderData: (before) => before,
    // no topic tells that time goes on
    refetchInterval: at === undefined ? spans[span].everyMs : false,
    enabled: at === undefined || asOf !== undefined,
  });
  if (data === undefined)
    return error === null ? <div className="queue-charts" /> : <ProblemNote error={error} />;
  return <Shown measures={data} />;
};

/** Open when the address names a span. Whoever may not see all jobs is not told of all. */
export const Charts = (props: ChartsProps) => {
  const { get, set } = useUrlState();
  const maySee = useMay('viewer');
  const span = spanOf(get('span'));
  if (!maySee) return null;
  return (
    <details
      className="card"
      open={span !== undefined}
      onToggle={({ currentTarget, target }) => {
        // the table in it opens and closes, too
        if (target === currentTarget && currentTarget.open !== (span !== undefined))
          set({ span: currentTarget.open ? '1h' : undefined });
      }}
    >
      <summary>Depth and waits over time</summary>
      {span === undefined ? null : (
        <div className="stack queue-over-time">
          <div className="row" role="group" aria-label="Span of the charts">
            {spanNames.map((name) => (
              <button
                key={name}
                type="button"
                className={name === span ? 'button small primary' : 'button small'}
                aria-pressed={name === span}
                onClick={() => set({ span: name })}
              >
                {spans[name].text}
              </button>
            ))}
          </div>
          <Measures {...props} span={span} />
        </div>
      )}
    </details>
  );
};
