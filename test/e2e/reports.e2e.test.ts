/** Jobs that tell of themselves: a real server, a real runner, and a program that tells as the original's did. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { HistoryRow } from '../../projections/history.js';
import type { JobView } from '../../projections/jobs.js';
import { aDoor, type Door } from './door.js';
import { until } from './processes.js';
import { aWorld, type World } from './world.js';

const REPORTER = join(import.meta.dirname, '..', 'fixtures', 'jobs', 'reporter.mjs');
const CONFIG = { version: '2', job_dispatch: { version: 'v2' }, baton: { reports: { unit: true } } };

let world: World;
let door: Door;
beforeAll(async () => {
  [world, door] = [await aWorld(), await aDoor()];
  await world.start({}, 'trace', ['--public-url', door.url]);
  door.leadsTo(world.url);
  await world.addRunner('r1');
});
afterAll(async () => {
  await world.close();
  await door.close();
});

/** A job that reports by this script, and then runs what follows. */
const told = (script: string, then = ''): string => `'${process.execPath}' '${REPORTER}' ${script}${then}`;

let count = 0;
const submitted = async (command: string): Promise<{ readonly change: string; readonly job: JobView }> => {
  const repository = world.aRepository(`project-${++count}`, {
    commands: { unit: command, lint: 'true', syntax: 'true' },
    config: CONFIG,
  });
  const { id } = await world.submitted(repository);
  const job = await until('the job', async () =>
    (await world.jobsOf(id)).find(({ phase, status }) => phase === 'unit' && status !== 'queued'),
  );
  return { change: id, job };
};
const ended = (id: string): Promise<JobView> =>
  until('the job has ended', async () => {
    const job = (await world.ask('GET', `/jobs/${id}`)).json() as JobView;
    return job.endedAt === undefined ? undefined : job;
  });
const logOf = async (job: JobView, query = ''): Promise<string> =>
  (await world.ask('GET', `/jobs/${job.id}/log${query}`)).bytes.toString();
const rowOf = async ({ id }: JobView): Promise<HistoryRow | undefined> =>
  ((await world.ask('GET', `/history?job=${id}`)).json() as { readonly items: readonly HistoryRow[] })
    .items[0];
const timelineOf = async (job: JobView): Promise<string> =>
  (await world.ask('GET', `/jobs/${job.id}/timeline`)).bytes.toString();

