/** Words that all pages share: sentences of the server, lengths of time, and what stands below a chart. */
import { describe, expect, it } from 'vitest';
import { lengthOf, lengthOfPast } from '../../src/web/parts/length.js';
import { partsOf } from '../../src/web/parts/sentence-parts.js';
import { timeTicks } from '../../src/web/parts/ticks.js';

describe('a sentence of the server', () => {
  const kinds = (sentence: string) => partsOf(sentence).map(({ kind, text }) => `${kind}:${text}`);

  it('shows what stands between backticks as code, and instants as such', () => {
    expect(kinds('Compare the key, then run `baton runner test x`.')).toEqual([
      'text:Compare the key, then run ',
      'code:baton runner test x',
      'text:.',
    ]);
    expect(kinds('paused until 2026-11-29T13:37:10.085Z by ops-1: backup')).toEqual([
      'text:paused until ',
      'instant:2026-11-29T13:37:10.085Z',
      'text: by ops-1: backup',
    ]);
  });

  it('loses nothing, whatever stands in it', () => {
    for (const sentence of ['', '`', 'a ` b', '``', '`a``b`', '2026-13-99T99:99:99Z', '<b>`x`</b>'])
      expect(
        partsOf(sentence)
          .map(({ kind, text }) => (kind === 'code' ? `\`${text}\`` : text))
          .join(''),
      ).toBe(sentence);
    expect(kinds('at 2026-13-99T99:99:99Z')).toEqual(['text:at ', 'text:2026-13-99T99:99:99Z']);
  });
});

it('tells short times that are over in milliseconds, and very short ones as no more than that', () => {
  expect([0, 99, 120.4, 999, 61_000].map(lengthOfPast)).toEqual([
    ...['under 0.1 s', 'under 0.1 s', '120 ms', '999 ms', '1 min 01 s'],
  ]);
  expect(lengthOf(400)).toBe('0 s');
});

describe('the axis of time', () => {
  const noon = Date.UTC(2026, 0, 31, 12) / 1000;
  const at = (...hours: readonly number[]) => hours.map((hour) => noon + hour * 3600);

  it('has the clock of who looks, and the day where it begins to be another', () => {
    expect(timeTicks(at(9, 10, 12, 13), 3600, 'en-GB', 'UTC')).toEqual([
      ...['21:00\n31 Jan', '22:00', '00:00\n1 Feb', '01:00'],
    ]);
    expect(timeTicks(at(0), 3600, 'en-GB', 'Asia/Kolkata')).toEqual(['17:30\n31 Jan']);
  });

  it('has days alone where a step is one', () => {
    expect(timeTicks(at(0, 24), 86_400, 'en-GB', 'UTC')).toEqual(['31 Jan', '1 Feb']);
  });
});
