import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BEGINNING, behind, PIECE_BYTES, pieceLength, textOf } from '../../plugin/log-pieces.js';

const told = (text: string | Buffer, parts = false): string => {
  const bytes = Buffer.from(text);
  return bytes.subarray(0, pieceLength(bytes, parts)).toString('latin1');
};

describe('the length of a piece', () => {
  it.each([
    ['whole lines', 'one\ntwo\nthr', false, 'one\ntwo\n'],
    ['nothing of a line that has not ended', 'thr', false, ''],
    ['a part of a line, when it was waited for', 'thr', true, 'thr'],
    ['whole lines even then', 'two\nthr', true, 'two\n'],
    ['nothing of nothing', '', true, ''],
  ])('%s', (_, text, parts, piece) => {
    expect(told(text, parts)).toBe(piece);
  });

  it.each([
    ['two bytes', 'a\u00e9', 1],
    ['three bytes', 'a\u20ac', 1],
    ['three bytes', 'a\u20ac', 2],
    ['four bytes', 'a\u{1f600}', 1],
    ['four bytes', 'a\u{1f600}', 3],
  ])(
    'never cuts a character of %s: of %j without its last %i bytes only the letter is told',
    (_, text, missing) => {
      const bytes = Buffer.from(text);
      expect(told(bytes.subarray(0, bytes.length - missing), true)).toBe('a');
      expect(told(bytes, true)).toHaveLength(bytes.length);
    },
  );

  it('tells a line that is longer than a batch in parts', () => {
    expect(pieceLength(Buffer.alloc(PIECE_BYTES, 'x'), false)).toBe(PIECE_BYTES);
    expect(pieceLength(Buffer.concat([Buffer.alloc(PIECE_BYTES - 1, 'x'), Buffer.from([0xc3])]), false)).toBe(
      PIECE_BYTES - 1,
    );
  });

  it('what is no UTF-8 is told as it stands there', () => {
    expect(told(Buffer.from([0x80, 0x80, 0x80, 0x80, 0x80]), true)).toHaveLength(5);
    expect(told(Buffer.from([0xff, 0xc0, 0x41]), true)).toHaveLength(3);
  });
});

/** Bytes among which line feeds, letters, and beginnings and middles of characters are frequent. */
const anyBytes = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        0x0a,
        0x41,
        0x80,
        0xbf,
        0xc3,
        0xa9,
        0xe2,
        0x82,
        0xac,
        0xf0,
        0x9f,
        0x98,
        0xef,
        0xbb,
        0xbf,
      ),
      fc.integer({ min: 0, max: 255 }),
    ),
    { maxLength: 60 },
  )
  .map((bytes) => Buffer.from(bytes));

describe('pieces put together', () => {
  it('give the log, its text and its line numbers, wherever what was there ended', () => {
    fc.assert(
      fc.property(anyBytes, fc.array(fc.integer({ min: 1, max: 20 })), fc.boolean(), (log, reads, parts) => {
        let at = BEGINNING;
        let text = '';
        for (const [i, size] of [...reads, log.length + 1, log.length + 1].entries()) {
          const rest = i > reads.length;
          const bytes = log.subarray(at.offset, rest ? log.length : at.offset + size);
          const piece = bytes.subarray(0, rest ? bytes.length : pieceLength(bytes, parts));
          expect(at.line).toBe(log.subarray(0, at.offset).filter((byte) => byte === 10).length + 1);
          expect(at.inside).toBe(at.offset > 0 && log[at.offset - 1] !== 10);
          text += textOf(piece);
          at = behind(at, piece);
        }
        expect(at.offset).toBe(log.length);
        expect(text).toBe(textOf(log));
      }),
      { numRuns: 2000 },
    );
  });
});
