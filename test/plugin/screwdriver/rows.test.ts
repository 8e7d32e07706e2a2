import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { LogBatch } from '../../../plugin/contract.js';
import type { Effect } from '../../../plugin/hosts/screwdriver/follow.js';
import { endRows, followRow, type RowsCursor, type Several } from '../../../plugin/hosts/screwdriver/rows.js';

const build: Several = { word: 'f00d', labels: ['a', 'b'], order: ['one', 'two', 'teardown-x'] };
const start = (name: string, at: number): string => `section_start:${at}:${name}.f00d\r\u001b[0K${name}\n`;
const end = (name: string, at: number, code: number): string =>
  `section_end:${at}:${name}.f00d\r\u001b[0Kexit code ${code}\n`;
const meta = (value: object): string =>
  `${start('sd.meta', 99)}${Buffer.from(JSON.stringify(value)).toString('base64')}\n${end('sd.meta', 99, 0)}`;

const batch = (label: string, offset: number, text: string, more: Partial<LogBatch> = {}): LogBatch => ({
  ...{ phaseRunId: 'p', hostKey: 'sd:1', attempt: 1, jobId: label, label, jobAttempt: 1, output: 'merged' },
  ...{ offset, text, bytes: new TextEncoder().encode(text), line: 1, continues: false, final: false },
  ...more,
});

/** What Screwdriver and its log store have in the end, of what they were told. */
const seen = (effects: readonly Effect[]) => {
  const pages = new Map<string, readonly string[]>();
  const ends = new Map<string, string>();
  const begun: string[] = [];
  for (const effect of effects)
    if (effect.kind === 'page')
      pages.set(
        `${effect.page.step} ${effect.page.page}`,
        effect.page.lines.map(({ m }) => m),
      );
    else if (effect.kind === 'begin') begun.push(effect.step);
    else ends.set(effect.step, `${effect.at} code ${effect.code}, ${effect.lines} lines`);
  return { pages, ends, begun };
};

/** Tells batches one after the other; offsets follow from what was told of the row. */
const teller = (several: Several = build) => {
  let cursor: RowsCursor | undefined;
  const effects: Effect[] = [];
  const offsets = new Map<string, number>();
  return {
    tell: (label: string, text: string, more: Partial<LogBatch> = {}) => {
      const offset = offsets.get(label) ?? 0;
      const next = followRow(several, cursor, batch(label, offset, text, more), 9);
      if (next === undefined) throw new Error('all of it was known');
      offsets.set(label, offset + new TextEncoder().encode(text).length);
      cursor = next.cursor;
      effects.push(...next.effects);
      return next.effects;
    },
    end: () => {
      const last = endRows(several, cursor);
      effects.push(...last.effects);
      return last;
    },
    seen: () => seen(effects),
    effects,
    cursor: () => cursor,
  };
};

