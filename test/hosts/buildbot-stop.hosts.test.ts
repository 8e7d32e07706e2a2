/** A build of Buildbot is stopped, or its step fails, at a bad moment: the job does not stay behind. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { isAlive, until } from '../e2e/processes.js';
import { hasBuildbot, results, type Build } from './buildbot.js';
import { givenBuildbot } from './buildbot-world.js';

const MIB = 1024 * 1024;
/** What is kept of the output of a job that writes without end, and how much the step reads at once. */
const KEPT = 16 * MIB;
const PIECE = MIB;

/** Builders, each for the branch of its name. */
const MORE = `
from twisted.internet import defer, reactor, task

class Mistaken(RunnerPhase):
    def _show(self, state):
        if state['status'] == 'running':
            raise RuntimeError('a mistake')
        return super()._show(state)

class Late(RunnerPhase):
    """Its interrupt takes until a file is there."""
    @defer.inlineCallbacks
    def addCompleteLog(self, name, text):
        while not os.path.exists(os.path.join(os.path.dirname(TOKEN_FILE), 'interrupted')):
            yield task.deferLater(reactor, 0.05, lambda: None)
        yield super().addCompleteLog(name, text)

c['builders'], c['schedulers'] = [], []
for name, step, more in [
        ('writes', RunnerPhase, {'more': {'limits': {'logBytes': ${KEPT}}}}),
        ('numbered', RunnerPhase, {'command': util.Interpolate('echo build %(prop:buildnumber)s; exec sh ./run.sh')}),
        ('mistaken', Mistaken, {}),
        ('late', Late, {})]:
    how = {'command': 'exec sh ./run.sh', **more}
    c['builders'].append(util.BuilderConfig(name, workernames=PLACES, factory=util.BuildFactory([step(
        url=BATON, tokenFile=TOKEN_FILE, project='web-shop', name='unit', phase='unit', **how)])))
    c['schedulers'].append(schedulers.AnyBranchScheduler(
        name, builderNames=[name], change_filter=util.ChangeFilter(branch=name)))
`;

describe.skipIf(!hasBuildbot)(
  'a build that is stopped at a bad moment, which needs the packages buildbot and buildbot-worker [needs buildbot]',
  () => {
    const there = givenBuildbot(MORE);
    /** A line of a script: which process runs it. */
    const tells = (name: string): string => `echo $$ > '${join(there().world.folder, `${name}-pid`)}'\n`;
    const lives = (name: string): Promise<boolean> =>
      isAlive(Number(readFileSync(join(there().world.folder, `${name}-pid`), 'utf8')));
    const stop = async (sha: string): Promise<void> => {
      const { master, buildsOf } = there();
      await master.does({ do: 'stop', build: (await buildsOf(sha)).at(-1)?.id ?? 0 });
    };
    const logSays = async (sha: string, sentence: RegExp): Promise<Build> => {
      const { master, buildsOf } = there();
      return until(`the log says ${sentence}`, async () => {
        const build = (await buildsOf(sha)).at(-1);
        return build !== undefined && sentence.test(await master.logOf(build.id)) ? build : undefined;
      });
    };

    it('ends a job that writes faster than the step copies, before all is copied', async () => {
      const { way, pushed, ended, jobs } = there();
      const reads = (lines: readonly string[]): number =>
        lines.filter((line) => line.startsWith('GET') && line.includes('/log?')).length;
      const sha = await pushed('writes', `${tells('writes')}exec yes\n`);
      await until('it is copied', () => (reads(way.asked()) > 2 ? true : undefined));
      await stop(sha);
      expect((await ended(sha)).results).toBe(results.cancelled);
      expect((await jobs('writes')).map(({ status }) => status)).toEqual(['cancelled']);
      expect(await lives('writes')).toBe(false);
      const asked = way.asked();
      const cancel = asked.findIndex((line) => line.endsWith('/cancel'));
      expect(reads(asked.slice(0, cancel))).toBeLessThan(KEPT / PIECE);
      // what was left then is read as well
      expect(reads(asked.slice(cancel))).toBeGreaterThan(0);
      expect(reads(asked)).toBeGreaterThan(KEPT / PIECE);
    });

    it('is stopped while it ends what an earlier build has begun: it is asked for once more, with another reason, and waited for', async () => {
      const { way, master, pushed, ended, running, jobs } = there();
      const sha = await pushed('numbered', `${tells('numbered')}trap '' TERM; while :; do sleep 0.1; done\n`);
      const [job] = await running('numbered');
      await logSays(sha, /obuild 1\n/);
      await master.stop('SIGKILL');
      const before = way.asked().length;
      const release = way.hold((_, path) => path.endsWith('/cancel'));
      await master.start();
      await logSays(sha, /hwhat an earlier build has begun is ended first\n/);
      const written = master.out().length;
      await stop(sha);
      await until('the step knows', () =>
        master.out().slice(written).includes('stopping build: by hand') ? true : undefined,
      );
      release();
      const build = await ended(sha);
      expect(build).toMatchObject({ results: results.cancelled, said: 'unit: cancelled on r1' });
      expect((await jobs('numbered')).map(({ id, status }) => ({ id, status }))).toEqual([
        { id: job?.id, status: 'cancelled' },
      ]);
      expect(await lives('numbered')).toBe(false);
      const cancels = way
        .asked()
        .slice(before)
        .filter((line) => line.endsWith('/cancel'));
      expect(cancels).toHaveLength(2);
      expect(await master.logOf(build.id)).not.toContain('Baton is not asked any more');
    });

    it('ends the job of a step that fails by a mistake of its own, and shows the mistake', async () => {
      const { master, pushed, ended, jobs, waitFor } = there();
      const sha = await pushed('mistaken', `${tells('mistaken')}${waitFor('never')}`);
      const build = await ended(sha);
      expect(build.results).toBe(results.exception);
      expect(await master.logOf(build.id)).toContain(
        'hThis step has failed with RuntimeError: Baton was asked to cancel its job\n',
      );
      const [job] = await until('its job has ended', async () => {
        const found = await jobs('mistaken');
        return found[0]?.status === 'cancelled' ? found : undefined;
      });
      expect(job?.cancelRequested?.reason).toBe('This step has failed with RuntimeError');
      expect(master.out().match(/Traceback/g)).toHaveLength(1);
      expect(master.out()).toContain('RuntimeError: a mistake');
    });

    it('is begun anew after a master that stops, though its job has ended before Buildbot says so', async () => {
      const { world, master, pushed, ended, buildsOf, running, jobs, waitFor, open } = there();
      const sha = await pushed('late', waitFor('late'));
      await running('late');
      const stopped = master.stop('SIGTERM');
      await logSays(sha, /hcancelled/);
      expect((await jobs('late')).map(({ status }) => status)).toEqual(['cancelled']);
      world.file('interrupted', '');
      await stopped;
      expect((await buildsOf(sha)).map((build) => build.results)).toEqual([results.retry]);
      open('late');
      await master.start();
      await until('it is begun anew', async () => ((await buildsOf(sha)).length === 2 ? true : undefined));
      expect((await ended(sha)).results).toBe(results.success);
    });

    it('leaves no slot busy, and one end for each job', async () => {
      const { busy, ends } = there();
      expect(await busy()).toBe(0);
      expect(await ends()).toEqual([1, 1, 1, 1, 1]);
    });
  },
);
