/** `baton demo`: a server, runners and a repository of its own; every step is real and is shown. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Command } from 'commander';
import * as E from 'fp-ts/lib/Either.js';
import type { JobView } from '../../projections/jobs.js';
import type { ChangeView } from '../app/use-cases.js';
import { readConfig, type Environment } from '../config.js';
import { storeSettings } from '../config/store.js';
import { createClient, type Client, type Got } from './client.js';
import { complain, complainOnly } from './complain.js';
import { hasSshd, startRunner, type DemoRunner, type Release } from './demo/fleet.js';
import { COUNT_TO, makeRepository, tipOf } from './demo/repository.js';
import { startServer, type DemoServer } from './demo/server.js';
import { listenForStop, type Stop } from './demo/stop.js';
import { asVariables, needEmpty, type StoreFlags } from './demo/store.js';
import { exitCodes } from './exit.js';
import { note, say, type Io } from './io.js';
import { historyText } from './history.js';
import { example } from './options.js';
import { short } from './print.js';
import { waitForChange } from './wait.js';

class DemoFailed extends Error {}

const need = <A>(got: Got<A>): A => {
  if (E.isRight(got)) return got.right;
  throw new DemoFailed(`${got.left.detail}${got.left.hint === undefined ? '' : ` ${got.left.hint}`}`);
};

const expectThat = (holds: boolean, what: string): void => {
  if (!holds) throw new DemoFailed(`expected: ${what}`);
};

const PATIENCE_MS = 60_000;

/** Why a job waits is part of the story, and told there. */
const SHOWN = { logs: true, waits: false };

