/** One job: what it is and how it goes, its log, its events, why it is where it is, and its attempts. */
import { Redirect } from 'wouter';
import { problemOf } from '../api/client.js';
import { Empty } from '../parts/empty.js';
import { Link, pageOf } from '../parts/link.js';
import { ProblemNote } from '../parts/problem.js';
import { useTitle } from '../parts/title.js';
import { useUrlState } from '../parts/url-state.js';
import { AttemptsTab } from './attempts-tab.js';
import { Header } from './header.js';
import { LogTab } from './log-tab.js';
import { MatchingTab } from './matching-tab.js';
import { TimelineTab } from './timeline-tab.js';
import { useJob } from './use-job.js';
import { titleOf } from './words.js';
import './job.css';

const tabs = [
  ['log', 'Log'],
  ['timeline', 'Timeline'],
  ['matching', 'Matching'],
  ['attempts', 'Attempts'],
] as const;

const JobPage = ({ id }: { readonly id: string }) => {
  const { data: job, error } = useJob(id);
  const { get } = useUrlState();
  useTitle(job === undefined ? 'Job' : `${titleOf(job)}: ${job.status.replaceAll('_', ' ')}`);
  if (job === undefined) {
    if (error === null) return <p className="muted">One moment…</p>;
    if (problemOf(error).status !== 404) return <ProblemNote error={error} />;
    return (
      <>
        <h1>Job {id}</h1>
        <Empty title="There is no such job, or not yet">
          <p>If it was asked for a moment ago it shows here by itself.</p>
          <Link to="/history">All that has run</Link>
        </Empty>
      </>
    );
  }
  // a part of an id is enough to find it, and not to follow it
  if (job.id !== id) return <Redirect to={`${pageOf.job(job.id)}${location.search}`} replace />;
  const tab = tabs.find(([name]) => name === get('tab'))?.[0] ?? 'log';
  return (
    <div className="stack">
      <Header job={job} />
      <nav className="tabs" aria-label="Parts of this page">
        {tabs.map(([name, text]) => (
          <Link
            key={name}
            to={name === 'log' ? pageOf.job(job.id) : `${pageOf.job(job.id)}?tab=${name}`}
            {...(tab === name ? { 'aria-current': 'page' as const } : {})}
          >
            {text}
          </Link>
        ))}
      </nav>
      {tab === 'log' ? <LogTab job={job} /> : null}
      {tab === 'timeline' ? <TimelineTab id={job.id} /> : null}
      {tab === 'matching' ? <MatchingTab id={job.id} /> : null}
      {tab === 'attempts' ? <AttemptsTab job={job} /> : null}
    </div>
  );
};
export default JobPage;
