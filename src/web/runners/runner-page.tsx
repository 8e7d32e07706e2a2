/** One runner: its state and what that rests on, what may be done with it, and what ran there. */
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import type { RunnerAsOf } from '../../app/evidence.js';
import { ApiProblem, apiPath, ask, queryOf } from '../api/client.js';
import { useAt, type OfPast } from '../api/past.js';
import { useMay } from '../api/session.js';
import { Empty } from '../parts/empty.js';
import { Link } from '../parts/link.js';
import { ProblemNote } from '../parts/problem.js';
import { Sentence } from '../parts/sentence.js';
import { Status } from '../parts/status.js';
import { ActDialog } from './act-dialog.js';
import { offersFor, type Act } from './acts.js';
import { Facts } from './facts.js';
import { Findings } from './findings.js';
import { JobsOf } from './jobs-of.js';
import { SlotTable } from './slot-table.js';
import { SparkLine } from './spark-line.js';
import { EvidenceLine, NextLine, PauseLine, Warnings } from './state-cell.js';
import './runners.css';

const Standing = ({ runner, asOf }: { readonly runner: RunnerAsOf; readonly asOf: string | undefined }) => (
  <section className="card stack" aria-labelledby="runner-name">
    <div className="row">
      <h1 id="runner-name">{runner.name}</h1>
      <Status of={runner.state} />
    </div>
    {runner.detail === undefined ? null : (
      <p className="runners-text">
        <Sentence of={runner.detail} />
      </p>
    )}
    <Warnings runner={runner} />
    <ul className="runners-lines">
      {runner.pausedUntil === undefined ? null : (
        <li>
          <PauseLine runner={runner} asOf={asOf} />
        </li>
      )}
      <li>
        <EvidenceLine runner={runner} asOf={asOf} />
      </li>
      {runner.evidence?.detail === undefined || runner.evidence.detail === runner.detail ? null : (
        <li className="runners-text">
          <Sentence of={runner.evidence.detail} />
        </li>
      )}
      {runner.watch === undefined ? null : (
        <li>
          <NextLine runner={runner} />
        </li>
      )}
      {/* where a person has to act, probes bring nothing back */}
      {runner.quarantine === undefined || runner.watch?.kind === 'person' ? null : (
        <li>
          {`${runner.quarantine.cleanProbes} clean ${runner.quarantine.cleanProbes === 1 ? 'probe' : 'probes'} in a row since it was quarantined`}
        </li>
      )}
    </ul>
  </section>
);

const Actions = ({ runner, act }: { readonly runner: RunnerAsOf; readonly act: (act: Act) => void }) => {
  const offers = offersFor(runner, { operator: useMay('operator'), admin: useMay('admin') });
  return offers.length === 0 ? null : (
    <div className="row" role="group" aria-label={`Commands to ${runner.name}`}>
      {offers.map(({ act: offered, word }) => (
        <button
          key={word}
          type="button"
          className={offered.kind === 'remove' ? 'button runners-last' : 'button'}
          onClick={() => act(offered)}
        >
          {word}
        </button>
      ))}
    </div>
  );
};

const findingsOf = ({ evidence, probe }: RunnerAsOf) =>
  evidence && evidence.findings.length > 0 ? evidence.findings : probe?.findings;

const RunnerPage = ({ name }: { readonly name: string }) => {
  const at = useAt();
  const [act, setAct] = useState<Act>();
  const { data: runner, error } = useQuery({
    queryKey: ['runner', name, at],
    queryFn: ({ signal }) =>
      ask<RunnerAsOf & OfPast>(`${apiPath('runners', name)}${queryOf({ at })}`, { signal }),
    meta: { topics: [`runner:${name}`] },
  });
  if (runner === undefined) {
    if (error instanceof ApiProblem && error.problem.status === 404)
      return (
        <Empty
          isPage
          title={at === undefined ? `There is no runner ${name}` : `There was no runner ${name} then`}
        >
          <Link to="/runners">To all runners</Link>
        </Empty>
      );
    return error === null ? <p className="muted">One moment…</p> : <ProblemNote error={error} />;
  }
  const asOf = runner.at?.time;
  const findings = findingsOf(runner);
  return (
    <>
      <p>
        <Link to="/runners">All runners</Link>
      </p>
      <Standing runner={runner} asOf={asOf} />
      {at === undefined ? (
        <Actions runner={runner} act={setAct} />
      ) : (
        <p className="small muted">
          Of the past there is what was recorded; looks that found the same again are not.
        </p>
      )}
      <ProblemNote error={error} />
      <section className="stack" aria-labelledby="runner-slots">
        <h2 id="runner-slots">Slots</h2>
        <SlotTable runner={runner} at={at} />
      </section>
      <section className="stack" aria-labelledby="runner-facts">
        <h2 id="runner-facts">Facts</h2>
        <Facts runner={runner} />
      </section>
      <section className="stack" aria-labelledby="runner-findings">
        <h2 id="runner-findings">Findings</h2>
        {findings === undefined ? (
          <p className="muted">It was never looked at: a test does.</p>
        ) : (
          <Findings of={findings} />
        )}
      </section>
      <section className="stack" aria-labelledby="runner-jobs">
        <div className="spread">
          <h2 id="runner-jobs">Jobs that were here</h2>
          <SparkLine outcomes={runner.lastOutcomes} />
        </div>
        <JobsOf name={name} at={at} />
      </section>
      {act === undefined || at !== undefined ? null : (
        <ActDialog act={act} runner={runner} onClose={() => setAct(undefined)} />
      )}
    </>
  );
};
export default RunnerPage;
