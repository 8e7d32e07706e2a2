import { describe, expect, it } from 'vitest';
import { inRange, isRange } from '../../src/domain/version-range.js';

describe('inRange', () => {
  it.each([
    ['7.4', '>=7.4 <9', true],
    ['8', '>=7.4 <9', true],
    ['9', '>=7.4 <9', false],
    ['9.0', '>=7.4 <9', false],
    ['7.10', '>7.9', true],
    ['14.04', '14.4', true],
    ['14.04', '=14.04', true],
    ['14.04.1', '<=14.04', false],
    ['10.15.7', '>=10.15', true],
    ['rolling', '>=1', false],
    ['', '<1', false],
    ['8', 'about 8', false],
  ])('version %s, range %s: %s', (version, range, expected) => {
    expect(inRange(version, range)).toBe(expected);
  });
});

describe('isRange', () => {
  it.each([['>=7.4 <9'], ['7'], [' >=7 ']])('%j is one', (range) => {
    expect(isRange(range)).toBe(true);
  });

  it.each([[''], ['>='], ['>=7.x'], ['~7'], ['7-9'], ['>=7.4, <9'], ['*'], ['1.2.3.4.5.6.7.8.9.10.11.12']])(
    '%j is none',
    (range) => {
      expect(isRange(range)).toBe(false);
    },
  );
});
