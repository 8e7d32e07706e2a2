/**
 * Counts the lines of a log that hold a text, and gives some of them. It is handed whole lines, many at a time, or one long line in
 * parts; what it keeps does not grow with the log. Pure.
 */
import type { LogMatch, SearchWanted } from '../app/ports.js';
import { countLineFeeds } from './line-marks.js';
import { decidedUpTo, folded, withoutSequences } from './plain-text.js';
import { BEFORE, openMatch, type OpenMatch } from './search-window.js';

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

export interface LineSearch {
  /** One or more lines, each with its line feed; the last line of a log may have none. */
  readonly lines: (block: Buffer) => void;
  /** The next part of one line, without its line feed. */
  readonly part: (bytes: Buffer) => void;
  /** The line that came in parts is over; `feed`: 1 if it has a line feed, else 0. */
  readonly endOfParts: (feed: 0 | 1) => void;
  readonly items: () => readonly LogMatch[];
  /** Lines and matches so far, and whether there are more lines than were wanted. */
  readonly found: () => { readonly lines: number; readonly matches: number; readonly isMore: boolean };
  readonly marks: () => readonly MatchMark[];
}

/** A line that comes in parts. */
interface LongLine {
  readonly decoder: InstanceType<typeof TextDecoder>;
  /** May be the beginning of an escape sequence. */
  held: string;
  /** The last of its text, and the same folded, which begin at `column`; before `open` nothing may begin any more. */
  text: string;
  hay: string;
  column: number;
  open: number;
  bytes: number;
  matches: number;
  match: OpenMatch | undefined;
}

/** Goes on at `start`, where a line begins. */
export const lineSearch = (
  { text: wanted, caseSensitive, from, limit }: SearchWanted,
  start: MatchMark = BEGINNING,
): LineSearch => {
  const fold = caseSensitive ? (text: string): string => text : folded;
  const needle = fold(wanted);
  const items: LogMatch[] = [];
  const marks = spacedMarks();
  let { line, offset } = start;
  let [lines, matches, isMore] = [0, 0, false];
  let long: LongLine | undefined;

  const take = (match: LogMatch): void => {
    if (match.line < from) return;
    if (items.length < limit) items.push(match);
    else isMore = true;
  };
  /** Text of one line that begins at `begin`; its matches are at these places. */
  const itemOf = (
    text: string,
    begin: number,
    end: number,
    places: readonly number[],
    place: Pick<LogMatch, 'line' | 'offset'>,
  ): LogMatch => {
    const first = places[0] ?? begin;
    const known = Math.max(begin, first - BEFORE - 1);
    const match = openMatch(place, text.slice(known, end), known - begin, first - begin);
    for (const at of places) match.match(at - begin, needle.length);
    return match.end(end - begin);
  };

  const inLines = (block: Buffer, feeds: number): void => {
    const text = withoutSequences(block.toString('utf8'));
    const hay = fold(text);
    const isWanted = line + feeds >= from;
    // the line that was walked to: in the text, in the bytes, its number
    let [begin, raw, number] = [0, 0, line];
    const walkTo = (at: number): void => {
      for (let feed = text.indexOf('\n', begin); feed !== -1 && feed < at; feed = text.indexOf('\n', begin)) {
        begin = feed + 1;
        raw = block.indexOf(10, raw) + 1;
        number++;
      }
    };
    for (let at = hay.indexOf(needle); at !== -1;) {
      const feed = hay.indexOf('\n', at);
      const end = feed === -1 ? hay.length : feed;
      const isItem = isWanted && items.length < limit;
      const places: number[] = [];
      const first = at;
      for (; at !== -1 && at < end; at = hay.indexOf(needle, at + needle.length)) {
        matches++;
        if (isItem) places.push(at);
      }
      const nth = start.nth + lines++;
      const isMarked = marks.isDue(nth);
      if (!isItem && isWanted) isMore = true;
      if (!isItem && !isMarked) continue;
      walkTo(first);
      const place = { line: number, offset: offset + raw };
      if (isMarked) marks.add({ ...place, nth });
      if (isItem && number >= from) take(itemOf(text, begin, end, places, place));
    }
  };

  const inPart = (state: LongLine, decoded: string, isOver: boolean): void => {
    const raw = state.held + decoded;
    const decided = isOver ? raw.length : decidedUpTo(raw);
    state.held = raw.slice(decided);
    const fresh = withoutSequences(raw.slice(0, decided));
    state.match?.text(fresh, state.column + state.text.length);
    state.text += fresh;
    state.hay += fold(fresh);
    const { column } = state;
    for (
      let at = state.hay.indexOf(needle, state.open - column);
      at !== -1;
      at = state.hay.indexOf(needle, state.open - column)
    ) {
      state.match ??= openMatch({ line, offset }, state.text, column, column + at);
      state.match.match(column + at, needle.length);
      state.matches++;
      state.open = column + at + needle.length;
    }
    const length = state.text.length;
    state.open = Math.max(state.open, column + length - needle.length + 1);
    // a match may begin before the end of this, and what is shown before that
    const dropped = Math.max(0, length - needle.length - BEFORE - 1);
    state.text = state.text.slice(dropped);
    state.hay = state.hay.slice(dropped);
    state.column += dropped;
  };

  return {
    lines: (block) => {
      const feeds = countLineFeeds(block);
      inLines(block, feeds);
      line += feeds;
      offset += block.length;
    },
    part: (bytes) => {
      long ??= {
        ...{ decoder: new TextDecoder('utf-8', { ignoreBOM: true }), held: '', text: '', hay: '' },
        ...{ column: 0, open: 0, bytes: 0, matches: 0, match: undefined },
      };
      long.bytes += bytes.length;
      inPart(long, long.decoder.decode(bytes, { stream: true }), false);
    },
    endOfParts: (feed) => {
      if (long === undefined) return;
      inPart(long, long.decoder.decode(), true);
      if (long.match !== undefined) {
        const nth = start.nth + lines++;
        matches += long.matches;
        if (marks.isDue(nth)) marks.add({ line, offset, nth });
        take(long.match.end(long.column + long.text.length));
      }
      line += feed;
      offset += long.bytes + feed;
      long = undefined;
    },
    items: () => items,
    found: () => ({ lines, matches, isMore }),
    marks: marks.all,
  };
};
