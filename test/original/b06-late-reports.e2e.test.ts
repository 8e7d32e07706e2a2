/** B6 with a real job that tells of itself, and goes on to tell when nobody is to listen any more. */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { JobView } from '../../projections/jobs.js';
import { aDoor, type Door } from '../e2e/door.js';
import { until } from '../e2e/processes.js';
import { aWorld, type World } from '../e2e/world.js';

let world: World;
let door: Door;
beforeAll(async () => {
  [world, door] = [await aWorld(), await aDoor()];
  await world.start({}, 'error', ['--public-url', door.url]);
  door.leadsTo(world.url);
  await world.addRunner('r1');
});
afterAll(async () => {
  await world.close();
  await door.close();
});

const LATE = { run_success: true, run_log: 'all is well\n', run_status: 'finished', run_complete: true };

const submitted = async (project: string, unit: string, baton: object): Promise<JobView> => {
  const repository = world.aRepository(project, {
    commands: { unit, lint: 'true', syntax: 'true' },
    config: { version: '2', job_dispatch: { version: 'v2' }, baton: { reports: { unit: true }, ...baton } },
  });
  const { id } = await world.submitted(repository);
  return until('its job', async () => (await world.jobsOf(id)).find(({ phase }) => phase === 'unit'));
};
const shown = async (job: JobView): Promise<JobView> =>
  (await world.ask('GET', `/jobs/${job.id}`)).json() as JobView;
const tell = async (job: JobView, attempt: number, tokenFile: string, report: object = LATE) => {
  const Authorization = `Bearer ${await readFile(tokenFile, 'utf8')}`;
  const answer = await world.ask('POST', `/jobs/${job.id}/attempts/${attempt}/report`, report, {
    Authorization,
  });
  return [answer.status, (answer.json() as { readonly reason?: string }).reason];
};

describe('B6: given a job that tells of itself too late, then nothing changes, and that is recorded once', () => {
  it('while it is being cancelled, and after that', async () => {
    const seen = join(world.folder, 'cancelled');
    // it ends when it is told to, and not before it was looked at
    const job = await submitted(
      'cancelled',
      `trap 'until [ -e ${seen}.go ]; do sleep 0.05; done; exit 0' TERM; printf %s "$BATON_REPORT_TOKEN" > ${seen}; : > ${seen}.runs; while :; do sleep 0.05; done`,
      {},
    );
    await until('it runs', () => existsSync(`${seen}.runs`) || undefined);
    expect(await tell(job, 1, seen, { ...LATE, run_complete: false, run_success: false })).toEqual([
      200,
      undefined,
    ]);
    await world.ask('POST', `/jobs/${job.id}/cancel`, {});
    for (let n = 0; n < 5; n++) expect(await tell(job, 1, seen)).toEqual([409, 'cancel_requested']);
    world.file('cancelled.go', '');
    const end = await until('it has ended', async () => {
      const now = await shown(job);
      return now.endedAt === undefined ? undefined : now;
    });
    expect(end.status).toBe('cancelled');
    for (let n = 0; n < 5; n++) expect(await tell(job, 1, seen)).toEqual([409, 'job_already_finished']);
    const after = await shown(job);
    expect(after).toMatchObject({ status: 'cancelled', summary: end.summary });
    expect(after.refusedReports).toMatchObject([{ attempt: 1, report: 'job', why: 'cancel_requested' }]);
    const log = await world.ask('GET', `/jobs/${job.id}/log?output=report`);
    expect(log.bytes.toString()).toBe('all is well\n');
  });

  it('of an attempt that was tried again, while the next one runs', async () => {
    const seen = join(world.folder, 'again');
    const job = await submitted(
      'again',
      `printf %s "$BATON_REPORT_TOKEN" > ${seen}.$BATON_ATTEMPT; [ $BATON_ATTEMPT = 2 ] || exit 1; until [ -e ${seen}.go ]; do sleep 0.05; done; exit 1`,
      { retry: { unit: 2 } },
    );
    await until('its second attempt runs', () => existsSync(`${seen}.2`) || undefined);
    for (let n = 0; n < 5; n++) expect(await tell(job, 1, `${seen}.1`)).toEqual([409, 'attempt_is_over']);
    // nor is it taken for the other one
    expect(await tell(job, 2, `${seen}.1`)).toEqual([401, 'report_token_unknown']);
    world.file('again.go', '');
    const end = await until('it has ended', async () => {
      const now = await shown(job);
      return now.endedAt === undefined ? undefined : now;
    });
    expect(end).toMatchObject({ status: 'failed', summary: 'failed with exit code 1' });
    expect(end.refusedReports).toMatchObject([{ attempt: 1, report: 'job', why: 'attempt_is_over' }]);
  });
});
