/** What a job writes is text on the page and commands nothing. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { paint, styleAfter, textOf } from '../../src/web/log/paint.js';
import { plain } from '../../src/web/log/sgr.js';

const ESC = '\u001b';
const BEL = '\u0007';
const shown = (line: string): string => textOf(paint(line, plain));
const marks = (line: string): readonly string[] =>
  paint(line, plain).runs.flatMap(({ mark }) => (mark === undefined ? [] : [mark]));

/** Everything that a terminal or a browser would obey, or that turns text around unseen. */
const OBEYED =
  /[\u0000-\u0008\u000a-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\u{e0000}-\u{e007f}]/u;

/** Sequences cut, nested, unfinished, and in between any text. */
const hostile = fc
  .array(
    fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.string({ unit: 'grapheme' }),
      fc.constantFrom(
        ...[ESC, `${ESC}[`, `${ESC}]`, `${ESC}P`, `${ESC}_`, `${ESC}\\`, BEL, '\u009b', '\u009d', '\u0090'],
        ...[
          '\r',
          '\b',
          '\u0000',
          '\u202e',
          '\u2066',
          '\u{e0041}',
          '\u001b[1;31m',
          '\u001b[38;5;',
          '\u001b[2K',
        ],
        ...[
          '\u001b[1G',
          '\u001b[5A',
          '\u001b]8;;javascript:alert(1)\u001b\\',
          '\u001b]52;c;QQ==\u0007',
          'm',
          ';',
          ':',
          '<',
        ],
      ),
    ),
    { maxLength: 40 },
  )
  .map((pieces) => pieces.join(''));

describe('escape sequences', () => {
  it.each([
    [
      'a link keeps its text and loses its address',
      `${ESC}]8;;javascript:alert(1)${ESC}\\click${ESC}]8;;${ESC}\\`,
      'click',
    ],
    ['a link that ends with BEL, too', `${ESC}]8;;http://example.org${BEL}click${ESC}]8;;${BEL}`, 'click'],
    ['the clipboard is not written', `a${ESC}]52;c;cm0gLXJmIC8=${BEL}b`, 'ab'],
    ['the title is not set', `a${ESC}]0;title${BEL}b${ESC}]2;title${ESC}\\c`, 'abc'],
    ['a device control string is left out', `a${ESC}P1$r0m${ESC}\\b`, 'ab'],
    ['an application program command is left out', `a${ESC}_bk;t=1700000000000${BEL}b`, 'ab'],
    ['the cursor goes nowhere else', `a${ESC}[2Ab${ESC}[10;10Hc${ESC}[?25ld${ESC}[2Je`, 'abcde'],
    ['a character set is not chosen', `a${ESC}(0b${ESC}cd`, 'abd'],
    ['markup is text', '<img src=x onerror=alert(1)>', '<img src=x onerror=alert(1)>'],
  ])('%s', (_, line, text) => {
    expect(shown(line)).toBe(text);
  });

  it('a string without an end swallows nothing', () => {
    expect(shown(`a${ESC}]0;rm -rf /`)).toBe('a^[]0;rm -rf /');
    expect(marks(`a${ESC}]0;rm -rf /`)).toEqual(['U+001B']);
  });

  it('what cannot be seen or turns text around is a mark that says which', () => {
    expect(marks('a\u202eb\u2069c\u200fd\u009b31me\u0000f\u2028g\u{e0041}h\ufeff')).toEqual([
      ...['U+202E', 'U+2069', 'U+200F', 'U+009B', 'U+0000', 'U+2028', 'U+E0041', 'U+FEFF'],
    ]);
  });

  it('hidden text is shown', () => {
    expect(shown(`a${ESC}[8msecret${ESC}[0mb`)).toBe('asecretb');
  });

  it('nothing of it comes through, whatever is written', () => {
    fc.assert(
      fc.property(hostile, fc.boolean(), (line, all) => {
        for (const { text } of paint(line, plain, all).runs) expect(text).not.toMatch(OBEYED);
      }),
      { numRuns: 2000 },
    );
  });

  it('text without any of it stays as it is', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (line) => {
        fc.pre(!OBEYED.test(line));
        expect(shown(line)).toBe(line);
      }),
    );
  });

  it('the style after a line is the same whether it is painted or not', () => {
    fc.assert(
      fc.property(hostile, (line) => {
        expect(styleAfter(line, plain)).toEqual(paint(line, plain).style);
      }),
    );
  });

  it('many unfinished sequences take no time worth speaking of', () => {
    const before = performance.now();
    for (const piece of [`${ESC}]`, `${ESC}[0;`, `${ESC}P`, `${ESC}[38:2:`, `${ESC}(`])
      shown(piece.repeat(100_000));
    expect(performance.now() - before).toBeLessThan(5000);
  });
});

describe('lines that are redrawn', () => {
  it.each([
    ['the last of a progress is shown', '10%\r50%\r100%', '100%'],
    ['a shorter text leaves the rest of the longer one, as on a terminal', 'abcdef\rXY', 'XYcdef'],
    ['erasing to the end takes that away', `abcdef\rXY${ESC}[K`, 'XY'],
    ['erasing the line takes all away', `abcdef${ESC}[2K${ESC}[1Gnew`, 'new'],
    ['a carriage return at the end belongs to the end of the line', 'text\r', 'text'],
    ['going left overwrites', 'abc\b\bX', 'aXc'],
    ['a surrogate pair is one place', '😀😀\rX', 'X😀'],
  ])('%s', (_, line, text) => {
    expect(shown(line)).toBe(text);
  });

  it('says whether something was lost by it, and shows it when asked', () => {
    expect(paint('10%\r100%', plain).hides).toBe(true);
    expect(paint('text\r', plain).hides).toBe(false);
    expect(textOf(paint('10%\r100%', plain, true))).toBe('10%^M100%');
  });
});
