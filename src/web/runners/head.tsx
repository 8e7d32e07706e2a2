/** The runners in numbers: how many are in which state, and how many slots are busy. Each state leads to its runners. */
import { useSearch } from 'wouter';
import type { RunnerWindow } from '../../app/runner-window.js';
import { Link } from '../parts/link.js';
import { Status } from '../parts/status.js';
import { withParams } from '../parts/params.js';
import { noFilters, stateNames } from './filters.js';

type Counts = Pick<RunnerWindow<unknown>, 'counts' | 'busy' | 'slots' | 'free'>;

interface HeadProps {
  /** Undefined until it has come. */
  readonly counts: Counts | undefined;
  readonly state: string | undefined;
}

export const Head = ({ counts, state }: HeadProps) => {
  const search = useSearch();
  const all = counts === undefined ? undefined : Object.values(counts.counts).reduce((a, b) => a + b, 0);
  const to = (wanted: string | undefined): string =>
    withParams('/runners', search, { ...noFilters, state: wanted });
  const current = (isIt: boolean) => (isIt ? { 'aria-current': 'page' as const } : {});
  return (
    <div className="spread runners-head">
      <ul className="row" aria-label="By state">
        <li>
          <Link to={to(undefined)} className="runners-count" {...current(state === undefined)}>
            all <strong className="number">{all ?? '…'}</strong>
          </Link>
        </li>
        {stateNames
          .filter((name) => (counts?.counts[name] ?? 0) > 0 || name === state)
          .map((name) => (
            <li key={name}>
              <Link to={to(name)} className="runners-count" {...current(state === name)}>
                <Status of={name} />
                {name === 'retired' ? null : <strong className="number">{counts?.counts[name] ?? 0}</strong>}
              </Link>
            </li>
          ))}
      </ul>
      <p className="number">
        {counts === undefined
          ? '…'
          : `${counts.busy} of ${counts.slots} slots busy, ${counts.free} could take a job`}
      </p>
    </div>
  );
};