/** Asks until the answer suits; the demo waits for facts, never for a time. */
const until = async <A>(what: string, ask: () => Promise<A | undefined>): Promise<A> => {
  const deadline = performance.now() + PATIENCE_MS;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    if (performance.now() > deadline) throw new DemoFailed(`nothing came of it within a minute: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
};

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

const isOver = (job: JobView): boolean => job.endedAt !== undefined;

const jobOf = async (client: Client, change: ChangeView, phase: string): Promise<JobView | undefined> =>
  need(await client.listJobs({ change: change.id })).items.find((job) => job.phase === phase);

interface Stage {
  readonly io: Io;
  readonly folder: string;
  readonly repository: string;
  readonly runners: DemoRunner[];
  readonly start: () => Promise<DemoServer>;
  server: DemoServer;
  client: Client;
  token: string;
  chapter: number;
}

const chapter = (stage: Stage, title: string): void => {
  stage.chapter += 1;
  say(stage.io, `\n== ${stage.chapter}. ${title}`);
};

const enrol = async (stage: Stage, name: string, release: Release): Promise<void> => {
  const runner = await startRunner(stage.folder, name, release);
  stage.runners.push(runner);
  const { port, user, fingerprint: hostKey, privateKey, base } = runner;
  need(
    await stage.client.addRunner({
      name,
      host: '127.0.0.1',
      port,
      user,
      hostKey,
      privateKey,
      base,
      slots: 2,
      labels: [],
    }),
  );
  const tested = need(await stage.client.testRunner(name));
  const { platform = '?', platform_version = '', platform_family = '' } = tested.runner.attributes;
  say(stage.io, `${tested.sentence} It is ${platform} ${platform_version} (family ${platform_family}).`);
};

const submit = async (stage: Stage, branch: string): Promise<ChangeView> => {
  const change = need(
    await stage.client.submitChange({ repository: stage.repository, branch, target: 'master' }),
  );
  say(stage.io, `change ${short(change.id)}: ${change.title}`);
  return change;
};

const verify = async (stage: Stage): Promise<ChangeView> => {
  chapter(stage, 'A change goes through Verify; the unit tests are a matrix of two platform families');
  const change = await submit(stage, 'describe-usage');
  const { io, client } = stage;
  const finished = waitForChange(io, client, change, SHOWN);
  const waiting = await until('a job that waits for a reason', async () => {
    const { entries } = need(await client.queue());
    return entries.find((entry) => entry.waiting?.reason === 'none_matches');
  });
  say(io, `waiting: ${waiting.phase} (${waiting.label}): ${waiting.waiting?.detail ?? ''}`);
  say(io, 'Such a runner is added now:');
  await enrol(stage, 'rocky', 'rocky');
  const end = await finished;
  expectThat(end !== undefined && E.isRight(end) && end.right.exitCode === 0, 'the change passes Verify');
  say(io, 'Verify passed.');
  return change;
};

const approve = async (stage: Stage, { id }: ChangeView): Promise<void> => {
  chapter(
    stage,
    'It is approved: its merge becomes the tip of master, and Build and Acceptance run that very commit',
  );
  const { io, client, repository } = stage;
  const before = (await tipOf(repository)).shas[0];
  const approved = need(await client.doChange(id, 'approve', 'the demo likes it'));
  const end = await waitForChange(io, client, approved, SHOWN);
  expectThat(end !== undefined && E.isRight(end) && end.right.exitCode === 0, 'Build and Acceptance pass');
  const change = need(await client.showChange(id));
  const { title, shas } = await tipOf(repository);
  say(io, `master is now ${shas[0]?.slice(0, 12) ?? '?'}: ${title}`);
  expectThat(
    shas.length === 3 && shas[0] === change.merge?.sha && shas[1] === before,
    'the tip of master is the merge, on top of what was there',
  );
  say(io, `Next, one could: ${change.actions.join(', ')}.`);
};

const cancel = async (stage: Stage): Promise<void> => {
  chapter(stage, 'A long job is cancelled, and its process is gone');
  const change = await submit(stage, 'soak-test');
  const { io, client } = stage;
  const running = await until('the long job runs', async () => {
    const job = await jobOf(client, change, 'lint');
    return job?.status === 'running' ? job : undefined;
  });
  const pid = running.attempts.at(-1)?.pid ?? 0;
  say(
    io,
    `job ${short(running.id)} runs on ${running.attempts.at(-1)?.runner ?? '?'} as process ${pid}; alive: ${isAlive(pid) ? 'yes' : 'no'}`,
  );
  expectThat(isAlive(pid), 'the process is there');
  need(await client.cancelJob(running.id, 'the demo has seen enough'));
  const ended = await until('the job is cancelled', async () => {
    const job = need(await client.showJob(running.id));
    return isOver(job) ? job : undefined;
  });
  say(io, `${ended.status}: ${ended.summary ?? ''}`);
  say(io, `process ${pid} alive: ${isAlive(pid) ? 'yes' : 'no'}`);
  expectThat(ended.status === 'cancelled' && !isAlive(pid), 'cancelled, and its process is gone');
};

const crash = async (stage: Stage): Promise<void> => {
  chapter(stage, 'The server is killed with SIGKILL while a job runs, and started again');
  const change = await submit(stage, 'count');
  const { io } = stage;
  const logOf = async (id: string): Promise<string> => {
    const answer = need(await stage.client.log(id, {}));
    return answer.text();
  };
  const job = await until('the job has printed some lines', async () => {
    const found = await jobOf(stage.client, change, 'lint');
    return found?.status === 'running' && (await logOf(found.id)).includes('line 5 ') ? found : undefined;
  });
  await stage.server.end('SIGKILL');
  say(
    io,
    `The server (process ${stage.server.pid}) was killed; the job's process ${job.attempts.at(-1)?.pid ?? 0} is alive: ${isAlive(job.attempts.at(-1)?.pid ?? 0) ? 'yes' : 'no'}`,
  );
  stage.server = await stage.start();
  stage.client = createClient({ url: stage.server.url, token: stage.token });
  say(io, `Started again as process ${stage.server.pid}.`);
  const ended = await until('the job has ended', async () => {
    const found = need(await stage.client.showJob(job.id));
    return isOver(found) ? found : undefined;
  });
  const lines = (await logOf(job.id)).trimEnd().split('\n');
  const complete =
    lines.length === COUNT_TO && lines.every((line, i) => line === `line ${i + 1} of ${COUNT_TO}`);
  say(
    io,
    `job ${short(job.id)}: ${ended.summary ?? ended.status}; its log has ${lines.length} of ${COUNT_TO} lines, in order: ${complete ? 'yes' : 'no'}; attempts: ${ended.attempts.length}`,
  );
  expectThat(
    ended.status === 'succeeded' && complete && ended.attempts.length === 1,
    'one attempt with a complete log',
  );
};

/** Jobs outlive their server: where the story is broken off they are cancelled first. It may be about to start its server again. */
const endJobs = (stage: Stage): Promise<unknown> =>
  until('all jobs have ended', async () => {
    const listed = await stage.client.listChanges({});
    if (E.isLeft(listed)) return undefined;
    const moving = listed.right.items.filter((change) => change.moving);
    for (const { id } of moving) await stage.client.doChange(id, 'cancel', 'the demo was ended');
    return moving.length === 0 ? true : undefined;
  }).catch(() => undefined);

