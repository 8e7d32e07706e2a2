/** Searches a log that fits into memory as anybody would, and makes logs to be searched. */
import fc from 'fast-check';
import type { LogMatch, LogMatches, SearchWanted } from '../../src/app/ports.js';

type Places = readonly (readonly [number, number])[];

/** Character by character, and only where that has as many UTF-16 units. */
const lower = (text: string): string =>
  Array.from(text, (one) => (one.toLowerCase().length === one.length ? one.toLowerCase() : one)).join('');

const plain = (text: string): string =>
  text.replace(/\u001b\[[0-?]*[ -/]*[@-~]|\u001b\][^\u0007\u001b\n]*(?:\u0007|\u001b\\)/g, '');

/** What is told of a line and its places. */
const itemOf = (place: Pick<LogMatch, 'line' | 'offset'>, full: string, places: Places): LogMatch => {
  const middle = Math.max(0, (places[0]?.[0] ?? 0) - 160);
  const column = middle > 0 && /^[\udc00-\udfff]/.test(full[middle] ?? '') ? middle - 1 : middle;
  const part = full.slice(column, column + 512);
  const isCut = column > 0 || column + 512 < full.length;
  return {
    ...place,
    ...{ column, text: column + 512 < full.length ? part.replace(/[\ud800-\udbff]$/, '') : part },
    matches: places.length,
    columns: places.flatMap(([from, to]) =>
      to - column <= 512 ? [[from - column, to - column] as const] : [],
    ),
    ...(isCut ? { cut: true } : {}),
  };
};

/** `placesIn`: of the matches in the plain text of one line. */
export const naive = (
  bytes: Buffer,
  { from, limit }: Pick<SearchWanted, 'from' | 'limit'>,
  placesIn: (line: string) => Places,
): LogMatches => {
  const found: LogMatch[] = [];
  for (let [offset, line] = [0, 1]; offset < bytes.length; line++) {
    const feed = bytes.indexOf(10, offset);
    const end = feed === -1 ? bytes.length : feed;
    const full = plain(bytes.toString('utf8', offset, end));
    const places = placesIn(full);
    if (places.length > 0) found.push(itemOf({ line, offset }, full, places));
    offset = end + 1;
  }
  const wanted = found.filter(({ line }) => line >= from);
  const items = wanted.slice(0, limit);
  const last = items.at(-1);
  return {
    items,
    total: { lines: found.length, matches: found.reduce((sum, { matches }) => sum + matches, 0) },
    ...(wanted.length > limit && last !== undefined ? { next: last.line + 1 } : {}),
  };
};

/** Of a text. */
export const naiveText = (bytes: Buffer, wanted: SearchWanted): LogMatches => {
  const fold = wanted.caseSensitive ? (one: string) => one : lower;
  const needle = fold(wanted.text);
  return naive(bytes, wanted, (line) => {
    const hay = fold(line);
    const places: [number, number][] = [];
    for (let at = hay.indexOf(needle); at !== -1; at = hay.indexOf(needle, at + needle.length))
      places.push([at, at + needle.length]);
    return places;
  });
};

const text = fc.oneof(
  fc.constantFrom('\n', '\r\n', '\n\n', 'error', 'er\u001b[0mror', '\u001b[31m', '\u001b[1;38;5;4m'),
  fc.constantFrom('\u001b]0;title er\u0007', '\u001b]8;;https://example.org\u001b\\', '\u001b', '\u001b['),
  fc.constantFrom('\u001b]', '\u001b\n', '\u001b]0;a\n', '\u0007', 'a', 'b', 'Ab', 'aB', 'é', 'É', '😀', '𐐀'),
  fc.constantFrom('ΟΔΟΣ', 'οδος', 'İ', 'ẞ', '\u212a', 'x'.repeat(199), 'x'.repeat(450), '\u001b[31mx'),
  fc.string({ maxLength: 6 }),
);
/** A part of a log, in which words, sequences, letters and lines may be cut anywhere. */
export const aPart: fc.Arbitrary<Buffer> = fc.oneof(
  { weight: 9, arbitrary: text.map((one) => Buffer.from(one)) },
  fc.constantFrom(
    Buffer.from([0xff]),
    Buffer.from([0xc3]),
    Buffer.from([0xf0, 0x9f, 0x98]),
    Buffer.from([0x80]),
  ),
);
