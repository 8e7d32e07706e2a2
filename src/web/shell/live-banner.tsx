/** Says when what is shown may be old: never silently. */
import { useEffect, useState } from 'react';
import { useNow } from '../api/clock.js';
import { useLiveState } from '../api/live.js';
import { lengthOf } from '../parts/time.js';

/** A blink of the network is nobody's concern. */
const PATIENCE_MS = 1500;

const Lost = ({ since }: { readonly since: number }) => {
  const now = useNow();
  return (
    <div role="alert" className="banner tone-warn">
      The connection to the server was lost {lengthOf(now - since)} ago. What is shown may be old; trying
      again.
    </div>
  );
};

export const LiveBanner = () => {
  const live = useLiveState();
  const since = live.kind === 'lost' ? live.since : undefined;
  const [isLate, setLate] = useState<number>();
  useEffect(() => {
    if (since === undefined) return undefined;
    const timer = setTimeout(() => setLate(since), PATIENCE_MS);
    return () => clearTimeout(timer);
  }, [since]);
  return since !== undefined && isLate === since ? <Lost since={since} /> : null;
};
