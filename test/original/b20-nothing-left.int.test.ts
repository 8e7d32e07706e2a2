import { mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as E from 'fp-ts/lib/Either.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ChangeView } from '../../src/app/use-cases.js';
import { startRunner, type DemoRunner } from '../../src/cli/demo/fleet.js';
import { readConfig } from '../../src/config.js';
import { logger, startBaton, type Baton } from '../../src/main.js';
import { until } from '../e2e/processes.js';
import { aRepository, commit, gitIn } from '../source/given-repository.js';

let folder = '';
let repository = '';
let baton: Baton;
let runner: DemoRunner;

const ask = async <A>(path: string, body?: unknown): Promise<A> => {
  const response = await fetch(`${baton.url}/api/v1${path}`, {
    headers: { Authorization: `Bearer ${baton.firstToken ?? ''}`, 'Content-Type': 'application/json' },
    ...(body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }),
  });
  if (!response.ok) throw new Error(`${path}: ${await response.text()}`);
  return (await response.json()) as A;
};

beforeAll(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), 'baton-leak-')));
  repository = aRepository(join(folder, 'git', 'shop'), {
    '.delivery/project.toml': '[local_phases]\nunit = "true"\n',
  });
  const data = join(folder, 'data');
  const repoRoot = [join(folder, 'git')];
  const config = readConfig({ data, listen: '127.0.0.1:0', repoRoot, probeInterval: '1h' }, {}, folder);
  if (E.isLeft(config)) throw new Error(JSON.stringify(config.left));
  const started = await startBaton(config.right, logger('silent'));
  if (E.isLeft(started)) throw new Error(started.left.message);
  baton = started.right;
  runner = await startRunner(folder, 'r1', 'debian');
  const { name, port, user, fingerprint: hostKey, privateKey, base } = runner;
  await ask('/runners', { name, host: '127.0.0.1', port, user, hostKey, privateKey, base, slots: 6 });
  await ask('/runners/r1/test', {});
});
afterAll(async () => {
  await baton.close();
  await runner.close();
  await rm(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 });
});

/** One change of so many jobs; resolves when they have passed. */
const run = async (jobs: number, branch: string): Promise<void> => {
  gitIn(repository, ['checkout', '--quiet', '-b', branch, 'main']);
  const filters = { unit: Array(jobs).fill({ os: ['linux'] }) };
  commit(
    repository,
    {
      '.delivery/config.json': JSON.stringify({
        ...{ version: '2', skip_phases: ['lint', 'syntax'], job_dispatch: { version: 'v2', filters } },
      }),
    },
    `${jobs} jobs`,
  );
  const { id } = await ask<ChangeView>('/changes', { repository, branch, target: 'main' });
  const ended = await until(`${jobs} jobs have ended`, async () => {
    const change = await ask<ChangeView>(`/changes/${id}`);
    const [phase] = change.stages[0]?.phases ?? [];
    return !change.moving && phase?.jobs.length === jobs ? change : undefined;
  });
  expect(ended.stages[0]?.status).toBe('passed');
};

/** What keeps the process busy: handles and timers. */
const held = (): number => process.getActiveResourcesInfo().length;

describe('B20: a job that has ended leaves nothing behind in the server', () => {
  it(
    'given 200 jobs, then there are as many handles and timers as after a dozen',
    { timeout: 90_000 },
    async () => {
      await run(12, 'first');
      // some of them may go in a moment; what one job leaves behind would be there two hundred times
      const after12 = held();
      await run(200, 'second');
      await until('nothing is left of 200 jobs', () => (held() <= after12 ? true : undefined), 15_000);
    },
  );
});
