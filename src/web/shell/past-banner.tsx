/** On every page that shows a moment of the past: which, and the way back. Commands are not offered then. */
import { useLocation, useSearch } from 'wouter';
import { useAt } from '../api/past.js';
import { At } from '../parts/time.js';
import { withParams } from '../parts/params.js';

export const PastBanner = () => {
  const at = useAt();
  const search = useSearch();
  const [path, navigate] = useLocation();
  if (at === undefined) return null;
  return (
    <div role="status" className="banner tone-live spread">
      <span>
        As it was at {Number.isNaN(Date.parse(at)) ? <code>{at}</code> : <At at={at} />}. Nothing can be
        changed here.
      </span>
      <button
        type="button"
        className="button small"
        onClick={() => navigate(withParams(path, search, { at: undefined }))}
      >
        Back to now
      </button>
    </div>
  );
};
