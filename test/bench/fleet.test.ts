/** Do the benches over SSH say what installs the programs that they need, where these are not there? */
import { describe, expect, it } from 'vitest';
import { cancelBench } from '../../bench/cancel.js';
import { dispatchBench } from '../../bench/dispatch.js';
import { followBench } from '../../bench/follow.js';
import { logsBench } from '../../bench/logs.js';
import { percentile, text } from '../../bench/report.js';

describe.each([
  {
    name: 'dispatch',
    bench: dispatchBench,
    goals: [
      '>= 6',
      '>= 1.6',
      '>= 0.7',
      '<= 0.45',
      '<= 1',
      '<= 1.5',
      '<= 0',
      '>= 0.9',
      '<= 0.06',
      '<= 3',
      '<= 0',
      '<= 7',
    ],
  },
  { name: 'logs', bench: logsBench, goals: ['>= 0.8'] },
  { name: 'cancel', bench: cancelBench, goals: ['<= 3'] },
  { name: 'follow', bench: followBench, goals: ['<= 3', '<= 10'] },
])('npm run bench -- $name, where nothing is installed', ({ name, bench, goals }) => {
  it('measures nothing, and says of each goal what to install', async () => {
    const report = await bench(true, (program) => `apt-get install the-package-of-${program}`);
    expect(report.bench).toBe(name);
    expect(report.rows).toEqual([]);
    expect(report.goals.map(({ goal, ratio, met }) => [goal, ratio, met])).toEqual(
      goals.map((goal) => [goal, null, null]),
    );
    for (const { name: goal } of report.goals)
      expect(goal).toContain('(not installed: apt-get install the-package-of-sshd && ');
    expect(text(report).match(/not measured/g)).toHaveLength(goals.length);
  });
});

it('a percentile is one of the values, the one that so many do not exceed', () => {
  const values = [5, 1, 4, 2, 3];
  expect([50, 99, 100, 20].map((percent) => percentile(values, percent))).toEqual([3, 5, 5, 1]);
});
