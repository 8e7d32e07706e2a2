/** What stays on a runner after a job, and for whom: a kept workspace, a cache of the project. Over SSH, through the plugin. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Promotion } from '../../plugin/contract.js';
import { finished, give, promoted, type Subject } from '../../plugin/testing/subject.js';
import type { JobView } from '../../projections/jobs.js';
import { eventually, hasSshd } from '../sshd.js';
import { aSite, aSubject, mounted, type Site } from './subject.js';

let site: Site;
let subject: Subject;
beforeAll(async () => {
  site = await aSite(hasSshd ? 'system sshd' : 'in-process server');
  subject = await aSubject(site);
});
afterAll(async () => {
  await subject.close();
  await site.close();
});

const ask = async (path: string, method = 'GET'): Promise<string> => {
  const { url, close } = await mounted(subject.plugin());
  const body = method === 'GET' ? {} : { headers: { 'Content-Type': 'application/json' }, body: '{}' };
  const answer = await fetch(`${url}/baton/api/v1${path}`, { method, ...body });
  const text = await answer.text();
  await close();
  return text;
};

let count = 0;
const run = async (command: string, more: Partial<Promotion>) => {
  const hostKey = `phase-${(count += 1)}`;
  const promotion = {
    ...subject.promotion(hostKey, 'succeeds'),
    steps: [{ name: 'it', run: command }],
    ...more,
  };
  expect(await give(subject, promoted(promotion))).toMatchObject({ status: 'accepted' });
  const { outcome, jobs } = await finished(subject, hostKey);
  const jobId = jobs[0]?.jobId ?? '';
  return { outcome, jobId, log: () => ask(`/jobs/${jobId}/log`) };
};
const show = async (jobId: string): Promise<JobView> => JSON.parse(await ask(`/jobs/${jobId}`)) as JobView;

describe('a workspace that is to be kept', { timeout: 120_000 }, () => {
  it('given a job that fails, then its folder is where the job says, also after a restart, until its time is over', async () => {
    const { outcome, jobId } = await run('echo evidence > found; exit 3', {
      workspace: { keep: 'on_failure', keepMs: 20_000 },
    });
    expect(outcome).toBe('failed');
    const job = await show(jobId);
    const kept = job.attempts[0]?.kept;
    expect(kept?.path).toMatch(new RegExp(`/base/[^/]+/${jobId}[.]1[.]ws$`));
    expect(Date.parse(kept?.until ?? '') - Date.parse(job.endedAt ?? '')).toBe(20_000);
    const folder = kept?.path ?? '';
    await eventually('it is tidied up', () => !existsSync(folder.replace(/ws$/, 'go')));
    await subject.restart();
    await ask('/runners/r1/test', 'POST');
    expect(readFileSync(join(folder, 'found'), 'utf8')).toBe('evidence\n');
    await eventually(
      'a probe has removed it',
      async () => {
        await ask('/runners/r1/test', 'POST');
        return !existsSync(folder);
      },
      60_000,
    );
    expect(Date.now()).toBeGreaterThan(Date.parse(kept?.until ?? ''));
  });

  it('given a job that succeeds, then nothing is kept, unless always is said', async () => {
    const { jobId } = await run('echo none', { workspace: { keep: 'on_failure' } });
    expect((await show(jobId)).attempts[0]?.kept).toBeUndefined();
    const always = await run('echo evidence > found', { workspace: { keep: 'always' } });
    const path = (await show(always.jobId)).attempts[0]?.kept?.path ?? '';
    expect(readFileSync(join(path, 'found'), 'utf8')).toBe('evidence\n');
  });
});

describe('a cache', { timeout: 120_000 }, () => {
  const workspace = { cache: 'gems' };
  const look = 'cat "$BATON_CACHE/found" 2>/dev/null || echo empty';

  it('given what a job left there, then the next one of the project finds it, and those of others do not', async () => {
    await run('echo left > "$BATON_CACHE/found"', { workspace });
    expect(await (await run(look, { workspace })).log()).toBe('left\n');
    expect(await (await run(look, { workspace: { cache: 'other' } })).log()).toBe('empty\n');
    for (const part of ['enterprise', 'organisation', 'project']) {
      const { scope } = subject.promotion('any', 'succeeds');
      const other = { ...scope, [part]: 'other' };
      expect(await (await run(look, { workspace, scope: other })).log()).toBe('empty\n');
    }
  });
});
