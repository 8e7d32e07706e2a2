import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Line } from '../../src/domain/line.js';

interface Item {
  readonly key: number;
  readonly n: number;
}
const order = (a: Item, b: Item): number => a.key - b.key || a.n - b.n;

describe('a line', () => {
  it('is always the sorted list of what was put in and not taken out', () => {
    const op = fc.record({ insert: fc.boolean(), key: fc.nat(20), first: fc.boolean(), which: fc.nat(500) });
    fc.assert(
      fc.property(fc.array(op, { maxLength: 400 }), (ops) => {
        const line = new Line<Item>(order);
        let model: Item[] = [];
        for (const [n, { insert, key, first, which }] of ops.entries()) {
          if (insert || model.length === 0) {
            const item = { key, n };
            line.insert(item);
            model = [...model, item].sort(order);
          } else {
            const item = model[first ? 0 : which % model.length]!;
            expect(line.remove(item)).toBe(true);
            model = model.filter((other) => other !== item);
          }
          expect(line.size).toBe(model.length);
          expect(line.at(0)).toBe(model[0]);
        }
        expect([...line]).toEqual(model);
        expect(line.at(model.length)).toBeUndefined();
      }),
    );
  });
  it('says when there was nothing to take out', () => {
    const line = new Line<Item>(order);
    line.insert({ key: 1, n: 1 });
    expect(line.remove({ key: 1, n: 1 })).toBe(false);
    expect(line.remove({ key: 2, n: 2 })).toBe(false);
    expect(line.size).toBe(1);
  });
});
