/** Does the bench run, and does its answer have the promised shape? Its numbers are no business of a test. */
import { describe, expect, it } from 'vitest';
import { replayBench } from '../../bench/replay.js';
import { text } from '../../bench/report.js';

describe('npm run bench -- replay', () => {
  it('answers rows with their rounds, and goals that are ratios', { timeout: 60_000 }, async () => {
    const report = await replayBench(true);
    expect(Object.keys(report)).toEqual(['bench', 'machine', 'rows', 'goals']);
    expect(report.bench).toBe('replay');
    for (const { name, unit, median, rounds } of report.rows) {
      expect(rounds.length, name).toBeGreaterThanOrEqual(5);
      expect([unit, Number.isFinite(median)]).toEqual(['events/s', true]);
    }
    expect(report.goals.map(({ goal }) => goal)).toEqual(['>= 0.7', '<= 1.3']);
    for (const { ratio, met } of report.goals) {
      expect(ratio).toBeGreaterThan(0);
      expect(typeof met).toBe('boolean');
    }
    expect(text(report).split('\n')).toHaveLength(report.rows.length + report.goals.length + 2);
  });
});
