/** A job whose supervisor was killed on the runner is cancelled like any other, and says how. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { JobView } from '../../projections/jobs.js';
import type { ChangeView } from '../../src/app/use-cases.js';
import { until } from './processes.js';
import { aWorld, type World } from './world.js';

let world: World;
beforeEach(async () => {
  world = await aWorld();
  await world.start();
});
afterEach(() => world.close());

it('given a cancel of an orphan, then cancelled with evidence, and not lost', async () => {
  const { base } = await world.addRunner('r1');
  const repository = world.aRepository('shop', {
    commands: { lint: 'sleep 1000', syntax: 'true', unit: 'true' },
  });
  const answer = await world.ask('POST', '/changes', { repository, branch: 'feature', target: 'main' });
  const { id } = answer.json() as ChangeView;
  const job = await until('the job runs', async () =>
    (await world.jobsOf(id)).find(({ phase, status }) => phase === 'lint' && status === 'running'),
  );
  const claim = readdirSync(base, { recursive: true, encoding: 'utf8' }).find((name) =>
    name.endsWith(`${job.id}.1.rc`),
  );
  process.kill(Number(readFileSync(join(base, claim ?? ''), 'utf8').split(' ')[1]), 'SIGKILL');
  await world.ask('POST', `/jobs/${job.id}/cancel`, {});
  const ended = await until('it has ended', async () => {
    const found = (await world.ask('GET', `/jobs/${job.id}`)).json() as JobView;
    return found.endedAt === undefined ? undefined : found;
  });
  expect(ended).toMatchObject({
    status: 'cancelled',
    evidence: { how: 'signalled', signals: ['TERM'], survivors: [] },
  });
  expect(ended.evidence?.exitCode).toBeUndefined();
  const shown = await world.baton('job', 'show', job.id);
  expect(shown.out).toMatch(/^ended how: +signalled TERM$/m);
  expect(shown.out).toMatch(
    /^processes found by: +(control group|session, environment and workspace), which/m,
  );
});
