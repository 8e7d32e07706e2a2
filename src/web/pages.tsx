/** Which page stands at which address. Each page comes when it is first needed. */
import { Redirect, Route, Switch } from 'wouter';
import { Empty } from './parts/empty.js';
import { later } from './parts/later.js';
import { Link } from './parts/link.js';

const queue = later(() => import('./queue/page.js'));
const runners = later(() => import('./runners/page.js'));
const runner = later(() => import('./runners/runner-page.js'));
const changes = later(() => import('./changes/page.js'));
const change = later(() => import('./changes/change-page.js'));
const job = later(() => import('./job/page.js'));
const history = later(() => import('./history/page.js'));

const likely = [
  [/\/runners\/./, runner],
  [/\/runners/, runners],
  [/\/changes\/./, change],
  [/\/changes/, changes],
  [/\/jobs\/./, job],
  [/\/history/, history],
] as const;

/** Has the page of this address come while it is still asked who looks. A wrong guess costs its load, and nothing else. */
export const beginPage = (path: string): void =>
  (likely.find(([form]) => form.test(path))?.[1] ?? queue).begin();

export const Pages = () => (
  <Switch>
    <Route path="/">
      <Redirect to="/queue" replace />
    </Route>
    <Route path="/login">
      <Redirect to="/queue" replace />
    </Route>
    <Route path="/queue" component={queue.Page} />
    <Route path="/runners" component={runners.Page} />
    <Route path="/runners/:name">{({ name }) => <runner.Page name={decodeURIComponent(name)} />}</Route>
    <Route path="/changes" component={changes.Page} />
    <Route path="/changes/:id">{({ id }) => <change.Page id={decodeURIComponent(id)} />}</Route>
    <Route path="/jobs/:id">{({ id }) => <job.Page id={decodeURIComponent(id)} />}</Route>
    <Route path="/history" component={history.Page} />
    <Route>
      <Empty title="There is no such page" isPage>
        <Link to="/queue">To the queue</Link>
      </Empty>
    </Route>
  </Switch>
);
