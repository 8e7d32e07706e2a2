/** Buildbot: which builds the option `cancelIfSuperseded` ends, and which it leaves alone. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { isAlive, until } from '../e2e/processes.js';
import { gitIn } from '../source/given-repository.js';
import { hasBuildbot, results, type Request } from './buildbot.js';
import { givenBuildbot } from './buildbot-world.js';

/** Further builders, each with branches of its own: without the option, one whose requests are never collapsed, one with a single place, two that are asked by hand only. */
const MORE = `
def plain(**more):
    return util.BuildFactory([RunnerPhase(
        url=BATON, tokenFile=TOKEN_FILE, project='web-shop', name='unit', phase='unit', command='sh ./run.sh', **more)])
c['schedulers'][0] = schedulers.AnyBranchScheduler(
    'any', builderNames=['unit'], change_filter=util.ChangeFilter(branch_fn=lambda branch: not branch.startswith('own-')))
for name, factory in [('every', plain()), ('kept', plain(cancelIfSuperseded=True))]:
    c['builders'].append(util.BuilderConfig(
        name, workernames=PLACES, factory=factory, collapseRequests=False))
    c['schedulers'].append(schedulers.AnyBranchScheduler(
        name, builderNames=[name], change_filter=util.ChangeFilter(branch=f'own-{name}')))
c['builders'].append(util.BuilderConfig(
    'narrow', workernames=PLACES[:1], factory=plain(cancelIfSuperseded=True), collapseRequests=collapse_older))
c['schedulers'].append(schedulers.AnyBranchScheduler(
    'narrow', builderNames=['narrow'], change_filter=util.ChangeFilter(branch=['own-first', 'own-narrow'])))
for name, places in [('by-hand', PLACES), ('by-hand-narrow', PLACES[:1])]:
    c['builders'].append(util.BuilderConfig(
        name, workernames=places, factory=plain(cancelIfSuperseded=True), collapseRequests=False))
c['schedulers'].append(schedulers.Triggerable('by-hand', builderNames=['by-hand', 'by-hand-narrow']))
`;
/** Of the ten, beside those that Buildbot has collapsed before they had a build. */
const COMMITS = 10;
const ROUNDS = Number(process.env['BATON_TEST_ROUNDS'] ?? '1');

