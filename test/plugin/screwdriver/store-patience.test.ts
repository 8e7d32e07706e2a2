import { describe, expect, it } from 'vitest';
import { storePatience } from '../../../plugin/hosts/screwdriver/store-patience.js';

describe('storePatience', () => {
  let at = 0;
  const made = (patienceMs: number) => {
    at = 1_000_000;
    return storePatience(patienceMs, () => at);
  };

  it('a page is tried for as long as patience lasts, and each later one for what is left of it', () => {
    const patience = made(60_000);
    expect(patience.next(7)).toBe(60_000);
    expect(patience.failed(7)).toBe('again');
    at += 45_000;
    expect(patience.next(7)).toBe(15_000);
    at += 15_000;
    expect(patience.failed(7)).toBe('leave out');
  });

  it('a page that was to be told again is tried again, also when patience is over by then', () => {
    const patience = made(500);
    expect(patience.failed(7)).toBe('again');
    at += 2000;
    expect(patience.next(7)).toBe(1000);
    expect(patience.failed(7)).toBe('leave out');
  });

  it('then pages are left out unasked, but for a short try every ten seconds', () => {
    const patience = made(500);
    patience.failed(7);
    at += 500;
    expect(patience.failed(7)).toBe('leave out');
    const asked: number[] = [];
    for (let page = 0; page < 300; page += 1) {
      const mayTake = patience.next(7);
      if (mayTake !== undefined) {
        asked.push(mayTake);
        at += mayTake;
        expect(patience.failed(7)).toBe('leave out');
      }
      at += 100;
    }
    // 30 s of output
    expect(asked).toEqual([1000, 1000]);
  });

  it('a store that answers is waited for as before, and other builds are never punished', () => {
    const patience = made(500);
    patience.failed(7);
    at += 500;
    patience.failed(7);
    expect([patience.next(7), patience.next(8)]).toEqual([undefined, 1000]);
    patience.answered(7);
    expect(patience.failed(7)).toBe('again');
  });

  it('without patience a page is left out at once', () => {
    expect(made(0).failed(7)).toBe('leave out');
  });
});
