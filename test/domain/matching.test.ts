import { describe, expect, it } from 'vitest';
import { judge, suits, type Candidate } from '../../src/domain/matching.js';
import type { Clause } from '../../src/events/shapes.js';

const runner: Candidate = {
  name: 'build-07.example.org',
  attributes: { hostname: 'build-07', architecture: 'x86_64', platform_version: '8.6' },
  labels: ['gpu', 'fast'],
};
const clause = (key: string, op: Clause['op'], ...values: readonly string[]): Clause => ({ key, op, values });

describe('hostname', () => {
  it.each(['build-07', 'build-07.example.org'])(
    'is what the machine says and what it was enrolled as: %s',
    (name) => {
      expect(suits(runner, [clause('hostname', 'in', 'other', name)])).toBe(true);
    },
  );
  it('is compared exactly, and told', () => {
    expect(judge(runner, [clause('hostname', 'in', 'build-0', 'BUILD-07', 'build.07')])).toEqual([
      { clause: expect.anything() as Clause, holds: false, found: 'build-07, build-07.example.org' },
    ]);
  });
  it('given a runner that was never looked at, then its name counts', () => {
    const unseen = { ...runner, attributes: {} };
    expect(suits(unseen, [clause('hostname', 'in', 'build-07')])).toBe(false);
    expect(suits(unseen, [clause('hostname', 'in', 'build-07.example.org')])).toBe(true);
  });
});

describe('ways to compare', () => {
  it.each([
    [clause('architecture', 'in', 'x86_64'), true],
    [clause('labels', 'all', 'gpu', 'fast'), true],
    [clause('labels', 'all', 'gpu', 'slow'), false],
    [clause('labels', 'none', 'slow'), true],
    [clause('labels', 'none', 'gpu'), false],
    [clause('platform_version', 'version', '>=9', '>=8 <8.7'), true],
    [clause('platform_version', 'version', '<8'), false],
    [clause('os', 'version', '<8'), false],
  ])('%j: %s', (one, expected) => {
    expect(suits(runner, [one])).toBe(expected);
  });
});
