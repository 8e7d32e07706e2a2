/** Do the benches of history run, and do their answers have the promised shape? Their numbers are no business of a test. */
import { describe, expect, it } from 'vitest';
import { replayBench } from '../../bench/replay.js';
import { startBench } from '../../bench/start.js';

describe.each([
  { name: 'replay', bench: replayBench, goals: ['>= 0.7', '<= 1.3'] },
  { name: 'start', bench: startBench, goals: ['<= 0.1', '<= 0.1'] },
])('npm run bench -- $name', ({ name, bench, goals }) => {
  it('answers rows with their rounds, and goals that are ratios', { timeout: 60_000 }, async () => {
    const report = await bench(true);
    expect(report.bench).toBe(name);
    for (const row of report.rows) {
      expect(row.rounds.length, row.name).toBeGreaterThanOrEqual(5);
      for (const value of row.rounds) expect(value).toBeGreaterThan(0);
    }
    expect(report.goals.map(({ goal }) => goal)).toEqual(goals);
    for (const { ratio, met } of report.goals) {
      expect(ratio).toBeGreaterThan(0);
      expect(typeof met).toBe('boolean');
    }
  });
});
