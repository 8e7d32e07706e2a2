/** What does a program called `delivery` find on a runner, when phases run `delivery job`? Argument by argument, and all around it. */
import { chmod, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { JobView } from '../../projections/jobs.js';
import type { ChangeView } from '../../src/app/use-cases.js';
import { aFaultyRunner } from '../faults/runner.js';
import { hasSshd } from '../sshd.js';
import { until } from './processes.js';
import { aWorld, type World } from './world.js';

const SECRET = 'correct horse battery staple';
const CONFIG = {
  version: '2',
  job_dispatch: { version: 'v2' },
  baton: { secrets: { default: ['WORD'] } },
};

/** Tells what it was given, keeps something in HOME, and fails when another has the same HOME now. */
const fake = (folder: string): string => `#!/bin/sh
mkdir "$HOME/mine" || exit 9
told=${folder}/told/$BATON_JOB_ID
mkdir "$told"
printf '%s\\0' "$@" >"$told/arguments"
env -0 >"$told/environment"
pwd >"$told/folder"
ls -ln "$HOME/change.json" "$BATON_JOB_FILE" | cut -c1-10 >"$told/modes"
cat "$HOME/change.json" >"$told/change.json"
cat "$BATON_JOB_FILE" >"$told/job.json"
echo "$BATON_JOB_ID" >>"$HOME/before"
cat "$HOME/before" >"$told/before"
mkdir -p "$HOME/bin" && : >"$HOME/bin/git_ssh"
until [ -e ${folder}/go ]; do sleep 0.05; done
: >"$told/whole"
rmdir "$HOME/mine"
`;

describe.skipIf(!hasSshd)('delivery job, over the system sshd', () => {
  let world: World;
  let change: ChangeView;
  beforeAll(async () => {
    world = await aWorld();
    await world.start({}, 'error', ['--delivery-job', 'on', '--delivery-server', 'ci.example.org']);
    const bin = join(world.folder, 'tools');
    await mkdir(bin);
    await mkdir(join(world.folder, 'told'));
    await writeFile(join(bin, 'delivery'), fake(world.folder));
    await chmod(join(bin, 'delivery'), 0o755);
    const PATH = `${bin}:${process.env['PATH'] ?? '/usr/bin:/bin'}`;
    await aFaultyRunner(world, 'r1', { environment: { PATH, LANG: 'C' }, slots: 2 });
    await world.ask('POST', '/secrets', { ref: 'acme/shop/web/WORD', value: SECRET });
    const repository = world.aRepository('web', { commands: {}, config: CONFIG });
    const request = { repository, branch: 'feature', target: 'main' };
    const scope = { enterprise: 'acme', organisation: 'shop', project: 'web' };
    change = (await world.ask('POST', '/changes', { ...request, ...scope })).json() as ChangeView;
  });
  afterAll(() => world.close());

  const told = async ({ id }: JobView, what: string): Promise<string> =>
    readFile(join(world.folder, 'told', id, what), 'utf8');
  const variables = async (job: JobView): Promise<Readonly<Record<string, string>>> =>
    Object.fromEntries(
      (await told(job, 'environment'))
        .split('\0')
        .filter((line) => line !== '')
        .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
    );
  const wordsOf = async (job: JobView): Promise<readonly string[]> =>
    (await told(job, 'arguments')).split('\0').slice(0, -1);

  it('given jobs that run, then no program of the machine shows the secret in its arguments', async () => {
    await until('two of them run', async () =>
      (await readdir(join(world.folder, 'told'))).length === 2 ? true : undefined,
    );
    for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name))) {
      const line = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
      expect(line).not.toContain(SECRET);
      expect(line).not.toContain('delivery_change_url');
      expect(line).not.toContain('phase_run_id');
    }
    await writeFile(join(world.folder, 'go'), '');
    const verified = await world.finished(change.id);
    expect(verified.stages.at(-1)).toMatchObject({ stage: 'verify', status: 'passed' });
    await world.do(change.id, 'approve');
    const delivered = await world.finished(change.id);
    expect(delivered.stages.map(({ stage, status }) => [stage, status])).toEqual([
      ['verify', 'passed'],
      ['build', 'passed'],
      ['acceptance', 'passed'],
    ]);
  });

  it('given each phase, then its arguments are those of the original, in its order', async () => {
    const jobs = await world.jobsOf(change.id);
    expect(jobs).toHaveLength(13);
    const { merge, sha } = await world.change(change.id);
    const repository = join(world.repositories, 'web');
    for (const job of jobs) {
      expect(await wordsOf(job)).toEqual([
        ...['job', job.stage, job.phase, '--server', 'ci.example.org', '--user', 'builder'],
        ...['--ent', 'acme', '--org', 'shop', '--project', 'web', '--for', 'main'],
        ...['--change-id', change.id],
        ...(job.stage === 'verify' ? ['--branch', 'feature'] : ['--shasum', merge?.sha]),
        ...['--git-url', repository, '--no-spinner'],
      ]);
    }
    expect(merge?.sha).toMatch(/^[0-9a-f]{40}$/);
    expect(sha).toMatch(/^[0-9a-f]{40}$/);
  });

  it('given each phase, then HOME is the folder where it runs, below the base of Baton, and the rest is as the original had it', async () => {
    for (const job of await world.jobsOf(change.id)) {
      const { HOME, LC_ALL, TERM, GIT_SSH, BATON_STAGE, BATON_PHASE, WORD } = await variables(job);
      expect((await told(job, 'folder')).trim()).toBe(HOME);
      expect(HOME).toMatch(/\/base\/[^/]+\/home-of\/[0-9a-f]{32}\.[01]$/);
      const isFirst = (await told(job, 'before')).trim() === job.id;
      expect({ LC_ALL, TERM, GIT_SSH, WORD }).toEqual({
        ...{ LC_ALL: 'en_US.UTF-8', TERM: 'screen-256color', WORD: SECRET },
        GIT_SSH: isFirst ? undefined : `${HOME ?? ''}/bin/git_ssh`,
      });
      expect([BATON_STAGE, BATON_PHASE]).toEqual([job.stage, job.phase]);
    }
  });

  it('given each phase, then change.json and the file of the job tell the same, to the account alone, and hold no secret', async () => {
    for (const job of await world.jobsOf(change.id)) {
      expect(await told(job, 'modes')).toBe('-rw-------\n-rw-------\n');
      const text = await told(job, 'change.json');
      expect(await told(job, 'job.json')).toBe(text);
      expect(text).not.toContain(SECRET);
      const stageRunId = (await world.change(change.id)).stages.find(({ stage }) => stage === job.stage);
      expect(JSON.parse(text)).toMatchObject({
        ...{ enterprise: 'acme', organization: 'shop', project: 'web', pipeline: 'main' },
        ...{ change_id: change.id, patchset_number: 1, stage: job.stage, phase: job.phase },
        ...{ stage_run_id: stageRunId?.stageRunId, phase_run_id: job.phaseRunId, job_id: job.id },
        git_url: join(world.repositories, 'web'),
        patchset_branch: job.stage === 'verify' ? 'feature' : null,
      });
    }
  });

  it('given what a job left in HOME, then a later one on the same slot finds it, and never two at a time', async () => {
    const jobs = await world.jobsOf(change.id);
    const homes = new Set(await Promise.all(jobs.map(async (job) => (await variables(job))['HOME'])));
    expect(homes.size).toBeLessThanOrEqual(2);
    const longest = await Promise.all(
      jobs.map(async (job) => (await told(job, 'before')).trim().split('\n').length),
    );
    expect(Math.max(...longest)).toBeGreaterThan(1);
  });

  it('given all that was recorded, then it has the step, and not the secret', async () => {
    await world.stop();
    const events = JSON.stringify(await world.events());
    expect(events).toContain('exec delivery ');
    expect(events).not.toContain(SECRET);
  });
});
