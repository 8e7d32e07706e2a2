/** Says when the log that is shown may be old, and why: never silently. */
import { useEffect, useState } from 'react';
import { useNow } from '../api/clock.js';
import { ProblemNote } from '../parts/problem.js';
import { lengthOf } from '../parts/time.js';
import type { LogState } from './book.js';

/** A blink of the network is nobody's concern. */
const PATIENCE_MS = 1500;

const Lost = ({ since }: { readonly since: number }) => {
  const now = useNow();
  const [isLate, setLate] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setLate(true), PATIENCE_MS);
    return () => clearTimeout(timer);
  }, []);
  return isLate ? (
    <div role="alert" className="note tone-warn log-state">
      The log stream was lost {lengthOf(now - since)} ago. Lines may be missing at the end; trying again.
    </div>
  ) : null;
};

export const StateNotes = ({ state: { following, error } }: { readonly state: LogState }) => (
  <>
    {following?.kind === 'lost' ? <Lost key={following.since} since={following.since} /> : null}
    <ProblemNote error={error ?? (following?.kind === 'refused' ? following.error : null)} />
  </>
);
