/** Does the bench run where nothing is installed that it compares with, and does it say how to install that? */
import { existsSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { text } from '../../bench/report.js';
import { lives } from '../../bench/store/contender.js';
import { temporaryFolder, tidily } from '../../bench/store/tidily.js';
import { storeBench } from '../../bench/store.js';

describe('npm run bench -- store', () => {
  it('measures our own store, and says of each peer what installs it', { timeout: 60_000 }, async () => {
    const report = await storeBench(true, ({ server }) => `apt-get install ${server}`);
    expect(Object.keys(report)).toEqual(['bench', 'machine', 'rows', 'goals']);
    expect(report.bench).toBe('store');
    expect(report.machine['disk']).toEqual(expect.any(String));
    expect(report.rows[0]?.name).toBe('SQLite store, 64 in flight');
    for (const { name, unit, median, rounds } of report.rows) {
      expect(rounds.length, name).toBeGreaterThanOrEqual(5);
      expect(unit).toBe('jobs/s');
      expect(median).toBeGreaterThan(0);
    }
    expect(report.goals.map(({ goal, ratio, met }) => [goal, ratio, met])).toEqual([
      ['>= 1.5', null, null],
      ['>= 5', null, null],
      ['>= 5', null, null],
    ]);
    expect(report.goals[0]?.name).toBe(
      'SQLite store / BullMQ at 64 in flight (not installed: apt-get install redis-server)',
    );
    expect(text(report).match(/not measured/g)).toHaveLength(3);
  });

  it('leaves no folder behind when it fails', async () => {
    let folder = '';
    const failing = tidily(async (undoing) => {
      folder = await temporaryFolder(undoing);
      expect(existsSync(folder)).toBe(true);
      throw new Error('the disk is full');
    });
    await expect(failing).rejects.toThrow('the disk is full');
    expect(existsSync(folder)).toBe(false);
  });

  it('takes no round whose jobs are not all found completed', async () => {
    const { measure } = lives(
      {
        name: 'forgetful',
        prepare: () => Promise.resolve({ live: () => Promise.resolve() }),
        completed: () => Promise.resolve(0),
      },
      2,
      3,
    );
    await expect(Promise.resolve(measure())).rejects.toThrow(
      'forgetful, 2 in flight: 0 of 3 jobs are completed',
    );
  });
});
