import { describe, expect, it } from 'vitest';
import { addLines, emptyLog, ndjson, nextPage } from '../../../plugin/hosts/screwdriver/pages.js';

const lines = (from: number, to: number): readonly string[] =>
  Array.from({ length: to - from }, (_, i) => `line ${from + i}`);

describe('addLines', () => {
  it('fills pages of a hundred lines, and tells each page that changed once, whole', () => {
    const first = addLines('unit', emptyLog, lines(0, 30), 5);
    expect(first.pages).toHaveLength(1);
    const next = addLines('unit', first.end, lines(30, 250), 6);
    expect(next.pages.map(({ page, lines: { length } }) => [page, length])).toEqual([
      [0, 100],
      [1, 100],
      [2, 50],
    ]);
    expect(next.pages[0]?.lines.map(({ m }) => m)).toEqual(lines(0, 100));
    expect(next.pages.flatMap((page) => page.lines.map(({ n }) => n))).toEqual(
      lines(0, 250).map((_, n) => n),
    );
    expect(next.end.count).toBe(250);
  });

  it('begins a new page exactly where the last one is full', () => {
    const full = addLines('unit', emptyLog, lines(0, 100), 1);
    expect(addLines('unit', full.end, ['more'], 2).pages).toEqual([
      { step: 'unit', page: 1, lines: [{ t: 2, m: 'more', n: 100 }] },
    ]);
  });

  it('cuts a line that is too long, and no character in two', () => {
    const text = `${'x'.repeat(4999)}😀${'y'.repeat(10)}`;
    const { pages } = addLines('unit', emptyLog, [text], 1);
    const told = pages.flatMap((page) => page.lines.map(({ m }) => m));
    expect(told.map(({ length }) => length)).toEqual([4999, 12]);
    expect(told.join('')).toBe(text);
  });

  it('what stands before a line stands before each piece of it, and a piece is no longer for that', () => {
    const { pages } = addLines('unit', emptyLog, ['x'.repeat(5000), 'y'], 1, '[a] ');
    expect(pages.flatMap((page) => page.lines.map(({ m }) => m))).toEqual([
      `[a] ${'x'.repeat(4996)}`,
      '[a] xxxx',
      '[a] y',
    ]);
  });

  it('lines may go on behind what is not known any more, on the next page', () => {
    expect(nextPage(addLines('unit', emptyLog, lines(0, 130), 1).end)).toEqual({ count: 200, last: [] });
    expect(nextPage({ count: 200, last: [] })).toEqual({ count: 200, last: [] });
    expect(nextPage(emptyLog)).toEqual(emptyLog);
  });

  it('is written as one JSON object per line', () => {
    const { pages } = addLines('unit', emptyLog, ['a "b"', ''], 7);
    expect(pages.map(ndjson)).toEqual(['{"t":7,"m":"a \\"b\\"","n":0}\n{"t":7,"m":"","n":1}\n']);
  });
});
