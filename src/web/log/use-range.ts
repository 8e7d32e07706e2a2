/** Lines that the address names: who opens such a link is brought there. */
import { useEffect, useState } from 'react';
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