describe('followRow', () => {
  it('a step begins with the first row and ends with the last, and each line says its row', () => {
    const { tell, seen: now } = teller();
    tell('a', `${start('one', 10)}from a\n${end('one', 11, 0)}${start('two', 11)}`, { runner: 'r1' });
    expect(now().begun).toEqual(['one', 'two']);
    expect(now().ends.size).toBe(0);
    tell('b', `${start('one', 20)}from b\n`, { runner: 'r2' });
    expect(now().ends).toEqual(new Map([['sd-setup-launcher', '20 code 0, 2 lines']]));
    tell('b', end('one', 22, 0));
    expect(now().begun).toEqual(['one', 'two']);
    expect(now().pages.get('sd-setup-launcher 0')).toEqual(['[a] runs on r1', '[b] runs on r2']);
    expect(now().ends.get('one')).toBe('22 code 0, 2 lines');
    expect(now().pages.get('one 0')).toEqual(['[a] from a', '[b] from b']);
  });

  it('a step that one row does not reach is what the other says, and its code that of the first row that failed', () => {
    const { tell, end: over, seen: now } = teller();
    tell('b', `${start('one', 10)}${end('one', 11, 7)}${start('teardown-x', 11)}${end('teardown-x', 12, 0)}`);
    tell('b', '', { final: true });
    tell('a', `${start('one', 10)}${end('one', 13, 0)}${start('two', 13)}${end('two', 15, 4)}`);
    expect(now().ends.get('one')).toBe('13 code 7, 0 lines');
    expect(now().ends.get('two')).toBe('15 code 4, 0 lines');
    expect(now().ends.has('teardown-x')).toBe(false);
    tell('a', '', { final: true });
    expect(now().ends.get('teardown-x')).toBe('12 code 0, 0 lines');
    expect(over().effects).toEqual([]);
  });

  it('a step that a row left in the middle stays open when all went well for the others, and has the code of one that did not', () => {
    const left = teller();
    left.tell('a', `${start('one', 10)}${end('one', 11, 0)}`);
    left.tell('b', start('one', 10), { final: true });
    left.tell('a', '', { final: true });
    left.end();
    expect(left.seen().ends.has('one')).toBe(false);
    const failed = teller();
    failed.tell('a', `${start('one', 10)}${end('one', 11, 3)}`);
    failed.tell('b', start('one', 10), { final: true });
    expect(failed.seen().ends.get('one')).toBe('11 code 3, 0 lines');
  });

  it('a row that never came keeps no step open once the build has ended', () => {
    const { tell, end: over, seen: now } = teller();
    tell('a', `${start('one', 10)}${end('one', 11, 0)}`, { final: true });
    expect(now().ends.size).toBe(0);
    over();
    expect([...now().ends.keys()]).toEqual(['sd-setup-launcher', 'one']);
  });

  it('what calls itself a step of before, or is none of the build, changes nothing', () => {
    const { tell, seen: now } = teller();
    tell('a', `${start('two', 10)}${start('one', 11)}${start('strange', 12)}x\n`);
    expect(now().begun).toEqual(['two']);
    expect(now().pages).toEqual(new Map([['two 0', ['[a] x']]]));
  });

  it('a row that is run anew adds to what stands there, and ends its steps again', () => {
    const { tell, cursor, seen: now } = teller();
    const all = `${start('one', 10)}x\n${end('one', 11, 3)}${start('teardown-x', 11)}`;
    tell('a', all, { final: true });
    tell('b', all, { final: true });
    expect(now().ends.get('one')).toBe('11 code 3, 2 lines');
    const again = followRow(
      build,
      cursor(),
      batch('a', 0, `${start('one', 30)}y\n${end('one', 31, 0)}${start('two', 31)}`, { jobAttempt: 2 }),
      9,
    );
    const { pages, ends } = seen(again?.effects ?? []);
    expect(ends.get('one')).toBe('31 code 3, 101 lines');
    expect(pages).toEqual(new Map([['one 1', ['[a] y']]]));
    expect(followRow(build, again?.cursor, batch('a', 0, all), 9)).toBeUndefined();
  });

  it('keeps no lines of a step that all rows have behind them', () => {
    const { tell, cursor } = teller();
    for (const label of build.labels)
      tell(label, `${start('one', 10)}x\n${end('one', 11, 0)}${start('two', 11)}`);
    expect(cursor()?.steps.map(({ name, log }) => [name, log.last.length])).toEqual([
      ['sd-setup-launcher', 0],
      ['one', 0],
      ['two', 0],
    ]);
  });

  it('each row leaves its meta', () => {
    const { tell, end: over } = teller();
    tell('a', `${start('one', 1)}${meta({ a: 1 })}`, { final: true });
    expect(over().cursor.rows.map(({ label, meta: left }) => [label, left])).toEqual([
      ['a', Buffer.from('{"a":1}').toString('base64')],
    ]);
  });
});

/** How a row goes: up to a step, with so many lines in each, and the code of the last. */
interface Way {
  readonly steps: number;
  readonly lines: number;
  readonly code: number;
}

