/** On every page that shows a moment of the past: which, and the way back. Commands are not offered then. */
import type { ReactNode } from 'react';
import { useLocation, useSearch } from 'wouter';
import { serverNow } from '../api/clock.js';
import { useAt } from '../api/past.js';
import { Empty } from '../parts/empty.js';
import { millisOf, WRITTEN, zoneName } from '../parts/moments.js';
import { withParams } from '../parts/params.js';
import { momentText, whyNoMoment } from './moment-text.js';

const BackToNow = ({ className }: { readonly className: string }) => {
  const search = useSearch();
  const [path, navigate] = useLocation();
  return (
    <button
      type="button"
      className={className}
      onClick={() => navigate(withParams(path, search, { at: undefined }))}
    >
      Back to now
    </button>
  );
};

const Moment = ({ at }: { readonly at: string }) =>
  millisOf(at) === undefined ? (
    <strong>{momentText(at)}</strong>
  ) : (
    <>
      <time dateTime={at} title={at} className="number unbroken">
        <strong>{momentText(at)}</strong>
      </time>{' '}
      ({zoneName()})
    </>
  );

export const PastBanner = () => {
  const at = useAt();
  if (at === undefined || whyNoMoment(at, serverNow()) !== undefined) return null;
  return (
    <div role="status" className="banner tone-live shell-past">
      <span>
        As it was at <Moment at={at} />. Nothing can be changed here.
      </span>
      <BackToNow className="button small" />
    </div>
  );
};

/** The page, unless the address names a moment that cannot be shown: then that is said, once. */
export const OfMoment = ({ children }: { readonly children: ReactNode }) => {
  const at = useAt();
  const why = at === undefined ? undefined : whyNoMoment(at, serverNow());
  return why === undefined ? (
    children
  ) : (
    <Empty title={why} isPage>
      <p className="muted">
        The control at the top takes moments as {WRITTEN}; an address has them in UTC, as
        2026-01-31T12:00:00Z.
      </p>
      <BackToNow className="button" />
    </Empty>
  );
};
