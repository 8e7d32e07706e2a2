/** The command of the installation: runs for every phase, knows which one by its environment, and nothing from outside becomes code in it. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { ChangeView } from '../../src/app/use-cases.js';
import { gitIn } from '../source/given-repository.js';
import { aWorld, type World } from './world.js';

let world: World;
beforeAll(async () => {
  world = await aWorld();
});
afterAll(() => world.close());

it('given a command and names that try to be code, then each phase is told by its variables, as it is', async () => {
  const canary = join(world.folder, 'canary');
  const command = 'printf "%s|%s|%s|" "$BATON_STAGE" "$BATON_PHASE" "$BATON_PIPELINE"; cat "$BATON_JOB_FILE"';
  await world.start({ BATON_PHASE_COMMAND: command });
  await world.addRunner('r1');
  const repository = world.aRepository('web', { commands: { unit: 'echo never' } });
  const target = `main";touch\${IFS}${canary};"$(touch\${IFS}${canary})'`;
  gitIn(repository, ['branch', target, 'main']);
  const answer = await world.ask('POST', '/changes', { repository, branch: 'feature', target });
  expect(answer.bytes.toString()).toContain('"id"');
  const { id } = answer.json() as ChangeView;
  expect((await world.finished(id)).stages.at(-1)?.status).toBe('passed');
  const jobs = await world.jobsOf(id);
  expect(jobs.map(({ phase }) => phase).sort()).toEqual(['lint', 'syntax', 'unit']);
  for (const { id: jobId, phase } of jobs) {
    const log = (await world.ask('GET', `/jobs/${jobId}/log`)).bytes.toString();
    const [stage, which, pipeline, facts] = log.split('|');
    expect([stage, which, pipeline]).toEqual(['verify', phase, target]);
    expect(JSON.parse(facts ?? '')).toMatchObject({ pipeline: target, phase, job_id: jobId });
  }
  expect(existsSync(canary)).toBe(false);
});
