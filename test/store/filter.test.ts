/** Prefixes as ranges of text, as SQLite compares it. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { condition, letsThrough, successor } from '../../src/store/filter.js';

const bytes = (text: string): Buffer => Buffer.from(text, 'utf8');
const text = fc.string({ unit: 'binary', maxLength: 6 });
/** SQLite compares TEXT by memcmp of its UTF-8 bytes. */
const isInRange = (candidate: string, prefix: string): boolean => {
  const end = successor(prefix);
  return (
    Buffer.compare(bytes(candidate), bytes(prefix)) >= 0 &&
    (end === undefined || Buffer.compare(bytes(candidate), bytes(end)) < 0)
  );
};

describe('a prefix as a range', () => {
  it('holds what starts with the prefix and nothing else', () => {
    fc.assert(
      fc.property(text, text, (prefix, candidate) => {
        expect(isInRange(candidate, prefix)).toBe(candidate.startsWith(prefix));
        expect(isInRange(prefix + candidate, prefix)).toBe(true);
      }),
    );
  });

  it.each([
    ['job-', 'job.'],
    ['\ud7ff', '\ue000'],
    ['a\u{10ffff}', 'b'],
    ['\u{10ffff}', undefined],
    ['', undefined],
  ])('of %j ends before %j', (prefix, end) => {
    expect(successor(prefix)).toBe(end);
  });
});

describe('a filter', () => {
  it('without prefixes lets all through, with an empty list nothing', () => {
    expect(letsThrough(undefined, 'a-1', 'T')).toBe(true);
    expect(letsThrough({}, 'a-1', 'T')).toBe(true);
    expect(letsThrough({ streamPrefixes: [] }, 'a-1', 'T')).toBe(false);
    expect(condition({})).toEqual({ sql: '1', values: [] });
    expect(condition({ typePrefixes: [] })).toEqual({ sql: '0', values: [] });
  });

  it('lets through what matches by stream or by type', () => {
    const filter = { streamPrefixes: ['a-', 'b-'], typePrefixes: ['T'] };
    expect([
      letsThrough(filter, 'b-1', 'X'),
      letsThrough(filter, 'c-1', 'T1'),
      letsThrough(filter, 'c-1', 'X'),
    ]).toEqual([true, true, false]);
  });
});