describe.skipIf(!hasBuildbot)(
  'cancelIfSuperseded, which needs the packages buildbot and buildbot-worker [needs buildbot]',
  () => {
    const there = givenBuildbot(MORE);
    /** Ten commits of one branch, told by `tell`: all but the newest end by themselves; it is let go on then. */
    const onlyTheNewest = async (
      branch: string,
      tell: (shas: readonly string[]) => Promise<void>,
    ): Promise<readonly Request[]> => {
      const { world, master, committed, waitFor, open, jobs, busy } = there();
      const shas = Array.from({ length: COMMITS }, () => committed(branch, waitFor(branch)));
      await tell(shas);
      const live = await until(
        'all but one have ended, and that one runs',
        async () => {
          const requests = await master.requests(branch);
          const live = requests.filter(({ complete }) => complete === 0);
          const [job] = (await jobs(branch)).filter(({ status }) => status === 'running');
          return requests.length === COMMITS && live.length === 1 && job !== undefined ? live : undefined;
        },
        120_000,
      );
      const all = await master.requests(branch);
      expect(live[0]?.change).toBe(Math.max(...all.map(({ change }) => change ?? 0)));
      open(branch);
      const requests = await until('that one has ended', async () => {
        const now = await master.requests(branch);
        return now.every(({ complete }) => complete === 1) ? now : undefined;
      });
      const count = (result: number): number => requests.filter((one) => one.results === result).length;
      expect(count(results.success)).toBe(1);
      expect(count(results.cancelled) + count(results.skipped)).toBe(COMMITS - 1);
      const ended = await jobs(branch);
      expect(ended.filter(({ status }) => status === 'succeeded')).toHaveLength(1);
      expect(ended.filter(({ status }) => status !== 'succeeded' && status !== 'cancelled')).toEqual([]);
      expect(await busy()).toBe(0);
      const pids = readFileSync(join(world.folder, 'pids'), 'utf8').trim().split('\n').map(Number);
      expect(await Promise.all(pids.map(isAlive))).not.toContain(true);
      return requests;
    };

    it.each(Array.from({ length: ROUNDS }, (_, round) => round))(
      'leaves one of ten commits that are sent at once (%i)',
      async (round) => {
        const { master, repository } = there();
        const branch = `sent-${round}`;
        await onlyTheNewest(branch, async (shas) => {
          await Promise.all(shas.map((sha) => master.sendChange(repository, branch, sha)));
        });
      },
    );

    it.each(Array.from({ length: ROUNDS }, (_, round) => round))(
      'leaves one of ten commits that come in the same moment (%i)',
      async (round) => {
        const { master, repository } = there();
        const branch = `moment-${round}`;
        await onlyTheNewest(branch, (revisions) =>
          master.does({ do: 'changes', ...{ repository, branch, revisions } }),
        );
      },
    );

    it('leaves one of ten also where Buildbot collapses no requests', async () => {
      const { master, repository } = there();
      const branch = 'own-kept';
      const requests = await onlyTheNewest(branch, (revisions) =>
        master.does({ do: 'changes', ...{ repository, branch, revisions } }),
      );
      expect(requests.filter(({ results: one }) => one === results.skipped)).toEqual([]);
    });

    it('runs the newest of ten that wait for one place, though Buildbot asks for them in another order', async () => {
      const { master, repository, committed, pushed, running, waitFor, open, jobs } = there();
      const branch = 'own-narrow';
      await pushed('own-first', waitFor('own-first'));
      await running('own-first');
      const revisions = Array.from({ length: COMMITS }, () => committed(branch, 'true\n'));
      await master.does({ do: 'changes', ...{ repository, branch, revisions } });
      await until('all ten are asked for', async () =>
        (await master.requests(branch)).length === COMMITS ? true : undefined,
      );
      open('own-first');
      const requests = await until('all have ended', async () => {
        const now = await master.requests(branch);
        return now.every(({ complete }) => complete === 1) ? now : undefined;
      });
      const built = requests.filter(({ results: one }) => one === results.success);
      const newest = Math.max(...requests.map(({ change }) => change ?? 0));
      expect(built.map(({ change }) => change)).toEqual([newest]);
      expect((await jobs(branch)).map(({ status }) => status)).toEqual(['succeeded']);
    });

    it('ends nothing where the option is not given', async () => {
      const { master, pushed, ended, running, waitFor, open } = there();
      const shas = [await pushed('own-every', waitFor('every')), await pushed('own-every', waitFor('every'))];
      await running('own-every', 2);
      open('every');
      for (const sha of shas) expect((await ended(sha)).results).toBe(results.success);
      expect((await master.requests('own-every')).map(({ results: one }) => one)).toEqual([0, 0]);
    });

    it('leaves other branches alone, and what somebody asks for beside them: an old commit once more, or one without a change', async () => {
      const { master, repository, committed, pushed, ended, buildsOf, running, waitFor, open } = there();
      const old = await pushed('asked', 'true\n');
      const first = await ended(old);
      const newest = await pushed('asked', waitFor('asked'));
      const other = await pushed('other', waitFor('asked'));
      await running('asked');
      await master.does({ do: 'rebuild', build: first.id });
      await until('it was built once more', async () =>
        (await buildsOf(old)).length === 2 && (await buildsOf(old)).at(-1)?.results === results.success
          ? true
          : undefined,
      );
      const unknown = committed('asked', waitFor('asked'));
      await master.does({
        ...{ do: 'force', builder: 'unit' },
        stamp: { repository, branch: 'asked', revision: unknown },
      });
      await running('asked', 2);
      open('asked');
      for (const sha of [newest, other, unknown]) expect((await ended(sha)).results).toBe(results.success);
    });

    it('ends an old commit that is built once more when a newer one comes after it', async () => {
      const { master, pushed, ended, buildsOf, running, waitFor, open } = there();
      open('again-1');
      const old = await pushed(
        'again',
        `[ -e ${there().world.folder}/again-2 ] || exit 0; ${waitFor('again-3')}`,
      );
      expect((await ended(old)).results).toBe(results.success);
      open('again-2');
      await master.does({ do: 'rebuild', build: (await ended(old)).id });
      await running('again');
      const young = await pushed('again', 'true\n');
      expect((await ended(young)).results).toBe(results.success);
      const again = await until('the build of the old one has ended', async () => {
        const build = (await buildsOf(old)).at(-1);
        return build?.results === null ? undefined : build;
      });
      expect(again).toMatchObject({ results: results.cancelled });
    });

    it('is not ended by a commit that the branch is set back to before somebody asks for that', async () => {
      const { master, repository, committed, ended, buildsOf, running, waitFor } = there();
      const branch = 'own-set-back';
      const ask = (revision: string, of = branch): Promise<void> =>
        master.does({ do: 'force', builder: 'by-hand', stamp: { repository, branch: of, revision } });
      const first = committed(branch, 'true\n');
      await master.sendChange(repository, branch, first);
      await ask(first);
      await until('there is a build', async () => (await buildsOf(first)).at(-1));
      expect((await ended(first)).results).toBe(results.success);
      const second = committed(branch, waitFor('never'));
      await master.sendChange(repository, branch, second);
      await ask(second);
      const [job] = await running(branch);
      await master.sendChange(repository, branch, first);
      // the request of another branch has the step look
      const other = committed('own-beside', 'true\n');
      await ask(other, 'own-beside');
      await until('there is a build', async () => (await buildsOf(other)).at(-1));
      expect((await ended(other)).results).toBe(results.success);
      expect((await running(branch)).map(({ id }) => id)).toEqual([job?.id]);
      await ask(first);
      expect((await ended(second)).results).toBe(results.cancelled);
      await until('it was built twice', async () =>
        (await buildsOf(first)).length === 2 ? true : undefined,
      );
      expect((await ended(first)).results).toBe(results.success);
      expect(await buildsOf(second)).toHaveLength(1);
    });

    it('ends the older of two that wait for one place, though the newer one, asked for first, has been built by then', async () => {
      const { master, repository, committed, ended, buildsOf, running, waitFor, open, jobs } = there();
      const branch = 'own-hand-narrow';
      const ask = (revision: string, of = branch): Promise<void> =>
        master.does({ do: 'force', builder: 'by-hand-narrow', stamp: { repository, branch: of, revision } });
      await ask(committed('own-hand-first', waitFor('hand-first')), 'own-hand-first');
      await running('own-hand-first');
      const shas = [committed(branch, 'true\n'), committed(branch, 'true\n')];
      for (const sha of shas) await master.sendChange(repository, branch, sha);
      for (const sha of shas.toReversed()) await ask(sha);
      open('hand-first');
      const [old = '', young = ''] = shas;
      await until('there is a build', async () => (await buildsOf(old)).at(-1));
      expect((await ended(young)).results).toBe(results.success);
      expect(await ended(old)).toMatchObject({ results: results.cancelled });
      expect((await jobs(branch)).map(({ status }) => status)).toEqual(['succeeded']);
    });

    it('takes the patch sets of one change in Gerrit for one branch', async () => {
      const { master, repository, committed, ended, running, waitFor } = there();
      /** As Gerrit has them: no branches, but references of their own. */
      const patchSet = async (ref: string, script: string): Promise<string> => {
        const sha = committed('gerrit', script);
        gitIn(repository, ['update-ref', ref, sha]);
        await master.sendChange(repository, ref, sha);
        return sha;
      };
      const first = await patchSet('refs/changes/34/1234/1', waitFor('never'));
      const another = await patchSet('refs/changes/34/12345/1', waitFor('patch'));
      await running('refs/changes/34/1234/1');
      const second = await patchSet('refs/changes/34/1234/2', 'true\n');
      expect((await ended(second)).results).toBe(results.success);
      expect((await ended(first)).results).toBe(results.cancelled);
      there().open('patch');
      expect((await ended(another)).results).toBe(results.success);
    });

    it('refuses a patch, which would not be applied', async () => {
      const { master, repository, committed } = there();
      const revision = committed('tried', 'true\n');
      const patch = {
        patch_body: 'diff',
        patch_level: 1,
        patch_subdir: '',
        patch_author: 'ada',
        patch_comment: '',
      };
      await master.does({
        ...{ do: 'force', builder: 'unit' },
        stamp: { repository, branch: 'tried', revision, ...patch },
      });
      const build = await until('it has ended', async () =>
        (await master.builds()).find((one) => one.revision === revision && one.results !== null),
      );
      expect(build.results).toBe(results.exception);
      expect(build.said).toContain('has a patch, which Baton does not apply');
    });

    it('leaves no error of its own, and one end for each job', async () => {
      const { master, busy, ends } = there();
      expect(await busy()).toBe(0);
      expect(master.out()).not.toContain('Traceback');
      const all = await ends();
      expect(all.length).toBeGreaterThan(2);
      expect(all).toEqual(all.map(() => 1));
    });
  },
);
