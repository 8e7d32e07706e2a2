import { describe, expect, it } from 'vitest';
import { deadlineOf } from '../../src/domain/deadline.js';

const now = '2026-01-01T00:00:00.000Z';

describe('the end of a pause', () => {
  it.each([
    ['90s', '2026-01-01T00:01:30.000Z'],
    ['30m', '2026-01-01T00:30:00.000Z'],
    ['1h30m', '2026-01-01T01:30:00.000Z'],
    ['2d', '2026-01-03T00:00:00.000Z'],
    ['2026-01-31T12:00:00Z', '2026-01-31T12:00:00.000Z'],
    ['2026-01-31T12:00+02:00', '2026-01-31T10:00:00.000Z'],
  ])('given %s, then %s', (text, end) => {
    expect(deadlineOf(text, now)).toBe(end);
  });
  it.each([
    '',
    '30',
    'm',
    '-5m',
    '1m1h',
    '1.5h',
    'tomorrow',
    '2026-01-31',
    '2026-01-31T12:00:00',
    '2026-13-01T00:00:00Z',
  ])('given %j, then it is none', (text) => {
    expect(deadlineOf(text, now)).toBeUndefined();
  });
});
