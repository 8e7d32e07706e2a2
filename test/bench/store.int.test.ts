/** Does the bench run with the real peers, and does it take its servers down, also when it is interrupted? */
import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Report } from '../../bench/report.js';
import { missing, PEERS } from '../../bench/store.js';
import { beginBench } from './begin.js';

const program = join(import.meta.dirname, '..', '..', 'dist', 'bench', 'run.js');
const canRun = existsSync(program) && PEERS.every((peer) => missing(peer) === undefined);

describe.skipIf(!canRun)('npm run bench -- store, with its peers [needs peers]', () => {
  let folder = '';
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'baton-peers-'));
    // PostgreSQL may run as another user
    chmodSync(folder, 0o711);
  });
  afterEach(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  const begin = () => beginBench(program, 'store', folder);

  /** Process ids of the PostgreSQL servers that are there. */
  const servers = (): readonly number[] =>
    readdirSync(folder)
      .map((name) => join(folder, name, 'data', 'postmaster.pid'))
      .filter((file) => existsSync(file))
      .map((file) => Number(readFileSync(file, 'utf8').split('\n')[0]));

  it('compares, and leaves nothing behind', async () => {
    const { closed, said } = begin();
    expect([await closed, said().err]).toEqual([[0, null], '']);
    const { goals } = JSON.parse(said().out) as Report;
    for (const { ratio, met } of goals) {
      expect(ratio).toBeGreaterThan(0);
      expect(typeof met).toBe('boolean');
    }
    expect(readdirSync(folder)).toEqual([]);
  });

  it('ends its servers and removes their data on Ctrl-C', async () => {
    const { child, closed } = begin();
    const pids = await vi.waitFor(
      () => {
        const found = servers();
        expect(found).toHaveLength(2);
        return found;
      },
      { timeout: 60_000, interval: 50 },
    );
    child.kill('SIGINT');
    expect(await closed).toEqual([130, null]);
    for (const pid of pids) expect(() => process.kill(pid, 0)).toThrow('ESRCH');
    expect(readdirSync(folder)).toEqual([]);
  });
});
