import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as E from 'fp-ts/lib/Either.js';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { LogMatches, SearchWanted } from '../../src/app/ports.js';
import { expressionOf } from '../../src/logs/expression.js';
import { expressionSearch } from '../../src/logs/search-expression.js';
import { searchLog } from '../../src/logs/search.js';
import { aPart, naive } from './naive-search.js';

const never = new AbortController().signal;

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'baton-expression-'));
});
afterEach(() => rm(directory, { recursive: true }));

const look = (text: string, over: Partial<SearchWanted> = {}): SearchWanted => ({
  ...{ text, caseSensitive: false, from: 1, limit: 100 },
  ...over,
});

const searched = async (
  bytes: Buffer,
  wanted: SearchWanted,
  pieceBytes = 256 * 1024,
  longest?: number,
): Promise<LogMatches> => {
  const expression = expressionOf(wanted.text, wanted.caseSensitive);
  if (E.isLeft(expression)) return expect.fail(JSON.stringify(expression.left));
  const file = join(directory, 'a.log');
  await writeFile(file, bytes);
  const found = await searchLog(
    ...([file, bytes.length, wanted] as const),
    (start) => expressionSearch(expression.right, wanted, start, longest),
    ...([undefined, never, pieceBytes] as const),
  );
  if (found === undefined) return expect.fail('given up');
  const { known: _, ...told } = found;
  return told;
};

/** By the engine of the language, which goes back and tries again: for short lines and expressions that are known. */
const byLanguage = (bytes: Buffer, wanted: SearchWanted): LogMatches => {
  const pattern = new RegExp(wanted.text, wanted.caseSensitive ? 'gsu' : 'gsui');
  return naive(bytes, wanted, (line) => {
    const places: [number, number][] = [];
    for (const { 0: text, index } of line.matchAll(pattern))
      if (text !== '' || places.at(-1)?.[1] !== index) places.push([index, index + text.length]);
    return places;
  });
};

const single = fc.constantFrom(
  ...['a', 'b', 'r', 'x', 'é', 'É', 'ß', 'σ', 'k', '😀', '\\[', '\\.', ' ', '.', '[ab]', '[^a]', '[^e]'],
  ...['[a-z]', '[à-ü]', '\\d', '[^\\d]', '\\u{1f600}'],
);
const simple = fc.oneof(
  single,
  fc.constantFrom('error', 'er', 'aba'),
  fc.tuple(single, single).map(([a, b]) => `(${a}${b})`),
  fc.tuple(single, fc.tuple(single, single)).map(([a, [b, c]]) => `(?:${a}|${b}${c})`),
  fc.tuple(single, fc.constantFrom('{2}', '{1,3}', '?', '??')).map(([a, n]) => a + n),
);
/** What both engines understand in the same way; with one repetition without an end at most, or the other one would take for ever. */
const anExpression = fc
  .tuple(
    fc.constantFrom('', '', '', '^'),
    fc.array(simple, { maxLength: 2 }),
    fc.option(fc.tuple(single, fc.constantFrom('*', '+', '*?', '+?', '{2,}'))),
    fc.array(simple, { maxLength: 2 }),
    fc.constantFrom('', '', '', '$', '|er', '|$', '|^', '|b$'),
  )
  .map(([begin, before, repeated, after, end]) =>
    [begin, ...before, ...(repeated ?? []), ...after, end].join(''),
  )
  .map((text) => (text === '' ? '^$' : text));

/** How the other engine writes it. */
const asRe2 = (text: string): string => text.replaceAll('\\u{', '\\x{');

describe('a search by expression', () => {
  it('given any log in any pieces and any expression, then it finds what an engine that tries everything finds', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(aPart, { maxLength: 60 }),
        anExpression,
        fc.boolean(),
        fc.integer({ min: 1, max: 12 }),
        fc.integer({ min: 1, max: 6 }),
        fc.oneof(fc.integer({ min: 1, max: 40 }), fc.constantFrom(100, 1000, 100_000)),
        async (parts, text, caseSensitive, from, limit, pieceBytes) => {
          const bytes = Buffer.concat(parts);
          const wanted = look(text, { caseSensitive, from, limit });
          const expected = byLanguage(bytes, wanted);
          expect(await searched(bytes, { ...wanted, text: asRe2(text) }, pieceBytes)).toEqual(expected);
        },
      ),
      { numRuns: 3000 },
    );
  });

  it('given many lines, of which few match, then none is missed where several are looked at together', async () => {
    const lines = Array.from(
      { length: 20_000 },
      (_, n) => `line ${n} ${n % 977 === 5 ? 'took 17 ms' : 'went on'}`,
    );
    const bytes = Buffer.from(`${lines.join('\n')}\n`);
    for (const text of [
      'took \\d+ ms',
      '^line \\d*7 took',
      'on$',
      '5$|^line 1\\d t',
      '\\Aline 5 ',
      'ms\\z',
      '(?-m)^line 5 ',
      'E 5 ',
    ])
      for (const limit of [3, 1000])
        expect(await searched(bytes, look(text, { limit }))).toEqual(
          byLanguage(
            bytes,
            look(text.replace('\\A', '^').replace('\\z', '$').replace('(?-m)', ''), { limit }),
          ),
        );
  });

  it('given a line that is too long, then its beginning is looked at, and that is told', async () => {
    const bytes = Buffer.from(`${'x'.repeat(50)}here${'x'.repeat(46)}there\nhere\n${'y'.repeat(100)}`);
    expect(await searched(bytes, look('t?here'), 10, 100)).toEqual({
      items: [
        {
          line: 1,
          offset: 0,
          column: 0,
          text: `${'x'.repeat(50)}here${'x'.repeat(46)}`,
          columns: [[50, 54]],
          matches: 1,
        },
        { line: 2, offset: 106, column: 0, text: 'here', columns: [[0, 4]], matches: 1 },
      ],
      total: { lines: 2, matches: 2 },
      cutLines: 1,
    });
  });

  it('given what makes an engine that goes back take for ever, then it takes no time', async () => {
    const bytes = Buffer.from(`${'a'.repeat(100_000)}!\n`);
    for (const text of ['(a+)+$', '(a|a)*b$', '(.*a){12}b', '(?:a?){30}a{30}x'])
      expect(await searched(bytes, look(text))).toMatchObject({ total: { lines: 0 } });
  });
});
