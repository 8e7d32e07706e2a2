/** Links to lines, groups, folds, marks of what was searched for, times, and the lines that are kept. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { foldsOf } from '../../src/web/log/folds.js';
import { groupsIn, markersOf, type Group, type MarkedRow } from '../../src/web/log/groups.js';
import { highlighted, highlightedAs } from '../../src/web/log/highlight.js';
import { chosenBy, hashOf, rangeIn } from '../../src/web/log/line-links.js';
import { createRows } from '../../src/web/log/rows.js';
import { plain } from '../../src/web/log/sgr.js';
import { timeText } from '../../src/web/log/times.js';

describe('links to lines', () => {
  it.each([
    ['#L10', { from: 10, to: 10 }],
    ['#L10-L20', { from: 10, to: 20 }],
    ['#L20-L10', { from: 10, to: 20 }],
    ['#L10-20', { from: 10, to: 20 }],
  ])('%s', (hash, range) => {
    expect(rangeIn(hash)).toEqual(range);
  });
  it.each(['', '#', '#main', '#L0', '#L-1', '#L1x', '#L10-', '#L99999999999999999999'])(
    '%s names no lines',
    (hash) => {
      expect(rangeIn(hash)).toBeUndefined();
    },
  );
  it('are read as they were written', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1 }), fc.nat(), (from, more) => {
        expect(rangeIn(hashOf({ from, to: from + more }))).toEqual({ from, to: from + more });
      }),
    );
  });
  it('with the shift key reach from what was chosen to there', () => {
    expect(chosenBy(20, { from: 10, to: 10 }, true)).toEqual({ from: 10, to: 20 });
    expect(chosenBy(5, { from: 10, to: 12 }, true)).toEqual({ from: 5, to: 12 });
    expect(chosenBy(5, { from: 10, to: 12 }, false)).toEqual({ from: 5, to: 5 });
    expect(chosenBy(5, undefined, true)).toEqual({ from: 5, to: 5 });
  });
});

const grouped = (
  texts: readonly string[],
  times: Readonly<Record<number, string>> = {},
): readonly Group[] => {
  const rows = texts.flatMap((text, index): MarkedRow[] => {
    const markers = markersOf(text);
    const receivedAt = times[index + 1];
    return markers.length === 0
      ? []
      : [{ line: index + 1, markers, ...(receivedAt === undefined ? {} : { receivedAt }) }];
  });
  return groupsIn([{ rows, to: texts.length }]);
};

describe('groups', () => {
  it('of Buildkite end where the next begins, and last as long as their lines came', () => {
    const groups = grouped(['--- Build', 'x', '+++ \u001b[1mTest', 'y', '^^^ +++', '~~~ Quiet', 'z'], {
      1: '2026-01-31T12:00:00.000Z',
      3: '2026-01-31T12:00:05.500Z',
    });
    expect(
      groups.map(({ line, to, ended, alarmed, quiet, ms }) => [line, to, ended, alarmed, quiet, ms]),
    ).toEqual([
      [1, 2, true, false, false, 5500],
      [3, 5, true, true, false, undefined],
      [6, 7, false, false, true, undefined],
    ]);
  });
  it('of GitLab nest, and know how long they took', () => {
    const start = (name: string, at: number, more = ''): string =>
      `section_start:${at}:${name}${more}\r\u001b[0K`;
    const end = (name: string, at: number): string => `section_end:${at}:${name}\r\u001b[0K`;
    const groups = grouped([
      ...[`${start('outer', 100, '[collapsed=true]')}Outer`, start('inner', 101), 'x', end('inner', 104)],
      ...[`\u001b[0K${end('outer', 110)}${start('next', 110)}Next`, 'y'],
    ]);
    expect(
      groups.map(({ line, to, title, collapsed, ended, ms }) => [line, to, title, collapsed, ended, ms]),
    ).toEqual([
      [1, 4, '', true, true, 10_000],
      [2, 3, 'inner', false, true, 3000],
      [5, 6, '', false, false, undefined],
    ]);
  });
  it('a difference of files is none', () => {
    expect(grouped(['--- a/x', '+++ b/x', '-1'])).toEqual([]);
  });
  it.each(['---', '--- ', '----- x', ' --- x', 'a --- b', 'section_start:x:y', 'section_end:1:y'])(
    '“%s” is no heading',
    (text) => {
      expect(markersOf(text)).toEqual([]);
    },
  );
  it('do not reach over lines that are not here', () => {
    const rows = [{ line: 1, markers: markersOf('--- A') }];
    const later = [{ line: 100, markers: markersOf('--- B') }];
    const groups = groupsIn([
      { rows, to: 3 },
      { rows: later, to: 101 },
    ]);
    expect(groups.map(({ line, to, ended }) => [line, to, ended])).toEqual([
      [1, 3, false],
      [100, 101, false],
    ]);
  });
});

describe('folds', () => {
  it('leave the lines that a plain list would have without the others', () => {
    const range = fc
      .tuple(fc.integer({ min: 0, max: 60 }), fc.nat(8))
      .map(([from, more]) => ({ from, to: from + more }));
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 20 }),
        fc.nat(40),
        fc.array(range, { maxLength: 6 }),
        (from, more, hidden) => {
          const all = Array.from({ length: more + 1 }, (_, index) => from + index);
          const left = all.filter((line) => !hidden.some((fold) => fold.from <= line && line <= fold.to));
          const folds = foldsOf({ from, to: from + more }, hidden);
          expect(folds.count).toBe(left.length);
          expect(left.map((_, index) => folds.lineAt(index))).toEqual(left);
          expect(left.map(folds.indexOf)).toEqual(left.map((_, index) => index));
        },
      ),
    );
  });
  it('a line that is folded away is where its heading is', () => {
    expect(foldsOf({ from: 1, to: 10 }, [{ from: 4, to: 6 }]).indexOf(5)).toBe(2);
  });
});

describe('marks of what was searched for', () => {
  const run = (text: string, fg?: number) => ({ text, style: fg === undefined ? plain : { fg } });
  it('go over the ends of colours', () => {
    const pieces = highlighted([run('an er'), run('ror here', 1)], 'ERROR', false);
    expect(pieces.map(({ text, isHit }) => [text, isHit === true])).toEqual([
      ['an ', false],
      ['er', true],
      ['ror', true],
      [' here', false],
    ]);
    expect(highlighted([run('error')], 'ERROR', true)).toEqual([run('error')]);
  });
  it('are those that an expression has on the server, where the line is shown as it was searched', () => {
    const match = { line: 1, offset: 0, matches: 2, text: 'n error', column: 1, cut: true as const };
    const columns = [[2, 4] as const, [5, 5] as const, [6, 7] as const];
    const pieces = highlightedAs([run('an er'), run('ror', 1)], { ...match, columns });
    expect(pieces.filter(({ isHit }) => isHit === true).map(({ text }) => text)).toEqual(['er', 'r']);
    const drawn = [run('an ^Gerror')];
    expect(highlightedAs(drawn, { ...match, columns })).toEqual(drawn);
  });
  it('change no text, and mark what is there', () => {
    const texts = fc.array(fc.string({ unit: fc.constantFrom('a', 'b', 'A', 'İ', ' ') }), { maxLength: 5 });
    fc.assert(
      fc.property(
        texts,
        fc.string({ unit: fc.constantFrom('a', 'b'), minLength: 1, maxLength: 3 }),
        (parts, query) => {
          const pieces = highlighted(
            parts.map((text) => run(text)),
            query,
            true,
          );
          const whole = parts.join('');
          expect(pieces.map(({ text }) => text).join('')).toBe(whole);
          const marked = pieces.filter(({ isHit }) => isHit === true).map(({ text }) => text);
          expect(marked.join('')).toBe(query.repeat(whole.split(query).length - 1));
        },
      ),
    );
  });
});

describe('times', () => {
  const startedAt = '2026-01-31T12:00:00.000Z';
  it('are told from the start, and say when the line was older', () => {
    expect(timeText({ receivedAt: '2026-01-31T13:01:02.345Z' }, 'start', startedAt)).toBe('+1:01:02.3');
    expect(
      timeText({ receivedAt: '2026-01-31T12:00:00.100Z', collectedLate: true }, 'start', startedAt),
    ).toBe('~+0:00:00.1');
    expect(timeText({ receivedAt: '2026-01-31T11:59:59.000Z' }, 'start', startedAt)).toBe('+0:00:00.0');
    expect(timeText({}, 'start', startedAt)).toBe('');
  });
});

describe('the lines that are kept', () => {
  const row = (line: number, text: string, more = {}) => ({
    line,
    offset: line * 10,
    length: text.length,
    text,
    ...more,
  });
  it('know more of a line than before, never less', () => {
    const rows = createRows();
    rows.put([row(1, 'begun', { receivedAt: '2026-01-31T12:00:00.000Z' })]);
    rows.put([row(1, 'begun and ended', { untimed: true })]);
    rows.put([row(1, 'begun')]);
    expect(rows.get(1)).toMatchObject({ text: 'begun and ended', receivedAt: '2026-01-31T12:00:00.000Z' });
  });
  it('have the style that the lines before them left, as far as these are here', () => {
    const rows = createRows();
    rows.put(
      Array.from({ length: 500 }, (_, index) => row(501 + index, index === 0 ? '\u001b[31mred' : 'still')),
    );
    rows.put([row(1001, 'red, too'), row(1002, '\u001b[0mno more'), row(1003, 'plain')]);
    expect([501, 502, 1001, 1002, 1003].map((line) => rows.styleAt(line))).toEqual([
      ...[plain, { fg: 1 }, { fg: 1 }, { fg: 1 }, plain],
    ]);
    rows.put(Array.from({ length: 500 }, (_, index) => row(1 + index, index === 499 ? '\u001b[1m' : '')));
    expect(rows.styleAt(502)).toEqual({ fg: 1, bold: true });
    expect(rows.styleAt(1001)).toEqual({ fg: 1, bold: true });
  });
  it('are told in stretches without a gap', () => {
    const rows = createRows();
    rows.put([row(1, '--- A'), row(2, 'x'), row(700, '+++ B'), row(701, 'y')]);
    expect(
      rows.stretches().map(({ from, to, rows: marked }) => [from, to, marked.map(({ line }) => line)]),
    ).toEqual([
      [1, 2, [1]],
      [700, 701, [700]],
    ]);
  });
  it('are not more than can be held: those that nobody looked at go first', () => {
    const rows = createRows();
    for (let line = 1; line <= 60_000; line += 500) {
      rows.put([row(line, 'x')]);
      rows.get(1);
    }
    expect(rows.get(1)).toBeDefined();
    expect(rows.get(501)).toBeUndefined();
    expect(rows.get(59_501)).toBeDefined();
    expect(rows.stretches()).toHaveLength(40);
  });
});
