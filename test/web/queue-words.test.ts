import { describe, expect, it } from 'vitest';
import { retryText } from '../../projections/retry-wait.js';
import { detailOf, reasonNames, reasonOf, wordOf } from '../../src/web/queue/words.js';
import { QueueQuery } from '../../src/http/codecs.js';
import { stages } from '../../src/domain/stage-plan.js';
import { statusNames, stageNames } from '../../src/web/queue/words.js';

const job = '0b7f2c1e-0000-4000-8000-000000000001';

const textOf = (waiting: Parameters<typeof detailOf>[0]): string =>
  detailOf(waiting)
    .map(({ kind, text }) => (kind === 'text' ? text : `<${kind} ${text}>`))
    .join('');

describe('why a job waits, in words', () => {
  it('tells apart what waits for a runner to become free from what waits for somebody to act', () => {
    expect(reasonNames.filter((name) => reasonOf(name).tone === 'warn')).toEqual([
      ...['no_runner', 'none_matches', 'none_available'],
    ]);
    expect(reasonOf('all_busy').icon).not.toBe(reasonOf('none_matches').icon);
    expect(reasonOf('all_busy').text).not.toBe(reasonOf('none_matches').text);
  });

  it('given a reason that it does not know, or one by the name of a member of every object, then it shows the name', () => {
    expect(reasonOf('owner_away').text).toBe('owner away');
    expect(reasonOf('constructor').text).toBe('constructor');
    expect(wordOf('unmatched')).toBe('no runner can ever match');
  });

  it('offers what the API takes', () => {
    for (const reason of reasonNames) expect(QueueQuery.is({ reason })).toBe(true);
    for (const status of statusNames) expect(QueueQuery.is({ status })).toBe(true);
    expect(stageNames).toEqual(stages);
  });

  it('makes the runners that it names to links, and only whole names', () => {
    expect(
      textOf({
        reason: 'all_busy',
        detail: 'all available matching runners are busy: build-1, build-10, b.2',
        blockers: ['build-10', 'b.2'],
      }),
    ).toBe('build-1, <runner build-10>, <runner b.2>');
    expect(
      textOf({
        reason: 'none_available',
        detail: 'build-07 is paused until noon. build-08 unreachable',
        blockers: ['noon', 'build-08'],
      }),
    ).toBe('build-07 is paused until <runner noon>. <runner build-08> unreachable');
  });

  it('appends blockers that the sentence does not name; one by its id is a job', () => {
    expect(textOf({ reason: 'all_busy', detail: 'busy', blockers: [job, 'build-07'] })).toBe(
      `busy <job ${job}> <runner build-07>`,
    );
  });

  it('names three of many, and that there are others', () => {
    const draining = ['a', 'b', 'c', 'd', 'e'].map((name) => `r-${name} is draining`).join('; ');
    const blockers = ['r-a', 'r-b', 'r-c', 'r-d', 'r-e'];
    expect(textOf({ reason: 'none_available', detail: `${draining}; and others`, blockers })).toBe(
      '<runner r-a> is draining; <runner r-b> is draining; <runner r-c> is draining; and others',
    );
    const detail = 'all available matching runners are busy: r-a, r-b, r-c, r-d';
    expect(textOf({ reason: 'all_busy', detail, blockers: blockers.slice(0, 4) })).toBe(
      '<runner r-a>, <runner r-b>, <runner r-c>, and others',
    );
    expect(textOf({ reason: 'all_busy', detail, blockers: blockers.slice(0, 3) })).toBe(
      '<runner r-a>, <runner r-b>, <runner r-c>, r-d',
    );
  });

  it('leaves out what the word for the reason has said', () => {
    const one = 'the only available matching runner is busy: r-a';
    expect(textOf({ reason: 'all_busy', detail: one, blockers: ['r-a'] })).toBe('<runner r-a>');
    expect(textOf({ reason: 'no_runner', detail: 'no runner is enrolled', blockers: [] })).toBe('');
    const detail = 'no enrolled runner can ever match: wanted os is aix (they have linux)';
    expect(textOf({ reason: 'none_matches', detail, blockers: [] })).toBe(
      'wanted os is aix (they have linux)',
    );
  });

  it.each(['2026-01-31T11:59:40.000Z', undefined])(
    'given a job that is tried again, told at %s, then the time is one to count down from',
    (now) => {
      const until = '2026-01-31T12:00:00.000Z';
      const detail = retryText({ until, elsewhere: 'now', after: 'connect: refused, in 3 s' }, now) ?? '';
      expect(textOf({ reason: 'tried_again_later', detail, blockers: [], until })).toBe(
        `<until ${until}>, or at once on another runner, after: connect: refused, in 3 s`,
      );
      const plain = retryText({ until, after: 'exit 1' }, now) ?? '';
      expect(textOf({ reason: 'tried_again_later', detail: plain, blockers: [], until })).toBe(
        `<until ${until}>, after: exit 1`,
      );
    },
  );
});
