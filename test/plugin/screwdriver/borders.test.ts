import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { splitText, type Piece } from '../../../plugin/hosts/screwdriver/borders.js';

const word = '0123456789abcdef0123456789abcdef';
const begin = (name: string, at = 100): string => `section_start:${at}:${name}.${word}\r\u001b[0K${name}\n`;
const end = (name: string, code: number, at = 101): string =>
  `section_end:${at}:${name}.${word}\r\u001b[0Kexit code ${code}\n`;
const pieces = (text: string): readonly Piece[] => splitText(word, '', text, true).pieces;

describe('splitText', () => {
  it('tells borders from lines', () => {
    expect(pieces(`${begin('one')}a\n\nb\n${end('one', 3)}`)).toEqual([
      { kind: 'begin', name: 'one', at: 100 },
      { kind: 'line', text: 'a' },
      { kind: 'line', text: '' },
      { kind: 'line', text: 'b' },
      { kind: 'end', name: 'one', at: 101, code: 3 },
    ]);
  });

  it('finds a border behind output that did not end its line', () => {
    expect(pieces(`half${end('one', 0)}`)).toEqual([
      { kind: 'line', text: 'half' },
      { kind: 'end', name: 'one', at: 101, code: 0 },
    ]);
  });

  it('takes sections of another word, and of none, for output', () => {
    const others = `section_start:1:one\r\u001b[0Kx\nsection_end:1:one.${word.replace('0', '1')}\r\u001b[0Kexit code 0\n`;
    expect(pieces(others).map(({ kind }) => kind)).toEqual(['line', 'line']);
  });

  it('keeps the beginning of a line back until its end comes, unless nothing follows', () => {
    const first = splitText(word, '', 'one\ntw', false);
    expect(first).toEqual({ pieces: [{ kind: 'line', text: 'one' }], rest: 'tw' });
    expect(splitText(word, first.rest, 'o\n', false).pieces).toEqual([{ kind: 'line', text: 'two' }]);
    expect(splitText(word, first.rest, '', true).pieces).toEqual([{ kind: 'line', text: 'tw' }]);
  });

  it('gives the same wherever the text is cut', () => {
    const text = `early\n${begin('one')}a\nb${end('one', 0)}${begin('two')}${'c'.repeat(50)}\n${end('two', 7)}late`;
    fc.assert(
      fc.property(fc.array(fc.nat(text.length), { maxLength: 8 }), (cuts) => {
        const places = [0, ...[...cuts].sort((a, b) => a - b), text.length];
        const found: Piece[] = [];
        let rest = '';
        for (const [i, from] of places.entries()) {
          const to = places[i + 1];
          if (to === undefined) break;
          const split = splitText(word, rest, text.slice(from, to), i === places.length - 2);
          found.push(...split.pieces);
          ({ rest } = split);
        }
        expect(found).toEqual(pieces(text));
      }),
    );
  });
});
