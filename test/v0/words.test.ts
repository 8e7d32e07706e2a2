import { describe, expect, it } from 'vitest';
import {
  elapsed,
  enqueueTime,
  statusOf,
  storedTimestamp,
  timestamp,
  together,
} from '../../src/http/v0/words.js';

describe('times', () => {
  it.each([
    ['2016-09-13T01:52:04.000Z', '00:00:00'],
    ['2016-09-13T01:44:08.999Z', '00:07:55'],
    ['2016-09-12T01:52:05.000Z', '23:59:59'],
    ['2016-09-12T01:52:04.000Z', '1d 00:00:00'],
    ['2016-09-01T00:00:00.000Z', '12d 01:52:04'],
    ['2016-09-13T02:00:00.000Z', '00:00:00'],
  ])('since %s it is %s', (from, told) => {
    expect(elapsed(from, '2016-09-13T01:52:04.000Z')).toBe(told);
  });

  it('are written as there, each kind in its own way', () => {
    const at = '2016-09-13T01:52:04.567Z';
    expect([timestamp(at), storedTimestamp(at), enqueueTime(at)]).toEqual([
      '2016-09-13 01:52:04',
      '2016-09-13T01:52:04Z',
      '2016-09-13 1:52:04',
    ]);
    expect(enqueueTime('2016-09-13T00:02:04.000Z')).toBe('2016-09-13 0:02:04');
    expect(enqueueTime('2016-09-13T11:52:04.000Z')).toBe('2016-09-13 11:52:04');
  });
});

describe('states', () => {
  it.each([
    ['queued', 'idle'],
    ['assigned', 'running'],
    ['running', 'running'],
    ['succeeded', 'passed'],
    ['failed', 'failed'],
    ['cancelled', 'failed'],
    ['timed_out', 'failed'],
    ['lost', 'failed'],
    ['expired', 'failed'],
    ['undeliverable', 'failed'],
  ] as const)('%s is %s', (status, told) => {
    expect(statusOf({ status })).toBe(told);
  });

  it.each([
    [['passed', 'failed', 'running', 'idle'], 'failed'],
    [['passed', 'running', 'idle'], 'running'],
    [['passed', 'idle', 'skipped'], 'idle'],
    [['passed', 'skipped'], 'passed'],
    [['skipped', 'skipped'], 'skipped'],
  ] as const)('%j together are %s', (statuses, told) => {
    expect(together(statuses)).toBe(told);
  });
});
