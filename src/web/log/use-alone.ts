/** While a part of the page covers all of it, the rest is for nobody: neither for the keyboard nor for who has it read aloud. */
import { useEffect, type RefObject } from 'react';

/** What stands beside it and beside what it is in; where things are announced stays heard. */
const othersOf = (part: HTMLElement): readonly HTMLElement[] => {
  const others: HTMLElement[] = [];
  for (let inner = part; inner !== document.body && inner.parentElement !== null; inner = inner.parentElement)
    for (const beside of inner.parentElement.children)
      if (
        beside !== inner &&
        beside instanceof HTMLElement &&
        beside.getAttribute('role') !== 'status' &&
        !beside.inert
      )
        others.push(beside);
  return others;
};

export const useAlone = (part: RefObject<HTMLElement | null>, isAlone: boolean): void => {
  useEffect(() => {
    if (!isAlone || part.current === null) return undefined;
    const others = othersOf(part.current);
    for (const other of others) other.inert = true;
    return () => {
      for (const other of others) other.inert = false;
    };
  }, [part, isAlone]);
};
