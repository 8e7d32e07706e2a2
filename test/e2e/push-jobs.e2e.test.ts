/** Projects on Push Jobs beside projects on runners, and jobs that start something outside of their own reach. */
import { spawn, type ChildProcess } from 'node:child_process';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { JobView } from '../../projections/jobs.js';
import { until } from './processes.js';
import { aWorld, type World } from './world.js';

const WAIT = join(import.meta.dirname, '..', '..', 'examples', 'push-jobs', 'push-and-wait.sh');
const CLIENT = join(import.meta.dirname, '..', 'fixtures', 'jobs', 'push-client.mjs');

/** What runs elsewhere: each a process of its own, that no job is a parent of. */
const pushed = new Map<string, ChildProcess>();
const stateOf = ({ exitCode, signalCode }: ChildProcess): string =>
  exitCode === 0 ? 'succeeded' : exitCode === null && signalCode === null ? 'running' : 'failed';
let nodes: Server;
let world: World;
beforeAll(async () => {
  nodes = createServer((request, response) => {
    const id = request.url?.slice(1) ?? '';
    if (request.method === 'POST') {
      const name = `push-${pushed.size + 1}`;
      pushed.set(name, spawn('sh', ['-c', 'read line'], { stdio: ['pipe', 'ignore', 'ignore'] }));
      response.end(name);
      return;
    }
    const found = pushed.get(id);
    if (request.method === 'DELETE') found?.kill();
    response.end(found === undefined ? 'unknown' : stateOf(found));
  });
  await new Promise<void>((resolve) => nodes.listen(0, '127.0.0.1', resolve));
  world = await aWorld();
  await world.start();
  await world.addRunner('r1');
});
afterAll(async () => {
  await world.close();
  for (const child of pushed.values()) child.kill('SIGKILL');
  nodes.closeAllConnections();
  nodes.close();
});

const client = (what: string): string => `'${process.execPath}' '${CLIENT}' ${what}`;
const environment = (): string =>
  `PUSH_URL=http://127.0.0.1:${(nodes.address() as AddressInfo).port} EVERY=1 START="${client('start')}"`;
const waiting = (): string =>
  `export ${environment()} STATUS="${client('status')} \\"\\$1\\"" END="${client('end')} \\"\\$1\\""; exec sh '${WAIT}'`;

const submitted = async (
  project: string,
  unit: string,
): Promise<{ change: string; job: () => Promise<JobView> }> => {
  const repository = world.aRepository(project, { commands: { unit, lint: 'true', syntax: 'true' } });
  const { id } = await world.submitted(repository);
  return {
    change: id,
    job: () => until('its job', async () => (await world.jobsOf(id)).find(({ phase }) => phase === 'unit')),
  };
};
/** The newest that was started, once there are so many. */
const started = (count: number): Promise<ChildProcess> =>
  until('it has been started', () => (pushed.size === count ? [...pushed.values()].at(-1) : undefined));
const ended = (job: () => Promise<JobView>): Promise<JobView> =>
  until('the job has ended', async () => {
    const now = await job();
    return now.endedAt === undefined ? undefined : now;
  });

describe('a job that starts something outside of its own reach', () => {
  it('given that this ends well, then so does the job', async () => {
    const { job } = await submitted('passes', waiting());
    const child = await started(1);
    child.stdin?.write('go\n');
    expect(await ended(job)).toMatchObject({ status: 'succeeded' });
  });

  it('given that this fails, then so does the job', async () => {
    const { job } = await submitted('fails', waiting());
    (await started(2)).kill();
    expect(await ended(job)).toMatchObject({ status: 'failed', summary: 'failed with exit code 1' });
  });

  it('given a cancel, and a job that passes it on, then both have ended within the grace', async () => {
    const { job } = await submitted('ends-it', waiting());
    const child = await started(3);
    expect(stateOf(child)).toBe('running');
    await world.ask('POST', `/jobs/${(await job()).id}/cancel`, {});
    const end = await ended(job);
    expect(end).toMatchObject({ status: 'cancelled', evidence: { how: 'signalled', signals: ['TERM'] } });
    await until('it has ended, too', () => (stateOf(child) === 'failed' ? true : undefined));
  });

  it('given a cancel, and a job that does not pass it on, then the job has ended, and what it started has not', async () => {
    const { job } = await submitted(
      'leaves-it',
      `export ${environment()}; $START; sleep 600`.replace('$START', client('start')),
    );
    const child = await started(4);
    await world.ask('POST', `/jobs/${(await job()).id}/cancel`, {});
    expect(await ended(job)).toMatchObject({ status: 'cancelled' });
    expect(stateOf(child)).toBe('running');
  });
});

describe('a server that one project of Push Jobs comes to, and one of runners', () => {
  it.each([
    ['no_job_dispatch', { version: '2' }],
    ['job_dispatch_v1', { version: '2', job_dispatch: { version: 'v1' } }],
  ])(
    'declines the first (%s) with a sentence and the way to runners, and runs the other meanwhile',
    async (reason, config) => {
      const commands = { unit: 'true', lint: 'true', syntax: 'true' };
      const runs = await submitted(`on-runners-${reason}`, 'true');
      const repository = world.aRepository(`on-push-jobs-${reason}`, { commands, config });
      const answer = await world.ask('POST', '/changes', { repository, branch: 'feature', target: 'main' });
      expect(answer.status).toBe(422);
      expect(answer.json()).toMatchObject({
        ...{ code: 'not_dispatched_here', reason },
        detail: expect.stringMatching(/means Push Jobs.*not for runners/) as unknown,
        hint: expect.stringContaining('baton config migrate') as unknown,
      });
      const change = await world.finished(runs.change);
      expect(change.stages.map(({ status }) => status)).toEqual(['passed']);
      const { items } = (await world.ask('GET', '/changes')).json() as { items: { project: string }[] };
      expect(items.map(({ project }) => project)).not.toContain(`on-push-jobs-${reason}`);
    },
  );
});
