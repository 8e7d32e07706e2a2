import { describe, expect, it } from 'vitest';
import { mergedMeta } from '../../../plugin/hosts/screwdriver/left-meta.js';

describe('mergedMeta', () => {
  it('has what each row changed, and a later row wins', () => {
    expect(
      mergedMeta({ a: 1 }, [
        { a: 1, b: 'first' },
        { a: 1, b: 'second', c: 3 },
      ]),
    ).toEqual({
      ...{ a: 1, b: 'second', c: 3 },
    });
  });

  it('what a row left as it was takes nothing back', () => {
    expect(mergedMeta({ a: 1 }, [{ a: 2 }, { a: 1 }])).toEqual({ a: 2 });
  });

  it('merges objects and replaces everything else', () => {
    const found = { build: { id: 1 }, list: [1] };
    expect(
      mergedMeta(found, [
        { build: { id: 1, size: { linux: 7 } }, list: [1, 2] },
        { build: { id: 1, size: { darwin: 8 } }, list: [3] },
      ]),
    ).toEqual({ build: { id: 1, size: { linux: 7, darwin: 8 } }, list: [3] });
    expect(mergedMeta({}, [{ a: { b: 1 } }, { a: 'text' }])).toEqual({ a: 'text' });
  });

  it('what a row took away is gone, unless a later one has put something there', () => {
    expect(mergedMeta({ a: 1, b: { c: 1, d: 2 } }, [{ b: { d: 2 } }, { a: 1, b: { c: 1, d: 2 } }])).toEqual({
      b: { d: 2 },
    });
    expect(mergedMeta({ a: 1 }, [{}, { a: 5 }])).toEqual({ a: 5 });
  });

  it('takes no name for more than a name', () => {
    const left = { ['__proto__']: { x: 1 }, constructor: { y: 2 } };
    expect(JSON.stringify(mergedMeta({}, [left]))).toBe('{"__proto__":{"x":1},"constructor":{"y":2}}');
  });
});