const playIn = async (
  folder: string,
  io: Io,
  keep: boolean,
  settings: Environment,
  stop: Stop,
): Promise<void> => {
  const repository = await makeRepository(join(folder, 'project'));
  const start = (): Promise<DemoServer> => startServer(join(folder, 'data'), folder, io.env, settings);
  const server = await start();
  const token = server.token ?? '';
  const stage: Stage = {
    ...{ io, folder, repository, start, runners: [], server, token, chapter: 0 },
    client: createClient({ url: server.url, token }),
  };
  const story = async (): Promise<void> => {
    chapter(stage, 'Two runners are enrolled, each with a key of its own and a pinned host key');
    say(
      io,
      hasSshd()
        ? 'They are the sshd of this system on loopback ports. The second one claims to be another system, so that filters have something to choose from.'
        : 'This system has no sshd, so they are SSH servers within this demo; they run real processes all the same.',
    );
    await enrol(stage, 'debian', 'debian');
    await enrol(stage, 'alpine', 'alpine');
    await approve(stage, await verify(stage));
    await cancel(stage);
    await crash(stage);
    chapter(stage, 'What was: the history');
    await until('the last changes have ended', async () => {
      const { items } = need(await stage.client.listChanges({}));
      return items.every(({ moving }) => !moving) ? true : undefined;
    }).catch(() => undefined);
    say(io, historyText(io, need(await stage.client.history({})).items));
    if (keep) {
      say(
        io,
        `\nThe server goes on until Ctrl-C:\n  export BATON_URL=${stage.server.url} BATON_TOKEN=${token}\nIts pages are at ${stage.server.url}/ and ask for a token: give that one.`,
      );
      await stop.asked;
    }
  };
  const telling = story();
  try {
    await Promise.race([telling, stop.asked]);
  } finally {
    if (stop.by() !== undefined) await endJobs(stage);
    await stage.server.end('SIGTERM');
    // one that was cut off comes to its end now that no server answers; until then it may start things
    await telling.catch(() => undefined);
    await stage.server.end('SIGTERM');
    for (const runner of stage.runners) await runner.close();
  }
};

const play = async (io: Io, keep: boolean, settings: Environment): Promise<void> => {
  const folder = await mkdtemp(join(tmpdir(), 'baton-demo-'));
  say(
    io,
    `Everything of this demo is in ${folder}${settings['BATON_STORE'] === undefined ? '' : ', but for its events'}.`,
  );
  const stop = listenForStop(io);
  try {
    await playIn(folder, io, keep, settings, stop);
  } finally {
    await rm(folder, { recursive: true, force: true });
    stop.release();
  }
  if (stop.by() === 'signal' && !keep)
    throw new DemoFailed('it was ended before its end; nothing of it is left.');
};

export const registerDemo = (program: Command, io: Io): void => {
  program
    .command('demo')
    .description(
      'show it all within a minute: runners, a change up to its merge, a cancel, a crash, the history',
    )
    .option('--keep', 'leave it running at the end, and print URL and token')
    .option('--store <url>', 'keep its events at a server that holds none yet: esdb://HOST:PORT')
    .option('--store-user <name>', storeSettings.storeUser.meaning)
    .option('--store-password-file <file>', storeSettings.storePasswordFile.meaning)
    .addHelpText(...example('baton demo --keep', 'baton demo --store esdb://127.0.0.1:2113?tls=false'))
    .addHelpText(
      'after',
      '\nSettings in variables (BATON_…) and in files are not for the demo: it reads none.',
    )
    .action(async ({ keep, ...flags }: StoreFlags & { readonly keep?: boolean }) => {
      const config = readConfig(flags, {}, io.cwd);
      if (E.isLeft(config)) {
        complain(io, config.left);
        return;
      }
      const { store } = config.right;
      const empty =
        store === undefined ? E.right(undefined) : await needEmpty(store, (text) => note(io, text));
      if (E.isLeft(empty)) {
        complainOnly(io, empty.left);
        io.exit(exitCodes.error);
        return;
      }
      try {
        await play(io, keep === true, store === undefined ? {} : asVariables(flags));
      } catch (error) {
        if (!(error instanceof Error)) throw error;
        note(io, `The demo failed: ${error.message}`);
        io.exit(exitCodes.error);
      }
    });
};
