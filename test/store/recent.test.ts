/** A bounded memory: the last keys are there, old ones are not. */
import { describe, expect, it } from 'vitest';
import { recently } from '../../src/store/recent.js';

describe('recently', () => {
  it('remembers at least the last keys, with their last value', () => {
    const { get, set } = recently<number>(3);
    for (let n = 0; n < 20; n++) {
      set(`key ${n}`, n);
      set('again', n);
      for (const back of [0, 1])
        expect(get(`key ${n - back}`), `${n}`).toBe(n - back < 0 ? undefined : n - back);
      expect(get('again')).toBe(n);
    }
  });

  it('forgets, so that it does not grow without end', () => {
    const { get, set } = recently<number>(3);
    for (let n = 0; n < 20; n++) set(`key ${n}`, n);
    const known = Array.from({ length: 20 }, (_, n) => get(`key ${n}`)).filter((n) => n !== undefined);
    expect(known.length).toBeLessThan(6);
    expect(known.at(-1)).toBe(19);
  });

  it('knows nothing after it was cleared', () => {
    const { get, set, clear } = recently<number>(3);
    for (let n = 0; n < 5; n++) set(`key ${n}`, n);
    clear();
    expect([get('key 0'), get('key 3'), get('key 4')]).toEqual([undefined, undefined, undefined]);
  });
});