describe('a job that tells of itself', () => {
  it('given that it tells of failure and exits with 0, then it has failed, and it is said why', async () => {
    const { change, job } = await submitted(told('pppf'));
    const end = await ended(job.id);
    expect(end).toMatchObject({ status: 'failed', reports: true });
    expect(end.summary).toBe('failed: it reported that (failed), and ended with exit code 0');
    expect(end.attempts[0]).toMatchObject({ exitCode: 0, reported: { success: false, status: 'failed' } });
    expect(await logOf(job)).toBe('200\n200\n200\n200\n');
    expect(await logOf(job, '?output=report')).toBe('a piece of work\n'.repeat(3));
    expect(end.attempts[0]?.outputs?.map(({ name }) => name)).toEqual(['log', 'report']);
    expect((await world.finished(change)).stages[0]?.status).toBe('failed');
    const read = await world.baton('job', 'log', job.id, '--output', 'report');
    expect(read.out).toBe('a piece of work\n'.repeat(3));
    const row = await rowOf(job);
    expect(row).toMatchObject({ outcome: 'failed', exitCode: 0, reported: 'failure' });
    expect(row).not.toHaveProperty('reportRefused');
    expect((await world.baton('history', '--job', job.id)).out).toMatch(
      / REPORTED .*\n.* failed .* failure /,
    );
    const file = (await world.baton('history', '--job', job.id, '--format', 'csv')).out;
    expect(file).toMatch(/,reported,reportRefused\r\n.*,failure,\r\n$/);
  });

  it('given that it tells of success and exits with another code, then the code decides', async () => {
    const { job } = await submitted(told('ps', '; exit 3'));
    const end = await ended(job.id);
    expect(end).toMatchObject({ status: 'failed', summary: 'failed with exit code 3' });
    expect(end.attempts[0]?.reported).toMatchObject({ success: true, status: 'finished' });
    expect(await rowOf(job)).toMatchObject({ outcome: 'failed', exitCode: 3, reported: 'success' });
  });

  it('given that it tells of success and exits with 0, then it has succeeded, and the timeline tells both', async () => {
    const { job } = await submitted(told('ps'));
    expect(await ended(job.id)).toMatchObject({ status: 'succeeded', summary: 'succeeded with exit code 0' });
    expect(await timelineOf(job)).toContain('attempt 1 reported that it succeeded (finished)');
  });

  it("given that it goes to the original's address with what stands in its file, then the same", async () => {
    const { job } = await submitted(`ORIGINAL=1 ${told('ppf')}`);
    expect(await ended(job.id)).toMatchObject({
      status: 'failed',
      summary: 'failed: it reported that (failed), and ended with exit code 0',
    });
    expect(await logOf(job)).toBe('204\n204\n204\n');
    expect(await logOf(job, '?output=report')).toBe('a piece of work\n'.repeat(2));
  });

  it('given that its server is killed meanwhile, then what comes later repairs what was lost with it', async () => {
    const gate = join(world.folder, 'away');
    const { job } = await submitted(`GATE='${gate}' ${told('ppwpps')}`);
    await until('two pieces are stored', async () =>
      (await logOf(job, '?output=report')).length === 32 ? true : undefined,
    );
    await world.stop('SIGKILL');
    await world.start({}, 'trace', ['--public-url', door.url]);
    door.leadsTo(world.url);
    world.file('away', '');
    const end = await ended(job.id);
    expect(end).toMatchObject({ status: 'succeeded', summary: 'succeeded with exit code 0' });
    expect(await logOf(job, '?output=report')).toBe('a piece of work\n'.repeat(4));
  });

  it('then its token works for nothing else, is shown nowhere, and is worth nothing when it has ended', async () => {
    const seen = join(world.folder, 'seen');
    const { change, job } = await submitted(
      `printf %s "$BATON_REPORT_TOKEN" > '${seen}'; cat "$BATON_JOB_FILE" >> '${seen}.facts'; echo "I have $BATON_REPORT_TOKEN"; ${told('p')}`,
    );
    await ended(job.id);
    const token = await readFile(seen, 'utf8');
    expect(token).toMatch(/^[\w-]{43}$/);
    const facts = JSON.parse(await readFile(`${seen}.facts`, 'utf8')) as Readonly<Record<string, unknown>>;
    expect(facts).toMatchObject({ token, delivery_api_url: `${door.url}/api/v0/e/default` });
    const post = async (path: string) =>
      world.ask(
        'POST',
        path,
        { run_success: true, run_log: 'late', run_status: 'finished', run_complete: true },
        {
          Authorization: `Bearer ${token}`,
        },
      );
    const path = `/jobs/${job.id}/attempts/1/report`;
    for (let n = 0; n < 3; n++) expect((await post(path)).status).toBe(409);
    expect((await post(`/jobs/${job.id}/attempts/2/report`)).status).toBe(401);
    expect((await post(`/jobs/${job.id}/cancel`)).status).toBe(401);
    const end = (await world.ask('GET', `/jobs/${job.id}`)).json() as JobView;
    expect(await rowOf(job)).toMatchObject({ reportRefused: 'job_already_finished' });
    expect(await rowOf(job)).not.toHaveProperty('reported');
    expect(end.refusedReports).toMatchObject([{ attempt: 1, report: 'job', why: 'job_already_finished' }]);
    expect(end.status).toBe('succeeded');
    expect(await timelineOf(job)).toContain(
      'a report of attempt 1 that came after the end was refused: told by the job itself',
    );
    const everything = [
      await logOf(job),
      await logOf(job, '?output=report'),
      JSON.stringify(await world.jobsOf(change)),
      world.server?.err() ?? '',
    ].join('\n');
    expect(everything).toContain('I have [masked]');
    expect(everything).not.toContain(token);
    await world.stop();
    expect(JSON.stringify(await world.events())).not.toContain(token);
  });
});

describe('given a server that nobody has given an address', () => {
  it('then nothing is offered, the log of the server says how it would be, and the exit code decides', async () => {
    await world.start({}, 'warn');
    const { job } = await submitted(told('pf'));
    expect(await ended(job.id)).toMatchObject({
      status: 'succeeded',
      summary: 'succeeded with exit code 0, without a final report',
    });
    expect(await logOf(job)).toBe('nobody listens\n');
    expect(await logOf(job, '?output=report')).toBe('');
    expect(world.server?.err()).toContain('it is started with --public-url for that');
  });
});
