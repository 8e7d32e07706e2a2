/** Composition root of the pages: what is read, who looks, and which page is shown. */
import {
  MutationCache,
  QueryCache,
  QueryClient,
  QueryClientProvider,
  useQueryClient,
} from '@tanstack/react-query';
import { Component, StrictMode, useEffect, useState, type ReactNode } from 'react';
import { createRoot } from 'react-dom/client';
import { Router, useLocation } from 'wouter';
import { base } from './api/base.js';
import { ApiProblem } from './api/client.js';
import { followLive } from './api/live.js';
import { isLetInByHost, useSession } from './api/session.js';
import { HostLogin } from './login/host.js';
import { LoginPage } from './login/page.js';
import { beginPage, Pages } from './pages.js';
import { ProblemNote } from './parts/problem.js';
import { showTheme } from './parts/theme.js';
import { Shell } from './shell/shell.js';
import './style/tokens.css';
import './style/base.css';
import './style/parts.css';
import './style/shell.css';

showTheme();
beginPage(location.pathname.slice(base.length));

// it stands in the document relative to that, whose address changes as people go from page to page
const icon = document.querySelector<HTMLLinkElement>('link[rel="icon"]');
icon?.setAttribute('href', icon.href);

const mayHelpAgain = (error: Error): boolean => error instanceof ApiProblem && error.problem.status === 0;

/** Whoever is not known any more is asked to log in at once, whatever page is shown. */
const askWho = (error: Error): void => {
  if (error instanceof ApiProblem && error.problem.status === 401)
    void queries.invalidateQueries({ queryKey: ['session'], exact: true });
};

const queries: QueryClient = new QueryClient({
  queryCache: new QueryCache({ onError: askWho }),
  mutationCache: new MutationCache({
    onError: (error, _, __, { options }) => {
      if (options.meta?.['isLogIn'] !== true) askWho(error);
    },
  }),
  defaultOptions: {
    queries: {
      // the stream of updates says when something is old
      staleTime: Number.POSITIVE_INFINITY,
      refetchOnWindowFocus: false,
      retry: (count, error) => mayHelpAgain(error) && count < 5,
    },
  },
});

/** A page that fails says so, and leaves the way to the others. */
class Door extends Component<{ readonly children: ReactNode }, { readonly error?: Error }> {
  override state: { readonly error?: Error } = {};
  static getDerivedStateFromError(error: Error) {
    return { error };
  }
  override render() {
    return this.state.error === undefined ? (
      this.props.children
    ) : (
      <div className="stack">
        <ProblemNote error={this.state.error} />
        <button type="button" className="button" onClick={() => location.reload()}>
          Load the page again
        </button>
      </div>
    );
  }
}

const App = () => {
  const client = useQueryClient();
  const { session, error } = useSession();
  const [path] = useLocation();
  const isIn = session !== null && session !== undefined;
  const [wasIn, setWasIn] = useState(false);
  if (isIn && !wasIn) setWasIn(true);
  useEffect(() => (isIn ? followLive(client).stop : undefined), [client, isIn]);
  if (session === undefined)
    return error === null ? null : (
      <main className="login">
        <ProblemNote error={error} />
      </main>
    );
  if (session === null) return isLetInByHost() ? <HostLogin /> : <LoginPage wasIn={wasIn} />;
  return (
    <Shell session={session}>
      {/* what failed on one page is no matter of the next */}
      <Door key={path}>
        <Pages />
      </Door>
    </Shell>
  );
};

const place = document.getElementById('root');
if (place !== null)
  createRoot(place).render(
    <StrictMode>
      <QueryClientProvider client={queries}>
        <Router base={base}>
          <App />
        </Router>
      </QueryClientProvider>
    </StrictMode>,
  );
