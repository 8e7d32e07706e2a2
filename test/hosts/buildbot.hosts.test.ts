/** Buildbot as the pipeline engine: its builds run on runners over SSH, through examples/buildbot and the built server. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { processesOf, until } from '../e2e/processes.js';
import { hasBuildbot, results } from './buildbot.js';
import { givenBuildbot } from './buildbot-world.js';

/** Buildbot's own canceller for two branches, beside the option of the step. */
const CANCELLER = `c['services'].append(util.OldBuildCanceller(
    'obsolete', filters=[(['unit'], util.SourceStampFilter(branch_eq=['obsolete', 'late']))]))
`;

describe.skipIf(!hasBuildbot)(
  'Buildbot, which needs the packages buildbot and buildbot-worker [needs buildbot]',
  () => {
    const there = givenBuildbot(CANCELLER);

    it('runs a commit on a runner, and shows all that it wrote', async () => {
      const { master, pushed, ended } = there();
      const sha = await pushed('good', 'echo first; echo "zwölf ☃"; seq 1 3000; printf last\n');
      expect(await ended(sha)).toMatchObject({ results: results.success, said: 'unit: succeeded on r1' });
      const log = await master.logOf((await ended(sha)).id);
      expect(log).toContain('ofirst\nozwölf ☃\no1\n');
      expect(log).toContain('o3000\nolast\n');
    });

    it('fails with a job that failed, and says how', async () => {
      const { master, pushed, ended } = there();
      const sha = await pushed('bad', 'echo wrong; exit 3\n');
      const build = await ended(sha);
      expect(build).toMatchObject({ results: results.failure, said: 'unit: failed on r1' });
      expect(await master.logOf(build.id)).toContain('hfailed with exit code 3\n');
    });

    it('ends the job of a commit that a newer one has made obsolete, and asks for that once', async () => {
      const { way, job: jobOf, pushed, ended, running, waitFor } = there();
      const before = way.asked().length;
      const old = await pushed('obsolete', waitFor('never'));
      const [job] = await running('obsolete');
      const young = await pushed('obsolete', 'echo young\n');
      expect((await ended(old)).results).toBe(results.cancelled);
      expect((await ended(young)).results).toBe(results.success);
      expect(await jobOf(job?.id ?? '')).toMatchObject({
        ...{ status: 'cancelled', cancelRequested: { reason: 'Build has been obsoleted by a newer commit' } },
      });
      expect(
        way
          .asked()
          .slice(before)
          .filter((line) => line.endsWith('/cancel')),
      ).toHaveLength(1);
    });

    it('is quiet when it cancels a job that has ended already', async () => {
      const { way, master, job: jobOf, pushed, ended, running, waitFor, open } = there();
      const old = await pushed('late', waitFor('late'));
      const [job] = await running('late');
      const release = way.hold((method, path) => method === 'GET' && path.includes('/phases/'));
      open('late');
      await until('the job has ended', async () =>
        (await jobOf(job?.id ?? '')).status === 'succeeded' ? true : undefined,
      );
      const before = way.asked().length;
      const young = await pushed('late', 'true\n');
      await until('it was cancelled', () =>
        way
          .asked()
          .slice(before)
          .some((line) => line.endsWith('/cancel'))
          ? true
          : undefined,
      );
      release();
      const build = await ended(old);
      expect(build).toMatchObject({ results: results.cancelled, stepResults: results.cancelled });
      expect(await master.logOf(build.id)).toContain('hsucceeded with exit code 0');
      expect((await ended(young)).results).toBe(results.success);
    });

    it('waits for a stopped job that ignores the signal until it is gone, and asks seldom meanwhile', async () => {
      const { way, master, pushed, ended, buildsOf, running, waitFor, jobs } = there();
      const sha = await pushed('stubborn', `trap '' TERM; ${waitFor('never')}`);
      await running('stubborn');
      const before = way.asked().length;
      await master.does({ do: 'stop', build: (await buildsOf(sha))[0]?.id ?? 0 });
      expect((await ended(sha)).results).toBe(results.cancelled);
      expect((await jobs('stubborn')).map(({ status }) => status)).toEqual(['cancelled']);
      const asked = way.asked().slice(before);
      const looks = asked
        .slice(asked.findIndex((line) => line.endsWith('/cancel')))
        .filter((line) => line.startsWith('GET') && line.includes('/phases/'));
      expect(looks.length).toBeGreaterThan(0);
      // each answer is held until there is news
      expect(looks.filter((line) => !line.includes('&wait=') || line.endsWith('&wait=0'))).toEqual([]);
    });

    it('submits once more when the answer was lost, and it is the same job', async () => {
      const { way, master, pushed, ended, jobs } = there();
      way.lose((method, path) => method === 'POST' && path.endsWith('/phases'));
      const sha = await pushed('lost-answer', 'echo once\n');
      const build = await ended(sha);
      expect(build.results).toBe(results.success);
      expect(await master.logOf(build.id)).toContain('hBaton answers');
      expect(await jobs('lost-answer')).toHaveLength(1);
    });

    it('goes through a server that is killed and started again: the job runs once, and the build ends right', async () => {
      const { world, way, master, pushed, ended, running, waitFor, open } = there();
      const ran = join(world.folder, 'ran');
      const sha = await pushed('killed', `echo ran >> '${ran}'\n${waitFor('killed')}echo after\n`);
      await running('killed');
      await world.stop('SIGKILL');
      open('killed');
      await world.start();
      way.leadTo(world.url);
      const build = await ended(sha);
      expect(build).toMatchObject({ results: results.success, said: 'unit: succeeded on r1' });
      expect(readFileSync(ran, 'utf8')).toBe('ran\n');
      expect(await master.logOf(build.id)).toContain('obegun\noover\noafter\n');
    });

    it('keeps its token out of arguments, environments, addresses, its database and its logs', async () => {
      const { world, way, master, pushed, ended, running, waitFor, open } = there();
      const sha = await pushed('token', waitFor('token-free'));
      await running('token');
      const seen: string[] = [];
      for (const { pid } of await processesOf(join(world.folder, 'master')))
        for (const what of ['cmdline', 'environ']) seen.push(readFileSync(`/proc/${pid}/${what}`, 'utf8'));
      open('token-free');
      const { id } = await ended(sha);
      expect(seen.join('\n')).toContain('--nodaemon');
      expect(way.asked().join('\n')).toContain('/phases');
      const database = readFileSync(join(world.folder, 'master', 'state.sqlite'), 'latin1');
      for (const text of [...seen, ...way.asked(), master.out(), await master.logOf(id), database])
        expect(text).not.toContain(world.token);
    });

    it('leaves no slot busy, no error of its own, and one end for each job', async () => {
      const { master, busy, ends } = there();
      expect(await busy()).toBe(0);
      expect(master.out()).not.toContain('Traceback');
      // a running step asks every two seconds: that is no news
      expect(master.out()).not.toContain('HTTP11ClientFactory');
      expect((await master.builds()).filter(({ results: one }) => one === results.exception)).toEqual([]);
      const all = await ends();
      expect(all.length).toBeGreaterThan(8);
      expect(all).toEqual(all.map(() => 1));
    });
  },
);
