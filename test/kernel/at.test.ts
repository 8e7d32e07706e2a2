import { describe, expect, it } from 'vitest';
import { parseAt, parseTime } from '../../src/kernel/at.js';

describe('a moment of the past', () => {
  it.each([
    ['2026-01-31T12:00:00Z', '2026-01-31T12:00:00.000Z'],
    ['2026-01-31t12:00:00.5z', '2026-01-31T12:00:00.500Z'],
    ['2026-01-31T12:00:00.123456Z', '2026-01-31T12:00:00.123Z'],
    ['2026-01-31T00:30:00+01:00', '2026-01-30T23:30:00.000Z'],
    ['2024-02-29T00:00:00Z', '2024-02-29T00:00:00.000Z'],
  ])('%s is the instant %s', (text, instant) => {
    expect(parseTime(text)).toBe(instant);
  });
  it.each([
    ...['', 'yesterday', '2026-01-31', '2026-01-31 12:00:00Z', '2026-01-31T12:00:00', '2026-01-31T12:00Z'],
    ...['2026-02-30T00:00:00Z', '2026-13-01T00:00:00Z', '2026-01-31T24:00:01Z', '2026-01-31T12:00:00+25:00'],
    ...['20260131T120000Z', '2026-01-31T12:00:60Z', ' 2026-01-31T12:00:00Z', '1e3', '-1', '007', '1/2/3'],
  ])('%j is none', (text) => {
    expect(parseAt(text)).toBeUndefined();
  });
  it.each([
    ['0', '0'],
    ['42', '42'],
    ['42/41', '42/41'],
    ['start', ''],
  ])('%s is a position', (text, position) => {
    expect(parseAt(text)).toEqual({ kind: 'position', position });
  });
});
