/** Where two fingerprints differ. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { differenceText, piecesOf } from '../../src/web/runners/fingerprints.js';

describe('piecesOf', () => {
  it('marks exactly the places that differ', () => {
    expect(piecesOf('SHA256:abcd', 'SHA256:abxd')).toEqual([
      { text: 'SHA256:ab', differs: false },
      { text: 'c', differs: true },
      { text: 'd', differs: false },
    ]);
    expect(piecesOf('ab', 'a')).toEqual([
      { text: 'a', differs: false },
      { text: 'b', differs: true },
    ]);
  });

  it('loses and changes no character of what it cuts', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (a, b) => {
        const pieces = piecesOf(a, b);
        expect(pieces.map(({ text }) => text).join('')).toBe(a);
        const marks = pieces.flatMap(({ text, differs }) => text.split('').map(() => differs));
        expect(marks).toEqual([...Array(a.length).keys()].map((index) => a[index] !== (b[index] ?? '')));
      }),
    );
  });
});

it('counts the places that differ', () => {
  expect(differenceText('SHA256:abcd', 'SHA256:abxy')).toBe('They differ in 2 of 11 characters.');
  expect(differenceText('a', 'a')).toBe('They are the same.');
});
