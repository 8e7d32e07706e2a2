/** What a runner can lose: the shell of a slot, a job, all that ran, its base folder. What is said of its jobs then? */
import { existsSync } from 'node:fs';
import { readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { until } from '../e2e/processes.js';
import { aWorld, type World } from '../e2e/world.js';
import { skipped, whyNoMount } from '../store/small-disk.js';
import { aFaultyRunner, aRestartableRunner, filesOn, type FaultyRunner } from './runner.js';
import { tallyOf, type Ended, type Tally } from './tally.js';

let world: World;
let tally: Tally;
beforeEach(async () => {
  world = await aWorld();
  tally = tallyOf(world);
  await world.start({}, 'error', ['--probe-interval', '1s', '--recovery-interval', '1s']);
});
afterEach(() => world.close());

const file = (name: string): string => join(world.folder, name);
/** Prints, waits for the file `name`, and prints once more. */
const waits = (name: string): string =>
  `seq 30000; : > '${file(name)}.waits'; until [ -e '${file(name)}' ]; do sleep 0.02; done; echo last`;
const waiting = (name: string): Promise<true> =>
  until(`${name} waits`, () => existsSync(`${file(name)}.waits`) || undefined);
const go = (name: string): Promise<void> => writeFile(file(name), '');

interface Waiting {
  readonly change: string;
  readonly job: string;
}
const aWaitingJob = async (name: string): Promise<Waiting> => {
  const change = await tally.submit(tally.project(waits(name))).change();
  await waiting(name);
  const [job] = await world.jobsOf(change);
  await until('its output is stored', async () => {
    const log = await world.ask('GET', `/jobs/${job?.id ?? ''}/log`);
    return log.bytes.length > 100_000 ? true : undefined;
  });
  return { change, job: job?.id ?? '' };
};
/** It began once, ended once as lost, says why, and what is stored is a beginning of what it wrote. */
const expectLost = async ({ change }: Waiting, why: string): Promise<Ended> => {
  const [job] = await tally.ends(change);
  if (job === undefined) throw new Error('no job');
  expect(job.terminal).toMatchObject({ type: 'JobLost', data: { why } });
  expect(String(job.terminal.data['detail'])).not.toBe('');
  expect([job.runs, job.attempts]).toEqual([1, 1]);
  expect(job.written.subarray(0, job.log.length).equals(job.log)).toBe(true);
  return job;
};
const expectNextRuns = async (): Promise<void> => {
  await tally.expectOnce(await tally.submit(tally.project('echo next')).change());
};
const supervisorOf = async (runner: FaultyRunner, { job }: Waiting): Promise<number> =>
  Number((await filesOn(runner, '.rc')).get(`${job}.1.rc`)?.split(' ')[1]);
/** `base`: as it can be seen from here. */
const hasEndedThere = (runner: Pick<FaultyRunner, 'base'>, { job }: Waiting): Promise<true> =>
  until('its result is there', async () =>
    (await filesOn(runner, '.rc')).get(`${job}.1.rc`)?.startsWith('rc=') === true ? true : undefined,
  );
const leaderOf = async (runner: FaultyRunner, { job }: Waiting): Promise<number> =>
  Number((await filesOn(runner, '.go')).get(`${job}.1.go`)?.split(' ')[0]);

describe('a job', () => {
  it('given the shell of its slot killed, then it goes on, its log comes to the last byte, and it is lost and never succeeded', async () => {
    const runner = await aFaultyRunner(world, 'runner');
    const job = await aWaitingJob('orphan');
    process.kill(await supervisorOf(runner, job), 'SIGKILL');
    await go('orphan');
    const { log, written } = await expectLost(job, 'supervisor_gone');
    expect(log.equals(written)).toBe(true);
    expect(log.toString().endsWith('last\n')).toBe(true);
    await expectNextRuns();
  });

  it('given its own shell killed, then it failed by that, and all that it wrote is there', async () => {
    const runner = await aFaultyRunner(world, 'runner');
    const job = await aWaitingJob('killed');
    process.kill(await leaderOf(runner, job), 'SIGKILL');
    const counts = await tally.expectOnce(job.change, 'JobFailed');
    expect(counts.bytes).toBeGreaterThan(100_000);
    const [end] = await tally.ends(job.change);
    expect(end?.terminal.data).toMatchObject({ exitCode: 137 });
    await expectNextRuns();
  });
});

const why = await whyNoMount();
describe.skipIf(why !== undefined)(`a machine${skipped(why)}`, () => {
  /** One job that waits, and one that has ended there while the link was away. */
  const twoJobs = async (runner: FaultyRunner): Promise<readonly [Waiting, Waiting]> => {
    const jobs = [await aWaitingJob('runs'), await aWaitingJob('ended')] as const;
    await runner.link.refuse();
    await go('ended');
    await hasEndedThere({ base: join('/proc', String(runner.sshdPid), 'root', runner.base) }, jobs[1]);
    return jobs;
  };

  it('given a restart, then what ran is lost, what had ended is collected, and the next job runs', async () => {
    const runner = await aRestartableRunner(world, 'runner');
    const [runs, ended] = await twoJobs(runner);
    await runner.restart({ emptied: false });
    await expectLost(runs, 'reboot');
    await tally.expectOnce(ended.change);
    await expectNextRuns();
  });

  it('given a restart that empties the disk of its base, then both are lost, with a reason, and the next job runs', async () => {
    const runner = await aRestartableRunner(world, 'runner');
    const [runs, ended] = await twoJobs(runner);
    await runner.restart({ emptied: true });
    await expectLost(runs, 'vanished');
    await expectLost(ended, 'vanished');
    await expectNextRuns();
  });
});

describe('a base folder', () => {
  it('given it is wiped under a job that runs and one that has ended, then each has one end, and the next job runs', async () => {
    const runner = await aFaultyRunner(world, 'runner');
    const [runs, ended] = [await aWaitingJob('runs'), await aWaitingJob('ended')];
    await runner.link.refuse();
    await go('ended');
    await hasEndedThere(runner, ended);
    for (const name of await readdir(runner.base))
      await rm(join(runner.base, name), { recursive: true, force: true });
    await runner.link.open();
    await go('runs');
    await expectLost(runs, 'vanished');
    await expectLost(ended, 'vanished');
    await expectNextRuns();
  });
});
