import { describe, expect, it } from 'vitest';
import type { LogBatch } from '../../../plugin/contract.js';
import { Cursor, follow, type Effect } from '../../../plugin/hosts/screwdriver/follow.js';
import { metaOf } from '../../../plugin/hosts/screwdriver/left-meta.js';

const word = 'f00d';
const batch = (offset: number, text: string, more: Partial<LogBatch> = {}): LogBatch => ({
  ...{ phaseRunId: 'p', hostKey: 'sd:1', attempt: 1, jobId: 'j', label: '', jobAttempt: 1, output: 'merged' },
  ...{ offset, text, bytes: new TextEncoder().encode(text), line: 1, continues: false, final: false },
  ...more,
});
const start = (name: string, at: number): string => `section_start:${at}:${name}.${word}\r\u001b[0K${name}\n`;
const end = (name: string, at: number, code: number): string =>
  `section_end:${at}:${name}.${word}\r\u001b[0Kexit code ${code}\n`;

const story = (effects: readonly Effect[]): readonly string[] =>
  effects.map((effect) => {
    if (effect.kind === 'page') return `${effect.page.step} ${effect.page.lines.map(({ m }) => m).join('|')}`;
    return effect.kind === 'begin'
      ? `begin ${effect.step} ${effect.at}`
      : `end ${effect.step} ${effect.at} ${effect.code} ${effect.lines}`;
  });
const go = (before: Cursor | undefined, one: LogBatch) => {
  const next = follow(word, before, one, 9);
  if (next === undefined) throw new Error('all of it was known');
  return next;
};

describe('follow', () => {
  it('ends the launcher where the first step begins, and tells lines before the end of their step', () => {
    const { effects, cursor } = go(
      undefined,
      batch(0, `hello\n${start('one', 10)}a\nb\n${end('one', 12, 0)}${start('two', 12)}${end('two', 13, 4)}`),
    );
    expect(story(effects)).toEqual([
      'sd-setup-launcher hello',
      'end sd-setup-launcher 10 0 1',
      'begin one 10',
      'one a|b',
      'end one 12 0 2',
      'begin two 12',
      'end two 13 4 0',
    ]);
    expect(cursor.failed).toBe('two');
  });

  it('goes on with the page of a step in the next batch', () => {
    const first = go(undefined, batch(0, `${start('one', 10)}a\n`));
    const next = go(first.cursor, batch(first.cursor.end, `b\n`));
    expect(story(next.effects)).toEqual(['one a|b']);
  });

  it('knows a repeat, and of a longer one takes only what is new', () => {
    const text = `${start('one', 10)}a\n`;
    const first = go(undefined, batch(0, text));
    expect(follow(word, first.cursor, batch(0, text), 9)).toBeUndefined();
    expect(story(go(first.cursor, batch(0, `${text}ü\n`)).effects)).toEqual(['one a|ü']);
  });

  it('an empty last batch gives the line that was kept back', () => {
    const first = go(undefined, batch(0, `${start('one', 10)}tail`));
    expect(first.effects.map(({ kind }) => kind)).toEqual(['end', 'begin']);
    const last = go(first.cursor, batch(first.cursor.end, '', { final: true }));
    expect(story(last.effects)).toEqual(['one tail']);
  });

  it('goes on with what an earlier version of the program kept', () => {
    const kept: unknown = JSON.parse(
      '{"jobAttempt":1,"end":40,"rest":"ha","current":"one","open":true,"log":{"count":1,"last":[{"t":3,"m":"a","n":0}]},"metaText":"","failed":"zero"}',
    );
    if (!Cursor.is(kept)) throw new Error('it is not understood');
    const { cursor, effects } = go(kept, batch(40, `lf\n${end('one', 12, 0)}`));
    expect(story(effects)).toEqual(['one a|half', 'end one 12 0 2']);
    expect(cursor.failed).toBe('zero');
    expect(Object.keys(cursor).sort()).toEqual(Object.keys(kept).sort());
  });

  it('another try of the job begins everything anew, and what comes late of the one before is known', () => {
    const first = go(undefined, batch(0, `${start('one', 10)}a\n${end('one', 11, 5)}`));
    const again = go(first.cursor, batch(0, `${start('one', 20)}b\n`, { jobAttempt: 2 }));
    expect(story(again.effects)).toEqual(['end sd-setup-launcher 20 0 0', 'begin one 20', 'one b']);
    expect(again.cursor.failed).toBeUndefined();
    expect(follow(word, again.cursor, batch(99, 'late\n'), 9)).toBeUndefined();
  });

  it('the meta that the build leaves is kept, and shown in no log', () => {
    const base64 = Buffer.from('{"a":1}').toString('base64');
    const { effects, cursor } = go(
      undefined,
      batch(0, `${start('sd.meta', 5)}${base64}\n${end('sd.meta', 5, 0)}`),
    );
    expect(story(effects)).toEqual(['end sd-setup-launcher 5 0 0']);
    expect(metaOf('{"b":2}', cursor.meta)).toEqual({ a: 1 });
  });
});

describe('metaOf', () => {
  it('is that from before when the build left none, or none that is an object', () => {
    for (const left of [undefined, '', Buffer.from('[1]').toString('base64'), 'W21hc2tlZF0'])
      expect(metaOf('{"b":2}', left)).toEqual({ b: 2 });
    expect(metaOf('', undefined)).toEqual({});
  });
});
