/** Buildbot's master is read anew, stopped and killed in the middle of a step: what becomes of the job, and of the build. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { until } from '../e2e/processes.js';
import { hasBuildbot, results, type Build } from './buildbot.js';
import { givenBuildbot } from './buildbot-world.js';

/** A builder whose command is another one in each build. */
const MORE = `
c['builders'].append(util.BuilderConfig('numbered', workernames=PLACES, factory=util.BuildFactory([RunnerPhase(
    url=BATON, tokenFile=TOKEN_FILE, project='web-shop', name='unit', phase='unit',
    command=util.Interpolate('echo build %(prop:buildnumber)s; sh ./run.sh'))])))
c['schedulers'] = [
    schedulers.AnyBranchScheduler('any', builderNames=['unit'], change_filter=util.ChangeFilter(
        branch_fn=lambda branch: branch != 'numbered')),
    schedulers.AnyBranchScheduler('numbered', builderNames=['numbered'], change_filter=util.ChangeFilter(branch='numbered')),
]
`;

describe.skipIf(!hasBuildbot)(
  'a master that is stopped, which needs the packages buildbot and buildbot-worker [needs buildbot]',
  () => {
    const there = givenBuildbot(MORE);
    /** A script that tells in a file of its own that it runs, and waits for its gate. */
    const counted = (name: string): string =>
      `echo ran >> '${join(there().world.folder, `${name}-ran`)}'\n${there().waitFor(name)}`;
    const runs = (name: string): number =>
      readFileSync(join(there().world.folder, `${name}-ran`), 'utf8').split('\n').length - 1;
    /** The builds of a commit, as soon as there are so many. */
    const builds = (sha: string, count: number): Promise<readonly Build[]> =>
      until(`there are ${count} builds of ${sha}`, async () => {
        const found = await there().buildsOf(sha);
        return found.length === count ? found : undefined;
      });

    it('reads its configuration anew while a step runs: the step goes on', async () => {
      const { master, pushed, ended, running, open, jobs } = there();
      const sha = await pushed('reconfig', counted('reconfig'));
      await running('reconfig');
      await master.reconfig();
      open('reconfig');
      expect(await ended(sha)).toMatchObject({ results: results.success, said: 'unit: succeeded on r1' });
      expect(await jobs('reconfig')).toHaveLength(1);
    });

    it('is stopped: its jobs are ended, and its builds begun anew with jobs of their own', async () => {
      const { master, pushed, ended, running, open, jobs, busy } = there();
      const sha = await pushed('stopped', counted('stopped'));
      await running('stopped');
      await master.stop('SIGTERM');
      expect((await jobs('stopped')).map(({ status }) => status)).toEqual(['cancelled']);
      expect((await jobs('stopped'))[0]?.cancelRequested?.reason).toBe('Master Shutdown');
      expect(await busy()).toBe(0);
      await master.start();
      const [first, second] = await builds(sha, 2);
      expect(first).toMatchObject({ results: results.retry, request: second?.request });
      await running('stopped');
      open('stopped');
      expect((await ended(sha)).results).toBe(results.success);
      expect((await jobs('stopped')).map(({ status }) => status).toSorted()).toEqual([
        'cancelled',
        'succeeded',
      ]);
      expect(runs('stopped')).toBe(2);
    });

    it('is killed: the build in place of the dead one follows the job that runs, and nothing runs twice', async () => {
      const { master, pushed, ended, running, open, jobs } = there();
      const sha = await pushed('killed', `${counted('killed')}echo after\n`);
      await running('killed');
      await master.stop('SIGKILL');
      await master.start();
      const [, second] = await builds(sha, 2);
      await until('it says so', async () =>
        (await master.logOf(second?.id ?? 0)).includes('hbegun by an earlier build') ? true : undefined,
      );
      open('killed');
      const build = await ended(sha);
      expect(build).toMatchObject({ id: second?.id, results: results.success });
      expect(await master.logOf(build.id)).toContain('obegun\noover\noafter\n');
      expect(await jobs('killed')).toHaveLength(1);
      expect(runs('killed')).toBe(1);
    });

    it('is killed, and the job ends meanwhile: the next build has its outcome and its output', async () => {
      const { master, pushed, ended, running, open, jobs, job } = there();
      const sha = await pushed('missed', `${counted('missed')}exit 3\n`);
      const [one] = await running('missed');
      await master.stop('SIGKILL');
      open('missed');
      await until('the job has ended', async () =>
        (await job(one?.id ?? '')).status === 'failed' ? true : undefined,
      );
      await master.start();
      await builds(sha, 2);
      const build = await ended(sha);
      expect(build).toMatchObject({ results: results.failure, said: 'unit: failed on r1' });
      expect(await master.logOf(build.id)).toContain('obegun\noover\n');
      expect(await jobs('missed')).toHaveLength(1);
      expect(runs('missed')).toBe(1);
    });

    it('is killed, and the next build is to run something else: the first job is ended before the second begins', async () => {
      const { master, pushed, ended, running, open, jobs } = there();
      const sha = await pushed('numbered', counted('numbered'));
      const [first] = await running('numbered');
      await master.stop('SIGKILL');
      await master.start();
      await builds(sha, 2);
      const second = await until('another job runs', async () =>
        (await jobs('numbered')).find(({ id, status }) => id !== first?.id && status === 'running'),
      );
      const before = (await jobs('numbered')).find(({ id }) => id === first?.id);
      expect(before?.status).toBe('cancelled');
      expect(Date.parse(before?.endedAt ?? '')).toBeLessThanOrEqual(Date.parse(second.queuedAt));
      open('numbered');
      const build = await ended(sha);
      expect(build.results).toBe(results.success);
      const log = await master.logOf(build.id);
      expect(log).toContain('hwhat an earlier build has begun is ended first\n');
      expect(log).toContain('obuild 2\n');
    });

    it('is killed, and a newer commit comes before it lives again: the job of the older one is ended', async () => {
      const { master, pushed, ended, buildsOf, running, jobs } = there();
      const old = await pushed('overtaken', counted('overtaken'));
      await running('overtaken');
      await master.stop('SIGKILL');
      await master.start();
      const young = await pushed('overtaken', 'true\n');
      expect((await ended(young)).results).toBe(results.success);
      await until('the older build has ended', async () =>
        (await buildsOf(old)).at(-1)?.results === results.cancelled ? true : undefined,
      );
      expect((await jobs('overtaken')).map(({ status }) => status).toSorted()).toEqual([
        'cancelled',
        'succeeded',
      ]);
    });

    it('leaves no slot busy, no error of its own, and one end for each job', async () => {
      const { master, busy, ends } = there();
      expect(await busy()).toBe(0);
      expect(master.out()).not.toContain('Traceback');
      const all = await ends();
      expect(all.length).toBeGreaterThan(7);
      expect(all).toEqual(all.map(() => 1));
    });
  },
);
