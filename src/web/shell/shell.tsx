/** What stands around every page: the way to the others, who looks, and whether what is shown is true now. */
import { useEffect, useRef, type ReactNode } from 'react';
import { useLocation } from 'wouter';
import { base } from '../api/base.js';
import { useLogOut, type Session } from '../api/session.js';
import { Announcer } from '../parts/announce.js';
import { Link } from '../parts/link.js';
import { ThemeChoice } from '../parts/theme.js';
import icon from '../icon.svg';
import { LiveBanner } from './live-banner.js';
import { OfMoment, PastBanner } from './past-banner.js';
import { TimeControl } from './time-control.js';

const places = [
  ['/queue', 'Queue'],
  ['/runners', 'Runners'],
  ['/changes', 'Changes'],
  ['/history', 'History'],
] as const;

/** What is said of who looks. */
const ME = 'shell-me';

const roleOf = ({ grants }: Session): string =>
  (['admin', 'operator', 'viewer'] as const).find((role) => grants.some((grant) => grant.role === role)) ??
  'no role';

export const Shell = ({ session, children }: { readonly session: Session; readonly children: ReactNode }) => {
  const [path] = useLocation();
  const logOut = useLogOut();
  const main = useRef<HTMLElement>(null);
  const first = useRef(true);
  useEffect(() => {
    // a page change moves the reader to the new page, as a browser would
    if (first.current) first.current = false;
    else {
      main.current?.focus({ preventScroll: true });
      window.scrollTo(0, 0);
    }
  }, [path]);
  return (
    <>
      <a className="button skip" href="#main">
        Skip to the page
      </a>
      <header className="shell-head">
        <Link to="/queue" className="shell-name">
          <img src={icon} alt="" width="20" height="20" />
          Baton
        </Link>
        <nav className="shell-nav" aria-label="Pages">
          {places.map(([to, name]) => (
            <Link key={to} to={to} {...(path.startsWith(to) ? { 'aria-current': 'page' as const } : {})}>
              {name}
            </Link>
          ))}
        </nav>
        <TimeControl />
        <button
          type="button"
          className="button small shell-me-opens"
          aria-label={`${session.actor}: theme, log out`}
          popoverTarget={ME}
        >
          {session.actor}
        </button>
        {/* on a wide screen it is part of the header, and not opened */}
        <div id={ME} popover="auto" className="shell-me">
          <span className="small muted">
            {session.actor === roleOf(session) ? session.actor : `${session.actor} (${roleOf(session)})`}
          </span>
          <ThemeChoice />
          {session.via === 'cookie' ? (
            <button type="button" className="button small" onClick={() => void logOut()}>
              Log out
            </button>
          ) : null}
        </div>
      </header>
      <LiveBanner />
      <PastBanner />
      <main id="main" ref={main} tabIndex={-1} className="shell-main">
        <OfMoment>{children}</OfMoment>
      </main>
      <footer className="shell-foot small muted">
        <a href={`${base}/licences.md`}>Licences of what these pages are made of</a>
      </footer>
      <Announcer />
    </>
  );
};
