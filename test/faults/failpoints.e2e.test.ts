/** A server that dies at any append or effect, at the exact place: is anything lost or done twice when it is started again? */
import { chmod, mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { failpoints, type Failpoint } from '../../src/app/failpoints.js';
import { isAlive, killIfThere } from '../../bench/fleet/processes.js';
import { until } from '../e2e/processes.js';
import { aWorld, type World } from '../e2e/world.js';
import { aFaultyRunner, filesOn, type FaultyRunner } from './runner.js';
import { isLong } from './length.js';
import { sum, tallyOf, type Counts, type Submission, type Tally } from './tally.js';

let world: World;
let tally: Tally;
let runner: FaultyRunner;
const counted: Counts[] = [];

beforeAll(async () => {
  world = await aWorld();
  tally = tallyOf(world);
  await world.start();
  const bin = join(world.folder, 'bin');
  await mkdir(bin);
  // unpacks a source only when nobody wants it to be slow: so long an attempt is claimed and not started
  await writeFile(
    join(bin, 'tar'),
    `#!/bin/sh\nwhile [ -e '${world.folder}/slow' ]; do sleep 0.05; done\nPATH="\${PATH#*:}" exec tar "$@"\n`,
  );
  await chmod(join(bin, 'tar'), 0o755);
  runner = await aFaultyRunner(world, 'runner', {
    environment: { PATH: `${bin}:${process.env['PATH'] ?? '/usr/bin:/bin'}` },
  });
  await world.stop();
});
afterAll(async () => {
  console.log(`faults: failpoints ${counted.length} kills, ${JSON.stringify(sum(counted))}`);
  await world.close();
});

/** About 200 KB, and long enough for its start to be an event of its own. */
const PRINT = 'i=0; while [ $i -lt 8 ]; do i=$((i+1)); seq $((i*10000)) $((i*10000+4000)); sleep 0.05; done';
const waits = (): string => `echo waits; until [ -e '${world.folder}/enough' ]; do sleep 0.02; done; echo on`;

/** What happens while the failpoint is armed, and how its jobs end. */
interface Story {
  readonly print: () => string;
  readonly config?: Readonly<Record<string, unknown>>;
  readonly flags?: readonly string[];
  /** Before a server is started. */
  readonly given?: () => Promise<void>;
  /** With a server that dies of nothing. */
  readonly before?: (submission: Submission) => Promise<void>;
  /** While the failpoint is armed, and once more afterwards: what was done already is not done again. */
  readonly deed?: (submission: Submission) => Promise<void>;
  readonly after?: () => Promise<void>;
  readonly ends: string;
}

const theJob = async (submission: Submission): Promise<string> => {
  const change = await submission.change();
  return until('there is a job', async () => (await world.jobsOf(change))[0]?.id);
};
const isRunning = async (submission: Submission): Promise<string> => {
  const job = await theJob(submission);
  await until('the job has begun', async () => ((await tally.begun()).includes(job) ? true : undefined));
  return job;
};
const cancel = async (submission: Submission): Promise<void> => {
  const job = await isRunning(submission);
  await world.ask('POST', `/jobs/${job}/cancel`, {}, { 'Idempotency-Key': `cancel-${job}` });
};
/** The shell that supervises it, and all of its own group. */
const killThere = async (submission: Submission): Promise<void> => {
  const name = `${await isRunning(submission)}.1`;
  const [kind, supervisor] = (await filesOn(runner, '.rc')).get(`${name}.rc`)?.split(' ') ?? [];
  const [leader] = (await filesOn(runner, '.go')).get(`${name}.go`)?.split(' ') ?? [];
  if (kind !== '-' || !(await isAlive(Number(supervisor)))) return;
  killIfThere(Number(supervisor));
  killIfThere(-Number(leader));
};

const stories = {
  'a job that succeeds': { print: () => PRINT, ends: 'JobSucceeded' },
  'a job that fails': { print: () => `${PRINT}; exit 3`, ends: 'JobFailed' },
  'a job that takes too long': {
    ...{ print: waits, config: { phase_timeouts: { unit: 1 } }, ends: 'JobTimedOut' },
  },
  'a job that is cancelled': { print: waits, deed: cancel, ends: 'JobCancelled' },
  'a job that is killed with its supervisor': { print: waits, deed: killThere, ends: 'JobLost' },
  'a job that another server started': {
    print: waits,
    before: async (submission) => {
      await isRunning(submission);
    },
    after: () => writeFile(join(world.folder, 'enough'), ''),
    ends: 'JobSucceeded',
  },
  'a job that does not start in time': {
    print: () => PRINT,
    flags: ['--start-limit', '1s'],
    given: () => writeFile(join(world.folder, 'slow'), ''),
    after: () => rm(join(world.folder, 'slow'), { force: true }),
    ends: 'JobSucceeded',
  },
} satisfies Record<string, Story>;
type Plot = keyof typeof stories;

const plotOf = (name: Failpoint): Plot => {
  if (name.startsWith('append.JobFailed')) return 'a job that fails';
  if (name.startsWith('append.JobTimedOut')) return 'a job that takes too long';
  if (name.startsWith('append.JobLost')) return 'a job that is killed with its supervisor';
  if (/^(cancel|append\.JobCancel)/.test(name)) return 'a job that is cancelled';
  if (/^(revoke|append\.JobRequeued)/.test(name)) return 'a job that does not start in time';
  return name.startsWith('query') ? 'a job that another server started' : 'a job that succeeds';
};

/** The server dies at `name`, with a job of its own or one that is left of the deaths before. */
const die = async (name: Failpoint, story: Story): Promise<Submission> => {
  const project = tally.project(story.print(), story.config);
  await story.given?.();
  let submission: Submission | undefined;
  if (story.before !== undefined) {
    await world.start();
    submission = tally.submit(project);
    await story.before(submission);
    await world.stop('SIGKILL');
  }
  // it may die before it says where it listens
  await world.start({ BATON_FAILPOINT: name }, 'error', story.flags).catch(() => undefined);
  const server = world.server;
  submission ??= tally.submit(project);
  const deed = story.deed?.(submission).catch(() => undefined);
  const died = await server?.done;
  expect([died?.code, server?.child.signalCode], died?.err).toEqual([null, 'SIGKILL']);
  // what it waits for comes with a server that lives
  void deed;
  return submission;
};

/** The last server dies of nothing: all is to be counted. */
const settle = async (story: Story, submissions: readonly Submission[]): Promise<void> => {
  await world.start();
  const { deed } = story;
  if (deed !== undefined) await Promise.all(submissions.map(deed));
  await story.after?.();
  for (const one of submissions) counted.push(await tally.expectOnce(await one.change(), story.ends));
  await world.stop('SIGKILL');
};

const plots = (Object.keys(stories) as Plot[]).map((plot) => ({
  plot,
  names: failpoints.filter((name) => plotOf(name) === plot),
}));
/** In a long run each alone; else the next server is to die while it mends what the last one left. */
const rounds = isLong
  ? plots.flatMap(({ plot, names }) => names.map((name) => ({ plot, names: [name] })))
  : plots;

describe('a server that dies at a failpoint and is started again', { timeout: 300_000 }, () => {
  it.each(rounds.map(({ plot, names }) => [plot, names.join(', '), names] as const))(
    'given %s, and %s, then it ran once, all of its log is there, and it has one end',
    async (plot, _, names) => {
      const story: Story = stories[plot];
      await rm(join(world.folder, 'enough'), { force: true });
      const submissions: Submission[] = [];
      for (const name of names) submissions.push(await die(name, story));
      await settle(story, submissions);
    },
  );

  it('given a name that there is not, then the server does not start, and says which there are', async () => {
    const started = world.start({ BATON_FAILPOINT: 'append.JobDone.before' });
    await expect(started).rejects.toThrow(/append\.JobAssigned\.before/);
  });
});
