/** Counts the lines of a log that an expression matches, and gives some of them. Pure. */
import type { SearchWanted } from '../app/ports.js';
import type { Expression } from './expression.js';
import { countLineFeeds } from './line-marks.js';
import { decidedUpTo, withoutSequences } from './plain-text.js';
import { BEGINNING, foundLines, type LineSearch, type MatchMark } from './search-found.js';
import { matchOf } from './search-window.js';

/** Of a longer line only so much is looked at, in UTF-16 units without escape sequences, as if it ended there: a match may need all of it at once. */
export const LONGEST_LINE = 1024 * 1024;
/** So many characters of whole lines are looked at together first, where that spares the most of them. */
const TOGETHER = 4096;
const LINE_FEED = 10;

/** Is it worth asking about several lines at once? While one answer of four is no. */
const worth = () => {
  let [asked, spared] = [0, 0];
  return {
    isIt: (): boolean => asked < 16 || spared * 4 > asked,
    /** Tried anew from time to time: a log changes. */
    skipped: (): void => {
      if (++asked > 2000) [asked, spared] = [0, 0];
    },
    told: (isSpared: boolean): void => {
      asked++;
      if (isSpared) spared++;
    },
  };
};

/** A line that comes in parts. */
interface LongLine {
  readonly decoder: InstanceType<typeof TextDecoder>;
  /** May be the beginning of an escape sequence. */
  held: string;
  text: string;
  bytes: number;
}

/** Goes on at `start`, where a line begins. */
export const expressionSearch = (
  expression: Expression,
  wanted: Pick<SearchWanted, 'from' | 'limit'>,
  start: MatchMark = BEGINNING,
  longest = LONGEST_LINE,
): LineSearch => {
  const told = foundLines(wanted, start);
  const together = worth();
  let { line, offset } = start;
  let cutLines = 0;
  let long: LongLine | undefined;

  /** `placeOf` is asked only for what is told. */
  const match = (
    text: string,
    isWanted: boolean,
    placeOf: () => { readonly line: number; readonly offset: number },
  ): void => {
    const isItem = isWanted && told.hasRoom();
    const places: (readonly [number, number])[] = [];
    let count = 0;
    expression.eachIn(text, (from, to) => {
      count++;
      if (isItem) places.push([from, to]);
    });
    const { nth, isMarked } = told.count(count);
    if (!isItem && isWanted) told.leaveOut();
    if (!isItem && !isMarked) return;
    const place = placeOf();
    if (isMarked) told.mark({ ...place, nth });
    if (isItem) told.take(matchOf(place, text, places));
  };

  const inLines = (block: Buffer, isWanted: boolean): void => {
    const plain = withoutSequences(block.toString('utf8'));
    // a last line of which nothing is left is a line as well
    const text = block.at(-1) === LINE_FEED ? plain : `${plain}\n`;
    const endOf = (at: number): number => text.indexOf('\n', at);
    // the line that was walked to: in the text, in the bytes, its number
    let [walked, raw, number] = [0, 0, line];
    const placeAt = (begin: number) => {
      while (walked < begin) {
        walked = endOf(walked) + 1;
        raw = block.indexOf(LINE_FEED, raw) + 1;
        number++;
      }
      return { line: number, offset: offset + raw };
    };
    for (let begin = 0; begin < text.length;) {
      const stop = endOf(Math.min(text.length - 1, begin + TOGETHER)) + 1;
      if (together.isIt()) {
        const isSpared = !expression.mayMatch(text.slice(begin, stop));
        together.told(isSpared);
        if (isSpared) begin = stop;
      } else together.skipped();
      for (let end = 0; begin < stop; begin = end + 1) {
        end = endOf(begin);
        const one = text.slice(begin, end);
        const at = begin;
        if (expression.isIn(one)) match(one, isWanted, () => placeAt(at));
      }
    }
  };

  const add = (state: LongLine, decoded: string, isOver: boolean): void => {
    const raw = state.held + decoded;
    const decided = isOver ? raw.length : decidedUpTo(raw);
    state.held = raw.slice(decided);
    if (state.text.length <= longest) state.text += withoutSequences(raw.slice(0, decided));
  };

  return {
    lines: (block) => {
      const feeds = countLineFeeds(block);
      inLines(block, line + feeds >= wanted.from);
      line += feeds;
      offset += block.length;
    },
    part: (bytes) => {
      long ??= { decoder: new TextDecoder('utf-8', { ignoreBOM: true }), held: '', text: '', bytes: 0 };
      long.bytes += bytes.length;
      add(long, long.decoder.decode(bytes, { stream: true }), false);
    },
    endOfParts: (feed) => {
      if (long === undefined) return;
      add(long, long.decoder.decode(), true);
      const place = { line, offset };
      if (long.text.length > longest) cutLines++;
      const text = long.text.slice(0, longest);
      if (expression.isIn(text)) match(text, line >= wanted.from, () => place);
      line += feed;
      offset += long.bytes + feed;
      long = undefined;
    },
    ...{ items: told.items, found: told.found, marks: told.marks },
    cutLines: () => cutLines,
  };
};
