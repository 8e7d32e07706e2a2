/** Lines that match, as a search finds one after the other: how many there are, which are told, and marks from which a later search goes on. Pure. */
import type { LogMatch, SearchWanted } from '../app/ports.js';

/** A line that matches; `nth`: how many do before it. */
export interface MatchMark {
  readonly line: number;
  readonly offset: number;
  readonly nth: number;
}

export const BEGINNING: MatchMark = { line: 1, offset: 0, nth: 0 };

/** At most so many marks are kept, at ever larger distances. */
const MOST_MARKS = 1000;

/** Marks of lines, counted from 0: at first each is one. */
const spacedMarks = () => {
  let marks: MatchMark[] = [];
  let every = 1;
  return {
    isDue: (nth: number): boolean => nth % every === 0,
    add: (mark: MatchMark): void => {
      marks.push(mark);
      if (marks.length < MOST_MARKS) return;
      every *= 2;
      marks = marks.filter(({ nth }) => nth % every === 0);
    },
    all: (): readonly MatchMark[] => marks,
  };
};

/** What is known of the lines that were looked at. */
export interface Counted {
  readonly lines: number;
  readonly matches: number;
  /** There are more than were wanted. */
  readonly isMore: boolean;
}

/** Whole lines, many at a time, or one long line in parts. What is kept does not grow with the log. */
export interface LineSearch {
  /** One or more lines, each with its line feed; the last line of a log may have none. */
  readonly lines: (block: Buffer) => void;
  /** The next part of one line, without its line feed. */
  readonly part: (bytes: Buffer) => void;
  /** The line that came in parts is over; `feed`: 1 if it has a line feed, else 0. */
  readonly endOfParts: (feed: 0 | 1) => void;
  readonly items: () => readonly LogMatch[];
  readonly found: () => Counted;
  readonly marks: () => readonly MatchMark[];
  /** Lines of which only the beginning was looked at. */
  readonly cutLines: () => number;
}

/** Begins behind what `start` says. */
export const foundLines = ({ from, limit }: Pick<SearchWanted, 'from' | 'limit'>, start: MatchMark) => {
  const items: LogMatch[] = [];
  const marks = spacedMarks();
  let [lines, matches, isMore] = [0, 0, false];
  return {
    hasRoom: (): boolean => items.length < limit,
    /** Another line, with so many matches: which it is among all, and whether a mark is due there. */
    count: (howMany: number): { readonly nth: number; readonly isMarked: boolean } => {
      const nth = start.nth + lines++;
      matches += howMany;
      return { nth, isMarked: marks.isDue(nth) };
    },
    mark: marks.add,
    /** Tells of it, if it is wanted and there is room. */
    take: (match: LogMatch): void => {
      if (match.line < from) return;
      if (items.length < limit) items.push(match);
      else isMore = true;
    },
    /** One that is wanted, and for which there is no room. */
    leaveOut: (): void => {
      isMore = true;
    },
    items: (): readonly LogMatch[] => items,
    found: (): Counted => ({ lines, matches, isMore }),
    marks: marks.all,
  };
};
