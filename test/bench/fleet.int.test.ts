/** Do the benches over SSH run with a real sshd, and do they take everything down, also when they are interrupted? */
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { processesOf } from '../../bench/fleet/processes.js';
import { BASICS, missing } from '../../bench/fleet/programs.js';
import type { Report } from '../../bench/report.js';
import { requiresSshd } from '../sshd.js';
import { beginBench } from './begin.js';

const program = join(import.meta.dirname, '..', '..', 'dist', 'bench', 'run.js');
const canRun = existsSync(program) && BASICS.every((one) => missing(one) === undefined);

describe.skipIf(!canRun && !requiresSshd)(
  'npm run bench, over SSH [needs sshd]',
  { timeout: 300_000 },
  () => {
    let folder = '';
    beforeEach(() => {
      folder = mkdtempSync(join(tmpdir(), 'baton-fleet-'));
    });
    afterEach(() => {
      rmSync(folder, { recursive: true, force: true });
    });

    const begin = (name: string) => beginBench(program, name, folder);

    const nothingIsLeft = async (): Promise<void> => {
      expect(await processesOf(folder)).toEqual([]);
      expect(readdirSync(folder)).toEqual([]);
    };

    it.each([
      { name: 'dispatch', goals: 12 },
      { name: 'logs', goals: 1 },
      { name: 'cancel', goals: 1 },
      { name: 'follow', goals: 2 },
    ])('$name compares, says what is not there, and leaves nothing behind', async ({ name, goals }) => {
      const { closed, said } = begin(name);
      const [code, signal] = (await closed) as [number | null, NodeJS.Signals | null];
      expect([code, signal], said().err).toEqual([0, null]);
      const report = JSON.parse(said().out) as Report;
      expect(Object.keys(report)).toEqual(['bench', 'machine', 'rows', 'goals']);
      expect(report.bench).toBe(name);
      for (const { name: row, unit, median, rounds } of report.rows) {
        expect(rounds.length, row).toBeGreaterThanOrEqual(5);
        expect([typeof unit, typeof median, Number.isFinite(median)], row).toEqual([
          'string',
          'number',
          true,
        ]);
      }
      expect(report.goals).toHaveLength(goals);
      for (const { name: goal, ratio, met } of report.goals)
        if (met === null) {
          expect(ratio, goal).toBeNull();
          expect(goal).toMatch(/\((?:not installed: apt-get install \S+|needs root, .+)\)$/);
        } else {
          expect(ratio, goal).toBeGreaterThanOrEqual(0);
        }
      await nothingIsLeft();
    });

    it('ends sshd, the jobs and itself on SIGTERM', async () => {
      const { child, closed } = begin('follow');
      await vi.waitFor(
        async () => {
          const jobs = (await processesOf(folder)).filter(({ command }) => command.startsWith('perl'));
          expect(jobs.length).toBeGreaterThan(0);
        },
        { timeout: 60_000, interval: 50 },
      );
      child.kill('SIGTERM');
      expect(await closed).toEqual([143, null]);
      await nothingIsLeft();
    });
  },
);
