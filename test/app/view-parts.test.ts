import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { assembly, partsOf, type Part } from '../../src/app/view-parts.js';

/** As a file would give them back. */
const throughText = (view: unknown): unknown => {
  const { add, view: assembled } = assembly();
  for (const part of partsOf(view)) add(JSON.parse(JSON.stringify(part)) as Part);
  return assembled();
};

const table = (rows: number): Record<string, unknown> =>
  Object.fromEntries(Array.from({ length: rows }, (_, n) => [`row-${n}`, { n, more: [n] }]));

describe('a view that is taken apart', () => {
  it('given any JSON, when put together again, then it is the same text', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 5 }), (value) => {
        expect(JSON.stringify(throughText(value))).toBe(JSON.stringify(value));
      }),
    );
  });
  it('given tables, long lists and lists within tables, then the order of members stays and no part is large', () => {
    const view = {
      ...{ nothing: {}, none: [], count: 3 },
      rows: Array.from({ length: 3000 }, (_, n) => ({ n })),
      index: { job: table(1500), runner: { one: Array.from({ length: 5000 }, (_, n) => n), two: [1] } },
      live: table(700),
      last: null,
    };
    expect(JSON.stringify(throughText(view))).toBe(JSON.stringify(view));
    for (const [, keys, members] of partsOf(view)) {
      expect(members).toSatisfy(Array.isArray);
      expect(keys ?? members).toHaveLength(members?.length ?? 0);
      expect(members?.length).toBeLessThanOrEqual(256);
    }
  });
  it('given an id that means something to objects, then it is a member like others', () => {
    const view = JSON.parse('{"jobs":{"__proto__":{"a":1},"constructor":{"b":2}}}') as object;
    expect(JSON.stringify(throughText(view))).toBe(JSON.stringify(view));
    expect(Object.getPrototypeOf({})).not.toHaveProperty('a');
  });
  it('given a part whose place was never given, then it is refused', () => {
    const { add } = assembly();
    add([[], ['jobs'], [{}]]);
    expect(() => {
      add([['rows', 'first', 'second'], ['a'], [1]]);
    }).toThrow('a part lies at rows/first/second, where there is nothing');
    expect(() => {
      add([['jobs'], null, [1]]);
    }).toThrow('a part lies at jobs, where there is something else');
  });
});
