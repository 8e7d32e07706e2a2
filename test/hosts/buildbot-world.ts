/** Buildbot in front of a built server with a runner: what the tests of the step share. */
import { join } from 'node:path';
import { afterAll, beforeAll } from 'vitest';
import type { JobView } from '../../projections/jobs.js';
import { until } from '../e2e/processes.js';
import { aWorld, type World } from '../e2e/world.js';
import { aRepository, commit, gitIn } from '../source/given-repository.js';
import { aMaster, results, type Build, type Master } from './buildbot.js';
import { openWay, type Way } from './way.js';

const ENDS = /^Job(Succeeded|Failed|Cancelled|TimedOut|Lost|Expired|Undeliverable)$/;

export interface BuildbotWorld {
  readonly world: World;
  readonly way: Way;
  readonly master: Master;
  readonly repository: string;
  /** A commit whose job runs this script; nobody is told of it. */
  readonly committed: (branch: string, script: string) => string;
  /** The same, handed to Buildbot; resolves when there is a build of it. */
  readonly pushed: (branch: string, script: string) => Promise<string>;
  readonly buildsOf: (sha: string) => Promise<readonly Build[]>;
  /** The last build of the commit, when it has ended as anything but `retry`. */
  readonly ended: (sha: string) => Promise<Build>;
  readonly jobs: (branch: string) => Promise<readonly JobView[]>;
  readonly job: (id: string) => Promise<JobView>;
  readonly running: (branch: string, count?: number) => Promise<readonly JobView[]>;
  readonly busy: () => Promise<unknown>;
  /** The script goes on when `open` was called with the name; its process stands in `pids`. */
  readonly waitFor: (name: string) => string;
  readonly open: (name: string) => void;
  /** Ends the server; how often each job that was ever queued has ended. */
  readonly ends: () => Promise<readonly number[]>;
  readonly close: () => Promise<void>;
}

/** `env` over what the example reads, `more` behind its configuration; `env` is given the address of the server. */
export const aBuildbotWorld = async (
  more = '',
  envOf: (world: World, way: Way) => Readonly<Record<string, string>> = () => ({}),
): Promise<BuildbotWorld> => {
  const world = await aWorld();
  const way = await openWay();
  let started: Master | undefined;
  const close = async (): Promise<void> => {
    try {
      await started?.stop('SIGTERM');
    } finally {
      try {
        await way.close();
      } finally {
        await world.close();
      }
    }
  };
  try {
    await world.start();
    way.leadTo(world.url);
    await world.addRunner('r1', 4);
    const repository = aRepository(join(world.repositories, 'shop'));
    const tokenFile = world.file('token', `${world.token}\n`);
    const env = { BATON_URL: way.url, BATON_TOKEN_FILE: tokenFile, BATON_COMMAND: 'sh ./run.sh' };
    const folder = join(world.folder, 'master');
    const master = await aMaster(folder, { ...env, ...envOf(world, way) }, more);
    started = master;
    await master.start();
    return given(world, way, master, repository, close);
  } catch (error) {
    await close();
    throw error;
  }
};

const given = (
  world: World,
  way: Way,
  master: Master,
  repository: string,
  close: () => Promise<void>,
): BuildbotWorld => {
  const buildsOf = async (sha: string): Promise<readonly Build[]> =>
    (await master.builds()).filter(({ revision }) => revision === sha);
  const committed = (branch: string, script: string): string => {
    const isThere = gitIn(repository, ['branch', '--list', branch]) !== '';
    gitIn(repository, ['checkout', '--quiet', ...(isThere ? [branch] : ['-b', branch, 'main'])]);
    return commit(repository, { 'run.sh': script }, `On ${branch}`);
  };
  const jobs = async (branch: string): Promise<readonly JobView[]> =>
    ((await world.ask('GET', '/jobs')).json() as { items: JobView[] }).items.filter(
      ({ pipeline }) => pipeline === branch,
    );
  const gate = (name: string): string => join(world.folder, name);
  return {
    ...{ world, way, master, repository, committed, buildsOf, jobs, close },
    pushed: async (branch, script) => {
      const sha = committed(branch, script);
      await master.sendChange(repository, branch, sha);
      await until(`there is a build of ${sha}`, async () => (await buildsOf(sha)).at(-1));
      return sha;
    },
    ended: (sha) =>
      until(
        `the build of ${sha} has ended`,
        async () => {
          const build = (await buildsOf(sha)).at(-1);
          return build === undefined || build.results === null || build.results === results.retry
            ? undefined
            : build;
        },
        120_000,
      ),
    job: async (id) => (await world.ask('GET', `/jobs/${id}`)).json() as JobView,
    running: (branch, count = 1) =>
      until(`${count} jobs of ${branch} run`, async () => {
        const found = (await jobs(branch)).filter(({ status }) => status === 'running');
        return found.length === count ? found : undefined;
      }),
    busy: async () => ((await world.ask('GET', '/runners?limit=10')).json() as { busy: number }).busy,
    waitFor: (name) =>
      `echo $$ >> '${gate('pids')}'; echo begun; while [ ! -e '${gate(name)}' ]; do sleep 0.1; done; echo over\n`,
    open: (name) => {
      world.file(name, '');
    },
    ends: async () => {
      await world.stop();
      const ends = new Map<string, number>();
      for (const { stream, event } of await world.events()) {
        if (event.type === 'JobQueued') ends.set(stream, ends.get(stream) ?? 0);
        if (ENDS.test(event.type)) ends.set(stream, (ends.get(stream) ?? 0) + 1);
      }
      return [...ends.values()];
    },
  };
};

/** One for all tests of a suite: there before the first, gone after the last. `more`: Python, behind the configuration of the example. */
export const givenBuildbot = (more: string): (() => BuildbotWorld) => {
  let given: BuildbotWorld | undefined;
  beforeAll(async () => {
    given = await aBuildbotWorld(more);
  });
  afterAll(async () => {
    await given?.close();
  });
  return () => {
    if (given === undefined) throw new Error('the master did not start');
    return given;
  };
};
