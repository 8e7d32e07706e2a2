/**
 * Which lines of a log are in the list that scrolls. A browser's elements end at about 17 million pixels (Firefox), a log at no size at
 * all: so the list has a window of lines around the reader, which moves on when its edge comes near.
 */
import { useVirtualizer, type Virtualizer } from '@tanstack/react-virtual';
import { useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState, type RefObject } from 'react';
import type { LineRange } from './line-links.js';
import { foldsOf, type Folds } from './folds.js';

const WINDOW = 20_000;
const EDGE = 1000;
/** As `log.css` has it. */
const ROW_PX = 18;

type Place =
  | { readonly kind: 'line'; readonly line: number; readonly align: 'start' | 'center' | 'auto' }
  /** This line stays so many pixels above the upper edge. */
  | { readonly kind: 'keep'; readonly line: number; readonly above: number };

export interface LineWindow {
  readonly box: RefObject<HTMLDivElement | null>;
  readonly virtual: Virtualizer<HTMLDivElement, Element>;
  readonly folds: Folds;
  /** Lines that are rendered. */
  readonly seen: LineRange;
  /** The first that can be read. */
  readonly top: () => number;
  readonly isFollowing: boolean;
  readonly follow: (on: boolean) => void;
  readonly jump: (line: number, align?: 'start' | 'center' | 'auto') => void;
  readonly onScroll: () => void;
  /** Lines that have come since the end was left. */
  readonly news: number;
}

interface Wanted {
  readonly total: number;
  /** Lines that are folded away. */
  readonly hidden: readonly LineRange[];
  /** Changes when lines do. */
  readonly version: number;
  /** At first the end is followed; else this line is shown. */
  readonly start: number | undefined;
  /** More may come. */
  readonly isOpen: boolean;
}

/** The end: as far as can be told in whole pixels. */
const isAtEnd = ({ scrollTop, clientHeight, scrollHeight }: HTMLElement): boolean =>
  scrollHeight - scrollTop - clientHeight < 4;

export const useLineWindow = ({ total, hidden, version, start, isOpen }: Wanted): LineWindow => {
  const box = useRef<HTMLDivElement>(null);
  const place = useRef<Place | undefined>(
    start === undefined ? undefined : { kind: 'line', line: start, align: 'center' },
  );
  const before = useRef(0);
  const [isFollowing, setFollowing] = useState(start === undefined);
  /** Undefined: the window ends where the log does. */
  const [chosen, setChosen] = useState<number | undefined>(
    start === undefined ? undefined : Math.max(1, start - WINDOW / 2),
  );
  const [left, setLeft] = useState<number>();
  if (!isFollowing && left === undefined && total > 0) setLeft(total);
  const lastFirst = Math.max(1, total - WINDOW + 1);
  const first = chosen === undefined ? lastFirst : Math.min(chosen, lastFirst);
  const last = Math.min(total, first + WINDOW - 1);
  const folds = useMemo(() => foldsOf({ from: first, to: last }, hidden), [first, last, hidden]);
  const { count, lineAt, indexOf } = folds;

  const virtual = useVirtualizer({
    count,
    getScrollElement: () => box.current,
    estimateSize: () => ROW_PX,
    getItemKey: lineAt,
    overscan: 20,
  });
  const items = virtual.getVirtualItems();
  const height = virtual.getTotalSize();
  const seen: LineRange = {
    from: items[0] === undefined ? first : lineAt(items[0].index),
    to: lineAt(items.at(-1)?.index ?? 0),
  };

  useLayoutEffect(() => {
    const element = box.current;
    if (element === null || count === 0) return;
    if (place.current === undefined) return;
    const to = place.current;
    place.current = undefined;
    if (to.kind === 'line') virtual.scrollToIndex(indexOf(to.line), { align: to.align });
    else element.scrollTop = (virtual.measurementsCache[indexOf(to.line)]?.start ?? 0) + to.above;
  });
  useLayoutEffect(() => {
    if (isFollowing && box.current !== null) box.current.scrollTop = box.current.scrollHeight;
  }, [isFollowing, version, height, first]);

  const move = (line: number, next: Place): void => {
    place.current = next;
    setChosen(Math.max(1, Math.round(line - WINDOW / 2)));
  };
  const top = useCallback((): number => {
    const element = box.current;
    if (element === null) return 1;
    const item = virtual.getVirtualItemForOffset(element.scrollTop);
    return lineAt(item?.index ?? 0);
  }, [virtual, lineAt]);

  const release = (): void => {
    setFollowing(false);
    setLeft(total);
    // the window stays where it is, whatever comes
    setChosen(first);
  };

  useEffect(() => {
    const element = box.current;
    if (element === null || isFollowing || place.current !== undefined || count === 0) return;
    const isNearStart = seen.from < first + EDGE && first > 1;
    const isNearEnd = seen.to > last - EDGE && last < total;
    if (!isNearStart && !isNearEnd) return;
    const line = top();
    const above = element.scrollTop - (virtual.measurementsCache[indexOf(line)]?.start ?? 0);
    move(line, { kind: 'keep', line, above });
  });

  return {
    ...{ box, virtual, folds, seen, top, isFollowing },
    news: isFollowing ? 0 : Math.max(0, total - (left ?? total)),
    follow: (on) => {
      if (!on) {
        if (isFollowing) release();
        return;
      }
      place.current = undefined;
      setChosen(undefined);
      setFollowing(true);
    },
    jump: (line, align = 'center') => {
      if (isFollowing) release();
      const wanted = Math.min(Math.max(1, line), Math.max(1, total));
      const next: Place = { kind: 'line', line: wanted, align };
      if (wanted < first || wanted > last) move(wanted, next);
      else {
        setChosen(first);
        virtual.scrollToIndex(indexOf(wanted), { align });
      }
    },
    onScroll: () => {
      const element = box.current;
      if (element === null) return;
      const went = element.scrollTop - before.current;
      before.current = element.scrollTop;
      if (isFollowing && went < 0 && !isAtEnd(element)) release();
      else if (!isFollowing && went > 0 && isOpen && last === total && isAtEnd(element)) {
        setChosen(undefined);
        setFollowing(true);
      }
    },
  };
};
