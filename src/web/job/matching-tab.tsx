/** Why a job waits, or why it ran where it did: every runner against every clause. */
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import type { ExplainAnswer } from '../../../projections/explain-answer.js';
import { apiPath, ask, queryOf } from '../api/client.js';
import { useAt } from '../api/past.js';
import { Empty } from '../parts/empty.js';
import { Icon } from '../parts/icon.js';
import { Link, pageOf } from '../parts/link.js';
import { ProblemNote } from '../parts/problem.js';

type Row = ExplainAnswer['runners'][number];
type Held = Row['clauses'][number];

const SHOWN = 100;

const clauseText = ({ clause: { key, op, values } }: Held): string => `${key} ${op} ${values.join(' | ')}`;

const Clause = ({ held }: { readonly held: Held | undefined }) => {
  if (held === undefined) return null;
  const { holds, found } = held;
  return (
    <span className={holds ? 'job-clause tone-ok' : 'job-clause tone-bad'}>
      <Icon name={holds ? 'check' : 'cross'} />
      <span>
        {holds ? 'holds' : 'does not hold'}: <code>{found === '' ? 'none' : found}</code>
      </span>
    </span>
  );
};

const canTakeIt = ({ suits, unavailable }: Row): string => {
  if (!suits) return 'does not suit';
  return unavailable === undefined ? 'could take it' : `suits, not now: ${unavailable}`;
};

/** Those that suit first, and of these the ones that could take it now. */
const rankOf = ({ suits, unavailable }: Row): number => (suits ? (unavailable === undefined ? 0 : 1) : 2);

export const MatchingTab = ({ id }: { readonly id: string }) => {
  const at = useAt();
  const [isAll, setAll] = useState(false);
  const { data, error } = useQuery({
    queryKey: ['job', id, 'explain', at],
    queryFn: ({ signal }) =>
      ask<ExplainAnswer>(`${apiPath('jobs', id, 'explain')}${queryOf({ at })}`, { signal }),
    meta: { topics: [`job:${id}`, 'runners'] },
  });
  if (data === undefined)
    return error === null ? <p className="muted">One moment…</p> : <ProblemNote error={error} />;
  const rows = [...data.runners].sort((a, b) => rankOf(a) - rankOf(b));
  const clauses = data.runners[0]?.clauses ?? [];
  return (
    <div className="stack">
      <p>
        <strong>{data.verdict}</strong>
      </p>
      {rows.length === 0 ? (
        <Empty title="No runner is enrolled">
          <p>One command makes a machine that is reached by SSH a runner:</p>
          <pre>npx baton install-runner HOST ADMIN -P</pre>
        </Empty>
      ) : (
        <div className="table-scroll">
          <table className="table cards" aria-label="Every runner against every clause">
            <thead>
              <tr>
                <th scope="col">Runner</th>
                <th scope="col">Now</th>
                {clauses.map((held) => (
                  <th key={clauseText(held)} scope="col">
                    <code>{clauseText(held)}</code>
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {(isAll ? rows : rows.slice(0, SHOWN)).map((row) => (
                <tr key={row.runner}>
                  <td data-label="Runner">
                    <Link to={pageOf.runner(row.runner)}>{row.runner}</Link>
                  </td>
                  <td data-label="Now">{canTakeIt(row)}</td>
                  {clauses.map((held, index) => (
                    <td key={clauseText(held)} data-label={clauseText(held)}>
                      <Clause held={row.clauses[index]} />
                    </td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      {clauses.length === 0 && rows.length > 0 ? (
        <p className="muted">It has no condition: any runner will do.</p>
      ) : null}
      {rows.length > SHOWN && !isAll ? (
        <button type="button" className="button" onClick={() => setAll(true)}>
          Show all {rows.length} runners
        </button>
      ) : null}
    </div>
  );
};
