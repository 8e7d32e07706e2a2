/** One change: what it is, how far it has come, what its stages did, and what may be done with it. */
import { useState } from 'react';
import type { JobView } from '../../../projections/jobs.js';
import type { ChangeView } from '../../app/change-view.js';
import { useAt, type OfPast } from '../api/past.js';
import { useMay } from '../api/session.js';
import { Link } from '../parts/link.js';
import { ProblemNote } from '../parts/problem.js';
import { useTitle } from '../parts/title.js';
import { useUrlState } from '../parts/url-state.js';
import { CancelDialog } from './cancel-dialog.js';
import { DeedButtons } from './deed-buttons.js';
import { DeedDialog, type Asked } from './deed-dialogs.js';
import { Facts, Notes, Standing } from './head.js';
import { liveJobsOf } from './phases.js';
import { useChange, useJobsOf } from './queries.js';
import { StagePanel } from './stage-panel.js';
import { openRun, openStage, runsOf } from './stages.js';
import { Steps } from './steps.js';
import './changes.css';

interface Cancelled {
  readonly jobs: readonly JobView[];
  readonly what: string;
}

const Change = ({ change }: { readonly change: ChangeView & OfPast }) => {
  const at = useAt();
  const { get } = useUrlState();
  const jobs = useJobsOf(change);
  const { enterprise, organisation, project } = change;
  const mayAct = useMay('operator', { enterprise, organisation, project }) && at === undefined;
  const [asked, setAsked] = useState<Asked>();
  const [cancelled, setCancelled] = useState<Cancelled>();
  const stage = openStage(change, get('stage'));
  const runs = runsOf(change, stage);
  return (
    <>
      <div className="stack changes-head">
        <p className="small">
          <Link to="/changes">Changes</Link>
        </p>
        <div className="spread">
          <h1>{change.title === '' ? `Change ${change.id.slice(0, 8)}` : change.title}</h1>
          <Standing change={change} />
        </div>
        {mayAct ? <DeedButtons change={change} ask={setAsked} /> : null}
        <Notes change={change} />
        <Facts change={change} />
      </div>
      <Steps change={change} open={stage} />
      <StagePanel
        change={change}
        stage={stage}
        runs={runs}
        run={openRun(runs, get('run'))}
        jobs={jobs}
        deeds={
          mayAct ? { ask: setAsked, cancel: (some, what) => setCancelled({ jobs: some, what }) } : undefined
        }
        asOf={change.at?.time}
      />
      {asked === undefined || !mayAct ? null : (
        <DeedDialog
          asked={asked}
          change={change}
          live={liveJobsOf(change.stages, jobs.byId)}
          onClose={() => setAsked(undefined)}
        />
      )}
      {cancelled === undefined || !mayAct ? null : (
        <CancelDialog {...cancelled} onClose={() => setCancelled(undefined)} />
      )}
    </>
  );
};

const ChangePage = ({ id }: { readonly id: string }) => {
  const { data, error } = useChange(id);
  useTitle(data === undefined ? `Change ${id.slice(0, 8)}` : `${data.title} (${data.project})`);
  if (data !== undefined)
    return (
      <>
        <ProblemNote error={error} />
        <Change key={data.id} change={data} />
      </>
    );
  return (
    <>
      <h1>Change {id.slice(0, 8)}</h1>
      {error === null ? <p className="muted">One moment…</p> : <ProblemNote error={error} />}
    </>
  );
};
export default ChangePage;
