/** Counts the lines of a log that hold a text, and gives some of them. Pure. */
import type { SearchWanted } from '../app/ports.js';
import { countLineFeeds } from './line-marks.js';
import { decidedUpTo, folded, withoutSequences } from './plain-text.js';
import { BEGINNING, foundLines, type LineSearch, type MatchMark } from './search-found.js';
import { BEFORE, matchOf, openMatch, type OpenMatch } from './search-window.js';

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
  const told = foundLines({ from, limit }, start);
  const fold = caseSensitive ? (text: string): string => text : folded;
  const needle = fold(wanted);
  let { line, offset } = start;
  let long: LongLine | undefined;

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
      const isItem = isWanted && told.hasRoom();
      const places: number[] = [];
      const first = at;
      let count = 0;
      for (; at !== -1 && at < end; at = hay.indexOf(needle, at + needle.length)) {
        count++;
        if (isItem) places.push(at);
      }
      const { nth, isMarked } = told.count(count);
      if (!isItem && isWanted) told.leaveOut();
      if (!isItem && !isMarked) continue;
      walkTo(first);
      const place = { line: number, offset: offset + raw };
      if (isMarked) told.mark({ ...place, nth });
      if (!isItem || number < from) continue;
      const columns = places.map((column) => [column - begin, column - begin + needle.length] as const);
      told.take(matchOf(place, text.slice(begin, end), columns));
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
        const { nth, isMarked } = told.count(long.matches);
        if (isMarked) told.mark({ line, offset, nth });
        told.take(long.match.end(long.column + long.text.length));
      }
      line += feed;
      offset += long.bytes + feed;
      long = undefined;
    },
    ...{ items: told.items, found: told.found, marks: told.marks },
    cutLines: () => 0,
  };
};
