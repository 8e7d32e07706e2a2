/** Does the bench run, and does its answer have the promised shape? Its numbers are no business of a test. */
import { describe, expect, it } from 'vitest';
import { matchBench } from '../../bench/match.js';
import { text } from '../../bench/report.js';

describe('npm run bench -- match', () => {
  it('answers rows with their rounds, and goals that are ratios', { timeout: 30_000 }, async () => {
    const report = await matchBench(true);
    expect(Object.keys(report)).toEqual(['bench', 'machine', 'rows', 'goals']);
    expect(report.bench).toBe('match');
    for (const { name, unit, median, rounds } of report.rows) {
      expect(rounds.length, name).toBeGreaterThanOrEqual(5);
      expect([unit, typeof median, Number.isFinite(median)]).toEqual([expect.any(String), 'number', true]);
    }
    expect(report.goals.map(({ goal }) => goal)).toEqual(['<= 3', '<= 0.6', '<= 2']);
    for (const { ratio, met } of report.goals) {
      expect(ratio).toBeGreaterThan(0);
      expect(typeof met).toBe('boolean');
    }
    expect(text(report).split('\n')).toHaveLength(report.rows.length + report.goals.length + 2);
  });
});
