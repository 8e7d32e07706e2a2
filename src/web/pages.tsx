/** Which page stands at which address. Each page comes when it is first needed. */
import { lazy, Suspense } from 'react';
import { Redirect, Route, Switch } from 'wouter';
import { Empty } from './parts/empty.js';
import { Link } from './parts/link.js';

const Queue = lazy(() => import('./queue/page.js'));
const Runners = lazy(() => import('./runners/page.js'));
const Runner = lazy(() => import('./runners/runner-page.js'));
const Changes = lazy(() => import('./changes/page.js'));
const Change = lazy(() => import('./changes/change-page.js'));
const Job = lazy(() => import('./job/page.js'));
const History = lazy(() => import('./history/page.js'));

export const Pages = () => (
  <Suspense fallback={<p className="muted">One moment…</p>}>
    <Switch>
      <Route path="/">
        <Redirect to="/queue" replace />
      </Route>
      <Route path="/login">
        <Redirect to="/queue" replace />
      </Route>
      <Route path="/queue" component={Queue} />
      <Route path="/runners" component={Runners} />
      <Route path="/runners/:name">{({ name }) => <Runner name={decodeURIComponent(name)} />}</Route>
      <Route path="/changes" component={Changes} />
      <Route path="/changes/:id">{({ id }) => <Change id={decodeURIComponent(id)} />}</Route>
      <Route path="/jobs/:id">{({ id }) => <Job id={decodeURIComponent(id)} />}</Route>
      <Route path="/history" component={History} />
      <Route>
        <Empty title="There is no such page">
          <Link to="/queue">To the queue</Link>
        </Empty>
      </Route>
    </Switch>
  </Suspense>
);
