import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { age, duration, json, table } from '../../src/cli/print.js';
import { logFilter, plain } from '../../src/cli/terminal.js';
import { prefixed } from '../../src/cli/wait.js';

const through = (text: string, colours = true): string => {
  const filter = logFilter(colours);
  return filter.push(Buffer.from(text)) + filter.end();
};

describe('logFilter', () => {
  it.each([
    ['\u001b[31mred\u001b[0m', '\u001b[31mred\u001b[0m\u001b[0m'],
    ['\u001b[38;5;8mgrey', '\u001b[38;5;8mgrey\u001b[0m'],
    ['\u001b[1;32;48;2;1;2;3mx', '\u001b[1;32;48;2;1;2;3mx\u001b[0m'],
  ])('given the colour %j, then it stays and is ended', (text, expected) => {
    expect(through(text)).toBe(expected);
  });

  it.each([
    '\u001b]0;title\u0007',
    '\u001b]52;c;ZXZpbA==\u0007',
    '\u001b[2J\u001b[H',
    '\u001b[6n',
    '\u001bP+q544e\u001b\\',
    '\u001b[8mhidden',
    '\u001bc',
    '\u009b31m',
    'a\rb',
    'a\bb',
    '\u202eevil',
  ])('given %j, then nothing of it reaches the terminal as a command', (text) => {
    expect(through(text)).not.toMatch(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e]/u);
  });

  it('given NO_COLOR, then colours are taken out', () => {
    expect(through('\u001b[31mred\u001b[0m\n', false)).toBe('red\n');
  });

  it('given lines that end as on Windows, then they are lines, even when cut', () => {
    const filter = logFilter(true);
    expect(filter.push(Buffer.from('a\r')) + filter.push(Buffer.from('\nb')) + filter.end()).toBe('a\nb');
  });

  it('given any text cut anywhere, then the result is that of the whole', () => {
    const piece = fc.oneof(
      fc.constantFrom(
        '\u001b[31m',
        '\u001b[',
        '\u001b',
        'm',
        '\r',
        '\n',
        '\r\n',
        '\u001b[0m',
        'ä',
        '\u{1f680}',
        '\u009b',
      ),
      fc.string({ maxLength: 4 }),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 20 }), fc.array(fc.nat(60)), (parts, cuts) => {
        const bytes = Buffer.from(parts.join(''));
        const filter = logFilter(true);
        let result = '';
        let at = 0;
        for (const cut of [...cuts].sort((a, b) => a - b)) {
          result += filter.push(bytes.subarray(at, Math.max(at, cut)));
          at = Math.max(at, Math.min(cut, bytes.length));
        }
        result += filter.push(bytes.subarray(at)) + filter.end();
        expect(result).toBe(through(parts.join('')));
      }),
    );
  });

  it('given any bytes, then no command beside colours comes through', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        const filter = logFilter(true);
        const text = filter.push(bytes) + filter.end();
        expect(text.replace(/\u001b\[[0-9;:]*m/gu, '')).not.toMatch(
          /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/u,
        );
      }),
    );
  });
});

describe('prefixed', () => {
  it('given pieces of lines, then each whole line has its prefix, and colours end with their line', () => {
    const lines = prefixed('build-07 verify/unit', true);
    const text = [
      lines.push(Buffer.from('on')),
      lines.push(Buffer.from('e\n\u001b[31mtwo\nthr')),
      lines.end(),
    ].join('');
    expect(text).toBe(
      'build-07 verify/unit | one\nbuild-07 verify/unit | \u001b[31mtwo\u001b[0m\nbuild-07 verify/unit | thr\n',
    );
  });
});

describe('table', () => {
  it('given cells with controls, then they are shown and columns stay aligned', () => {
    expect(
      table(
        ['A', 'B'],
        [
          ['x\u001b[2Jy', '1'],
          ['z\nq', '2'],
        ],
      ),
    ).toBe(['A       B', 'x␛[2Jy  1', 'z␊q     2'].join('\n'));
  });
});

describe('age', () => {
  const now = Date.parse('2026-01-31T12:00:00.000Z');
  it.each([
    ['2026-01-31T11:59:57.000Z', '3 s ago'],
    ['2026-01-31T11:55:01.000Z', '4 min ago'],
    ['2026-01-31T09:59:00.000Z', '2 h ago'],
    ['2026-01-27T11:00:00.000Z', '4 d ago'],
    ['2026-01-31T12:00:01.000Z', 'just now'],
  ])('given %s, then %s', (instant, expected) => expect(age(instant, now)).toBe(expected));
  it('given a length below a second, then milliseconds', () => expect(duration(12.4)).toBe('12 ms'));
});

describe('json', () => {
  it('given controls, then they are escaped and the value is the same', () => {
    const value = { a: '\u009b2J\u202e\u007f\u001b' };
    expect(json(value)).not.toMatch(/[\u001b\u007f-\u009f\u202e]/u);
    expect(JSON.parse(json(value))).toEqual(value);
  });
});

describe('plain', () => {
  it('given colours, then even they are shown', () => expect(plain('\u001b[31mx')).toBe('␛[31mx'));
});
