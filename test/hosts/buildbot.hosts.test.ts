/** Buildbot as the pipeline engine: its builds run on runners over SSH, through examples/buildbot and the built server. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { JobView } from '../../projections/jobs.js';
import { until } from '../e2e/processes.js';
import { aWorld, type World } from '../e2e/world.js';
import { aRepository, commit, gitIn } from '../source/given-repository.js';
import { hasBuildbot, results, startMaster, type Build, type Master } from './buildbot.js';
import { openWay, type Way } from './way.js';

const ENDS = /^Job(Succeeded|Failed|Cancelled|TimedOut|Lost|Expired|Undeliverable)$/;

describe.skipIf(!hasBuildbot)(
  'Buildbot, which needs the packages buildbot and buildbot-worker [needs buildbot]',
  () => {
    let world: World;
    let way: Way;
    let master: Master;
    let repository = '';
    beforeAll(async () => {
      world = await aWorld();
      way = await openWay();
      await world.start();
      way.leadTo(world.url);
      await world.addRunner('r1', 4);
      repository = aRepository(join(world.repositories, 'shop'));
      const tokenFile = world.file('token', `${world.token}\n`);
      master = await startMaster(join(world.folder, 'master'), {
        ...{ BATON_URL: way.url, BATON_TOKEN_FILE: tokenFile, BATON_COMMAND: 'sh ./run.sh' },
      });
    });
    afterAll(async () => {
      await master.close();
      await way.close();
      await world.close();
    });

    const buildOf = async (sha: string): Promise<Build | undefined> =>
      (await master.builds()).find(({ revision }) => revision === sha);
    /** A commit whose job runs this script, handed to Buildbot; answers its id as soon as it has a build: before that nothing cancels it. */
    const pushed = async (branch: string, script: string): Promise<string> => {
      const isThere = gitIn(repository, ['branch', '--list', branch]) !== '';
      gitIn(repository, ['checkout', '--quiet', ...(isThere ? [branch] : ['-b', branch, 'main'])]);
      const sha = commit(repository, { 'run.sh': script }, `On ${branch}`);
      await master.sendChange(repository, branch, sha);
      await until(`there is a build of ${sha}`, () => buildOf(sha));
      return sha;
    };
    const ended = (sha: string): Promise<Build> =>
      until(
        `the build of ${sha} has ended`,
        async () => {
          const build = await buildOf(sha);
          return build?.results === null ? undefined : build;
        },
        120_000,
      );
    const jobs = async (branch: string): Promise<readonly JobView[]> =>
      ((await world.ask('GET', '/jobs')).json() as { items: JobView[] }).items.filter(
        ({ pipeline }) => pipeline === branch,
      );
    const running = (branch: string, count = 1): Promise<readonly JobView[]> =>
      until(`${count} jobs of ${branch} run`, async () => {
        const found = (await jobs(branch)).filter(({ status }) => status === 'running');
        return found.length === count ? found : undefined;
      });
    const busy = async (): Promise<unknown> =>
      ((await world.ask('GET', '/runners?limit=10')).json() as { busy: number }).busy;
    /** A job goes on until this file is there. */
    const gate = (name: string): string => join(world.folder, name);
    const waitFor = (name: string): string =>
      `echo begun; while [ ! -e '${gate(name)}' ]; do sleep 0.1; done; echo over\n`;

    it('runs a commit on a runner, and shows all that it wrote', async () => {
      const sha = await pushed('good', 'echo first; echo "zwölf ☃"; seq 1 3000; printf last\n');
      expect(await ended(sha)).toMatchObject({ results: results.success, said: 'unit: succeeded on r1' });
      const log = await master.logOf((await ended(sha)).id);
      expect(log).toContain('ofirst\nozwölf ☃\no1\n');
      expect(log).toContain('o3000\nolast\n');
    });

    it('fails with a job that failed, and says how', async () => {
      const sha = await pushed('bad', 'echo wrong; exit 3\n');
      const build = await ended(sha);
      expect(build).toMatchObject({ results: results.failure, said: 'unit: failed on r1' });
      expect(await master.logOf(build.id)).toContain('hfailed with exit code 3\n');
    });

    it('ends the job of a commit that a newer one has made obsolete, and asks for that once', async () => {
      const before = way.asked().length;
      const old = await pushed('obsolete', waitFor('never'));
      const [job] = await running('obsolete');
      const young = await pushed('obsolete', 'echo young\n');
      expect((await ended(old)).results).toBe(results.cancelled);
      expect((await ended(young)).results).toBe(results.success);
      const shown = (await world.ask('GET', `/jobs/${job?.id ?? ''}`)).json() as JobView;
      expect(shown).toMatchObject({
        ...{ status: 'cancelled', cancelRequested: { reason: 'Build has been obsoleted by a newer commit' } },
      });
      expect(
        way
          .asked()
          .slice(before)
          .filter((line) => line.endsWith('/cancel')),
      ).toHaveLength(1);
    });

    it('has one job survive of ten quick revisions of a branch', async () => {
      const shas: string[] = [];
      for (let n = 1; n < 10; n++) shas.push(await pushed('quick', `echo ${n}; ${waitFor('never')}`));
      const last = await pushed('quick', 'echo survivor\n');
      expect((await ended(last)).results).toBe(results.success);
      for (const sha of shas) expect((await ended(sha)).results).toBe(results.cancelled);
      const all = await jobs('quick');
      expect(all.filter(({ status }) => status === 'succeeded')).toHaveLength(1);
      expect(all.filter(({ status }) => status !== 'succeeded' && status !== 'cancelled')).toEqual([]);
      expect(await busy()).toBe(0);
    });

    it('is quiet when it cancels a job that has ended already', async () => {
      const old = await pushed('late', waitFor('late'));
      const [job] = await running('late');
      const release = way.hold((method, path) => method === 'GET' && path.includes('/phases/'));
      world.file('late', '');
      await until('the job has ended', async () =>
        ((await world.ask('GET', `/jobs/${job?.id ?? ''}`)).json() as JobView).status === 'succeeded'
          ? true
          : undefined,
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

    it('submits once more when the answer was lost, and it is the same job', async () => {
      way.lose((method, path) => method === 'POST' && path.endsWith('/phases'));
      const sha = await pushed('lost-answer', 'echo once\n');
      const build = await ended(sha);
      expect(build.results).toBe(results.success);
      expect(await master.logOf(build.id)).toContain('hBaton answers');
      expect(await jobs('lost-answer')).toHaveLength(1);
    });

    it('goes through a server that is killed and started again: the job runs once, and the build ends right', async () => {
      const sha = await pushed('killed', `echo ran >> '${gate('ran')}'\n${waitFor('killed')}echo after\n`);
      await running('killed');
      await world.stop('SIGKILL');
      world.file('killed', '');
      await world.start();
      way.leadTo(world.url);
      const build = await ended(sha);
      expect(build).toMatchObject({ results: results.success, said: 'unit: succeeded on r1' });
      expect(readFileSync(gate('ran'), 'utf8')).toBe('ran\n');
      expect(await master.logOf(build.id)).toContain('obegun\noover\noafter\n');
    });

    it('leaves no slot busy, no error of its own, no token in an argument, and one end for each job', async () => {
      expect(await busy()).toBe(0);
      expect(master.out()).not.toContain('Traceback');
      expect(master.out()).not.toContain(world.token);
      expect((await master.builds()).filter(({ results: one }) => one === results.exception)).toEqual([]);
      await world.stop();
      const ends = new Map<string, number>();
      const queued = new Set<string>();
      for (const { stream, event } of await world.events()) {
        if (event.type === 'JobQueued') queued.add(stream);
        if (ENDS.test(event.type)) ends.set(stream, (ends.get(stream) ?? 0) + 1);
      }
      expect(queued.size).toBeGreaterThan(8);
      expect([...queued].map((stream) => ends.get(stream))).toEqual([...queued].map(() => 1));
    });
  },
);
