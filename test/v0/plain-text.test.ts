import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { plainText } from '../../src/http/v0/plain-text.js';

const plain = (...pieces: readonly (string | Buffer)[]): string => {
  const strip = plainText();
  return Buffer.concat(pieces.map((piece) => strip(Buffer.from(piece)))).toString('utf8');
};

describe('a log without its colours', () => {
  it.each([
    ['colours', '\u001b[31;1mred\u001b[0m and \u001b[38;5;12mblue\u001b[m', 'red and blue'],
    ['movements and erasures', 'a\u001b[2K\u001b[1;1Hb\u001b[?25lc', 'abc'],
    ['titles and links', '\u001b]0;title\u0007x\u001b]8;;http://h\u001b\\y\u001b]8;;\u001b\\', 'xy'],
    ['character sets and shifts', '\u001b(Ba\u000e\u000fb\u001b=c', 'abc'],
    [
      'nothing to take away',
      'plain [0m text, 100 % größer\ttab\r\n',
      'plain [0m text, 100 % größer\ttab\r\n',
    ],
    ['one that is begun and never finished', 'a\u001b]0;no end\nb', 'a\nb'],
    ['one after an escape alone', '\u001b\u001b[0mx', 'x'],
  ])('given %s', (_, text, told) => {
    expect(plain(text)).toBe(told);
  });

  it('given it is cut into pieces anywhere, then it is the same, and no escape is left', () => {
    const part = fc.constantFrom('\u001b', '[', ']', '0;1', 'm', 'K', '\u0007', '\\', 'ä', 'word', '\n', '(');
    fc.assert(
      fc.property(
        fc.array(part, { maxLength: 40 }),
        fc.array(fc.nat(80), { maxLength: 5 }),
        (parts, cuts) => {
          const bytes = Buffer.from(parts.join(''));
          const places = [...new Set(cuts.map((cut) => Math.min(cut, bytes.length)))].sort((a, b) => a - b);
          const pieces = [0, ...places].map((from, n) => bytes.subarray(from, places[n] ?? bytes.length));
          const whole = plain(bytes);
          expect(plain(...pieces)).toBe(whole);
          expect(whole).not.toContain('\u001b');
          expect(whole.split('\n')).toHaveLength(parts.join('').split('\n').length);
        },
      ),
    );
  });
});