const textOf = (label: string, { steps, lines, code }: Way): string => {
  const run = build.order.slice(0, 2).slice(0, steps);
  const part = (step: string, at: number, ended: number): string =>
    start(step, at) +
    Array.from({ length: lines }, (_, n) => `${label} ${step} ${n}\n`).join('') +
    end(step, at + 1, ended);
  return [
    ...run.map((step, i) => part(step, 10 * (i + 1), i === run.length - 1 ? code : 0)),
    part('teardown-x', 50, 0),
    meta({ [label]: 1 }),
  ].join('');
};

describe('rows that are told in turns of any kind, also after crashes', () => {
  const way = fc.record({ steps: fc.integer({ min: 1, max: 2 }), lines: fc.nat(130), code: fc.nat(3) });
  /** Whose turn it is, how much of its output, and whether the process ends before that is kept. */
  const turn = fc.record({ row: fc.nat(2), bytes: fc.integer({ min: 1, max: 900 }), crash: fc.boolean() });

  it('each line of each row stands once in the pages, in the order of its row; steps begin once and end as all of them say', () => {
    fc.assert(
      fc.property(fc.tuple(way, way, way), fc.array(turn, { maxLength: 60 }), (ways, turns) => {
        const several: Several = { ...build, labels: ['a', 'b', 'c'] };
        const texts = several.labels.map((label, i) => textOf(label, ways[i] ?? ways[0]));
        const done = texts.map(() => 0);
        const told: Effect[] = [];
        let cursor: RowsCursor | undefined;
        const step = (row: number, bytes: number, crash: boolean): void => {
          const [text = '', offset = 0] = [texts[row], done[row]];
          const [label = '', piece] = [several.labels[row], text.slice(offset, offset + bytes)];
          const final = offset + piece.length === text.length;
          const next = followRow(
            several,
            cursor,
            batch(label, offset, piece, { final, runner: `on-${label}` }),
            9,
          );
          told.push(...(next?.effects ?? []));
          if (crash || next === undefined) return;
          // as it is read from the disk
          const kept: unknown = JSON.parse(JSON.stringify(next.cursor));
          expect(kept).toEqual(next.cursor);
          ({ cursor } = next);
          done[row] = offset + piece.length;
        };
        for (const { row, bytes, crash } of turns) step(row, bytes, crash);
        for (const row of texts.keys())
          while ((done[row] ?? 0) < (texts[row] ?? '').length) step(row, 700, false);
        told.push(...endRows(several, cursor).effects);

        const { pages, ends, begun } = seen(told);
        expect([...(pages.get('sd-setup-launcher 0') ?? [])].sort()).toEqual([
          '[a] runs on on-a',
          '[b] runs on on-b',
          '[c] runs on on-c',
        ]);
        for (const [at, name] of build.order.entries()) {
          const reach = ways.map(({ steps }) => name === 'teardown-x' || at < steps);
          const lines = [...pages].filter(([key]) => key.startsWith(`${name} `)).flatMap(([, page]) => page);
          for (const [i, label] of several.labels.entries()) {
            const expected = Array.from(
              { length: reach[i] === true ? (ways[i]?.lines ?? 0) : 0 },
              (_, n) => `[${label}] ${label} ${name} ${n}`,
            );
            expect(lines.filter((line) => line.startsWith(`[${label}] `))).toEqual(expected);
          }
          const codes = ways.flatMap(({ steps, code }, i) =>
            reach[i] !== true ? [] : [name !== 'teardown-x' && at === steps - 1 ? code : 0],
          );
          const code = codes.find((one) => one !== 0) ?? 0;
          expect(ends.get(name)).toBe(
            codes.length === 0
              ? undefined
              : `${name === 'teardown-x' ? 51 : 10 * at + 11} code ${code}, ${lines.length} lines`,
          );
          expect(begun.includes(name)).toBe(codes.length > 0);
        }
      }),
      { numRuns: 60 },
    );
  });
});
