import * as E from 'fp-ts/lib/Either.js';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PackedRows, pack, unpack } from '../../src/app/packed-rows.js';

/** As a file would give them back; undefined when they are not packed. */
const throughText = (rows: readonly unknown[]): readonly unknown[] | undefined => {
  const packed = pack(rows);
  if (packed === undefined) return undefined;
  const decoded = PackedRows.decode(JSON.parse(JSON.stringify(packed)));
  return E.isRight(decoded) ? unpack(decoded.right) : expect.fail('packed rows cannot be read');
};

/** A row of one of a few shapes. */
const someRow = fc.oneof(
  fc.record({ id: fc.uuid(), state: fc.constantFrom('ended', 'running'), more: fc.constant(undefined) }),
  fc.record({
    id: fc.uuid(),
    tries: fc.array(fc.record({ n: fc.nat(), ok: fc.boolean() }), { maxLength: 2 }),
  }),
  fc.constantFrom(null, 1, 'word', [], {}, [undefined], { none: {}, empty: [] }),
);

describe('packed rows', () => {
  it('given rows of few shapes, when read again, then they are the same text', () => {
    fc.assert(
      fc.property(fc.array(someRow, { minLength: 100, maxLength: 200 }), (rows) => {
        expect(JSON.stringify(throughText(rows))).toBe(JSON.stringify(rows));
      }),
    );
  });
  it('given any rows, also ones with names that mean something to objects, then they are the same text', () => {
    const named = fc.constantFrom('{"__proto__":{"a":1}}', '{"__proto__":1}', '{"constructor":{"b":[2]}}');
    const any = fc.oneof(
      fc.jsonValue(),
      named.map((text): unknown => JSON.parse(text)),
    );
    fc.assert(
      fc.property(fc.array(any, { minLength: 1, maxLength: 3 }), (few) => {
        const rows = Array.from({ length: 12 }, (_, n) => few[n % few.length]);
        expect(JSON.stringify(throughText(rows))).toBe(JSON.stringify(rows));
      }),
    );
    expect(Object.getPrototypeOf({})).not.toHaveProperty('a');
  });
  it('given rows that are alike, then what one is changed to is not seen in another', () => {
    const rows = throughText(Array.from({ length: 8 }, () => ({ tries: [], by: { name: 'a' } }))) as {
      tries: number[];
      by: { name: string };
    }[];
    rows[0]?.tries.push(1);
    Object.assign(rows[0]?.by ?? {}, { name: 'b' });
    expect(rows.slice(1)).toEqual(Array.from({ length: 7 }, () => ({ tries: [], by: { name: 'a' } })));
  });
  it('writes what all have once', () => {
    const rows = Array.from({ length: 256 }, (_, n) => ({
      n,
      project: 'shop',
      filter: { values: ['debian'] },
    }));
    expect(JSON.stringify(pack(rows)).length).toBeLessThan(JSON.stringify(rows).length / 5);
  });
  it('given rows that have nothing in common, then there is no point in packing them', () => {
    expect(pack([1, {}, [], { a: 1 }, { b: 1 }])).toBeUndefined();
  });
  it('given a column that is too short, then it is refused', () => {
    expect(() => unpack([[[{ n: null }, [[1, 2]]]], [0, 0, 0]])).toThrow(
      'expected 3 values in a column, found 2',
    );
    expect(() => unpack([[[{ n: null }, []]], [0, 0, 0]])).toThrow('expected 3 values in a column, found 0');
  });
});
