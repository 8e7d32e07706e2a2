import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  countLineFeeds,
  decodeMark,
  encodeEnd,
  encodeMark,
  isEnd,
  linesOf,
  mark,
  nothingMarked,
  type Mark,
} from '../../src/logs/line-marks.js';

const live = (at: number) => ({ at, came: 'live' as const });

/** Marks of pieces that come `apartMs` after one another. */
const marked = (pieces: readonly Buffer[], apartMs: number) => {
  let state = nothingMarked;
  const marks: Mark[] = [];
  for (const [n, piece] of pieces.entries()) {
    const step = mark(state, piece, live(1_000_000 + n * apartMs));
    state = step.state;
    marks.push(...step.marks);
  }
  return { state, marks };
};

describe('line feeds', () => {
  it('are counted, wherever the bytes begin and end in memory', () => {
    const bytes = fc.array(fc.constantFrom(0x0a, 0x0b, 0x09, 0x8a, 0x00, 0xff, 0x7f, 0x80), {
      maxLength: 3000,
    });
    fc.assert(
      fc.property(bytes, fc.nat(7), fc.nat(7), (values, before, after) => {
        const part = Buffer.from(values).subarray(before, Math.max(before, values.length - after));
        expect(countLineFeeds(part)).toBe([...part].filter((value) => value === 10).length);
      }),
    );
  });
});

describe('a mark', () => {
  it('is told from an end, from zeros and from what was torn', () => {
    const one: Mark = { line: 7, offset: 2 ** 40, at: 1_769_860_800_123, came: 'late' };
    const bytes = encodeMark(one);
    expect(decodeMark(Buffer.concat([Buffer.alloc(3), bytes]), 3)).toEqual(one);
    const end = decodeMark(encodeEnd({ lines: 3, size: 40 }));
    expect(end !== undefined && isEnd(end) && end).toEqual({ lines: 3, size: 40 });
    expect(decodeMark(Buffer.alloc(20))).toBeUndefined();
    expect(decodeMark(bytes.subarray(0, 19))).toBeUndefined();
    for (let at = 0; at < bytes.length; at++) {
      const torn = Buffer.from(bytes);
      torn[at] = (torn[at] ?? 0) ^ 0x10;
      expect(decodeMark(torn), `byte ${at}`).toBeUndefined();
    }
  });
  it('stands at each line that came on its own time, wherever the pieces are cut', () => {
    const { marks, state } = marked(
      ['a', '\nb', 'b\n\nc\n', 'd'].map((text) => Buffer.from(text)),
      100,
    );
    // the line of `bb` came with its first byte
    expect(marks.map(({ line, offset, at }) => [line, offset, at - 1_000_000])).toEqual([
      [1, 0, 0],
      [2, 2, 100],
      [3, 5, 200],
      [5, 8, 300],
    ]);
    expect(linesOf(state)).toBe(5);
  });
  it('is spared for lines that come close together, and is there every 64 KiB all the same', () => {
    const lines = Array.from({ length: 100_000 }, () => Buffer.from('0123456789\n'));
    const { marks } = marked(lines, 0);
    expect(marks).toHaveLength(Math.ceil((100_000 * 11) / (64 * 1024)));
    const apart = marks.slice(1).map(({ offset }, n) => offset - (marks[n]?.offset ?? 0));
    expect(Math.max(...apart)).toBeLessThan(64 * 1024 + 11);
  });
  it('never makes the index of a slow log larger than a third of it and 20 KiB', () => {
    const lines = Array.from({ length: 200_000 }, () => Buffer.from('\n'));
    const { marks } = marked(lines, 1000);
    expect(marks.length).toBeGreaterThan(1024);
    expect(marks.length * 20).toBeLessThanOrEqual(20 * 1024 + 200_000 / 3);
  });
});
