/** Lines that the address names: who opens such a link is brought there. */
import { useEffect, useEffectEvent, useState } from 'react';
import { hashOf, rangeIn, type LineRange } from './line-links.js';

export const useLineRange = (): readonly [LineRange | undefined, (range: LineRange | undefined) => void] => {
  const [range, setRange] = useState(() => rangeIn(location.hash));
  useEffect(() => {
    const read = (): void => setRange(rangeIn(location.hash));
    window.addEventListener('hashchange', read);
    return () => window.removeEventListener('hashchange', read);
  }, []);
  return [
    range,
    (next) => {
      setRange(next);
      const { pathname, search } = location;
      history.replaceState(
        history.state,
        '',
        `${pathname}${search}${next === undefined ? '' : hashOf(next)}`,
      );
    },
  ];
};

/** Told of the first line of a link that is followed while the log is open already, e.g. one that is pasted into the address. */
export const useNamedLine = (onNamed: (line: number) => void): void => {
  const named = useEffectEvent(onNamed);
  useEffect(() => {
    const look = (): void => {
      const line = rangeIn(location.hash)?.from;
      if (line !== undefined) named(line);
    };
    window.addEventListener('hashchange', look);
    return () => window.removeEventListener('hashchange', look);
  }, []);
};
