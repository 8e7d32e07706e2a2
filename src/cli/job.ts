/** `baton job …`: what jobs there are, what they say, why they wait, and ending one, giving it up, or trying it again. */
import { Option, type Command } from 'commander';
import * as E from 'fp-ts/lib/Either.js';
import type { ExplainAnswer } from '../../projections/explain.js';
import type { JobView } from '../../projections/jobs.js';
import { refusedText } from '../../projections/summary.js';
import type { JobRetried } from '../app/use-cases.js';
import { describeFilter } from '../domain/matching.js';
import type { Containment } from '../events/shapes.js';
import { asOf, atOption } from './as-of.js';
import type { JobsQuery } from './client.js';
import type { Io } from './io.js';
import { registerJobLog } from './job-log.js';
import { registerJobTimeline } from './job-timeline.js';
import { registerJobWatch, watchJob } from './job-watch.js';
import { example } from './options.js';
import { noteMore, pages, withPages, type PageOptions } from './paging.js';
import { age, fields, short, table } from './print.js';
import { sessionOf, type Session } from './session.js';
import { phaseText } from './overview.js';
import { plain } from './terminal.js';

const runnerOf = (job: JobView): string => job.attempts.at(-1)?.runner ?? '-';

const stateOf = (job: JobView): string =>
  job.cancelRequested !== undefined && job.endedAt === undefined ? `${job.status}, cancelling` : job.status;

const listText = (io: Io, jobs: readonly JobView[]): string =>
  jobs.length === 0
    ? 'No jobs found.'
    : table(
        ['JOB', 'STATUS', 'PROJECT', 'STAGE', 'PHASE', 'RUNNER', 'QUEUED', 'CHANGE'],
        jobs.map((job) => [
          short(job.id),
          stateOf(job),
          job.project,
          job.stage,
          phaseText(job),
          runnerOf(job),
          age(job.queuedAt, io.now()),
          job.changeTitle ?? '',
        ]),
      );

const FOUND_BY: Readonly<Record<Containment, string>> = {
  group: 'control group, which none can leave',
  nets: 'session, environment and workspace, which a process can leave',
};

const showText = (io: Io, job: JobView): string => {
  const { evidence } = job;
  const head = fields([
    ['job', job.id],
    ['status', stateOf(job)],
    ['summary', job.summary],
    ['project', `${job.enterprise}/${job.organisation}/${job.project}`],
    ['pipeline', job.pipeline],
    ['stage', job.stage],
    ['phase', job.phase],
    ['label', job.label],
    ['change', job.changeId === undefined ? undefined : `${job.changeId} ${job.changeTitle ?? ''}`],
    ['takes part in', job.unionOf === undefined ? undefined : `Union of change ${job.unionOf}`],
    ['needs', describeFilter(job.filter)],
    ['takes', job.slots === undefined ? undefined : `${job.slots} slots`],
    ['output', job.output === 'split' ? 'stdout and stderr, kept apart' : undefined],
    ['queued', age(job.queuedAt, io.now())],
    [
      'waits since',
      job.waitsSince === undefined || job.waitsSince === job.queuedAt
        ? undefined
        : age(job.waitsSince, io.now()),
    ],
    ['tried again', job.retryAt === undefined ? undefined : `not before ${job.retryAt}`],
    ['started', job.startedAt === undefined ? undefined : age(job.startedAt, io.now())],
    ['ended', job.endedAt === undefined ? undefined : age(job.endedAt, io.now())],
    [
      'cancel asked',
      job.cancelRequested === undefined
        ? undefined
        : `${age(job.cancelRequested.at, io.now())} by ${job.cancelRequested.by}${job.cancelRequested.reason === undefined ? '' : `: ${job.cancelRequested.reason}`}`,
    ],
    [
      'log',
      job.collectionPaused === undefined
        ? undefined
        : `not collected for now (${age(job.collectionPaused.at, io.now())}): ${job.collectionPaused.detail}`,
    ],
    ['ended how', evidence === undefined ? undefined : [evidence.how, ...(evidence.signals ?? [])].join(' ')],
    ['processes found by', evidence?.containment === undefined ? undefined : FOUND_BY[evidence.containment]],
    [
      'survivors',
      evidence?.survivors?.map(({ pid, command }) => `${pid} ${command ?? ''}`.trim()).join(', '),
    ],
  ]);
  const late = (job.refusedReports ?? []).map(
    (report) => `${age(report.at, io.now())}: ${plain(refusedText(report))}`,
  );
  if (job.attempts.length === 0) return [head, ...late].join('\n\n');
  const rows = job.attempts.map((view) => [
    String(view.attempt),
    view.runner ?? '-',
    age(view.queuedAt, io.now()),
    age(view.startedAt, io.now()),
    age(view.endedAt, io.now()),
    view.exitCode === undefined ? '-' : String(view.exitCode),
    view.why ?? '',
  ]);
  const attempts = table(['ATTEMPT', 'RUNNER', 'QUEUED', 'STARTED', 'ENDED', 'EXIT', 'WHY'], rows);
  const refused = late.length === 0 ? [] : [late.join('\n')];
  return [head, attempts, ...outputsText(job), ...keptText(io, job), ...refused].join('\n\n');
};

/** What is stored of each attempt, once it is complete. */
const outputsText = (job: JobView): readonly string[] => {
  const rows = job.attempts.flatMap(({ attempt, outputs = [] }) =>
    outputs.map(({ name, storedBytes, storedSha256, truncated }) => [
      ...[String(attempt), name, String(storedBytes), storedSha256],
      truncated ? 'cut at the limit' : '',
    ]),
  );
  return rows.length === 0 ? [] : [table(['ATTEMPT', 'OUTPUT', 'BYTES', 'SHA-256', ''], rows)];
};

/** Below the home of the runner's user, unless it says otherwise. */
const inHome = (path: string): string => (path.startsWith('/') ? path : `~/${path}`);

/** Folders that attempts have left on their runners. */
const keptText = (io: Io, job: JobView): readonly string[] => {
  const rows = job.attempts.flatMap(({ attempt, runner = '-', kept }) =>
    kept === undefined || Date.parse(kept.until) <= io.now()
      ? []
      : [[String(attempt), runner, kept.until, inHome(kept.path ?? kept.folder)]],
  );
  return rows.length === 0 ? [] : [table(['ATTEMPT', 'WORKSPACE ON', 'UNTIL', 'PATH'], rows)];
};

const explainText = ({ verdict, runners }: ExplainAnswer): string => {
  const rows = runners.map(({ runner, suits, unavailable, clauses }) => [
    runner,
    suits ? 'yes' : 'no',
    unavailable ?? (suits ? 'yes' : '-'),
    clauses
      .map(
        ({ clause, holds, found }) =>
          `${holds ? 'yes' : 'NO'} ${describeFilter([clause])} (found ${found === '' ? 'nothing' : found})`,
      )
      .join('; '),
  ]);
  return rows.length === 0
    ? plain(verdict)
    : `${plain(verdict)}\n\n${table(['RUNNER', 'SUITS', 'FREE', 'CLAUSES'], rows)}`;
};

/** What was made of it, and where to look. */
const retriedText = ({ retryOf, jobId, attempt, stage, phase, stageRunId, changeId }: JobRetried): string => {
  const [before, after] = [short(retryOf), short(jobId)].map(plain);
  return stageRunId === undefined || changeId === undefined
    ? `Job ${before} is tried again as job ${after}, attempt ${attempt} of its phase. See it: baton job watch ${after}`
    : `Job ${before} is tried again as job ${after}, in a new run of ${plain(stage)} with ${plain(phase)} and what comes after it. See it: baton change watch ${plain(short(changeId))}`;
};

/** Other hosts name changes in their own way; these stay as they are given. */
const wholeChange = async ({ client }: Session, id: string): Promise<string> => {
  const found = await client.showChange(id);
  return E.isRight(found) ? found.right.id : id;
};

/** Adds `job` with its commands. */
export const registerJob = (program: Command, io: Io): void => {
  const job = program.command('job').description('phase jobs');
  const list = job
    .command('list')
    .description('jobs, newest first')
    .option('--status <status>', 'only those in this status, e.g. running or timed_out')
    .option('--runner <name>', 'only those of this runner')
    .option('--change <id>', 'only those of this change');
  withPages(list, 1000)
    .option(...atOption)
    .addHelpText(...example('baton job list --status timed_out --runner build-07'))
    .action(async ({ status, runner, change, ...options }: JobsQuery & PageOptions, command: Command) => {
      const session = sessionOf(io, command);
      if (session === undefined) return;
      const filter = {
        ...(status === undefined ? {} : { status }),
        ...(runner === undefined ? {} : { runner }),
        ...(change === undefined ? {} : { change: await wholeChange(session, change) }),
      };
      const got = await pages((paging) => session.client.listJobs({ ...filter, ...paging }), options);
      const answered = session.answer(got, (answer) => listText(asOf(io, answer), answer.items));
      if (answered && !session.asJson) noteMore(io, got.right);
    });
  job
    .command('show')
    .description('one job with its attempts')
    .argument('<id>', 'id, or its first characters')
    .option(...atOption)
    .addHelpText(...example('baton job show 0b7f2c1e'))
    .action(async (id: string, { at }: { at?: string }, command: Command) => {
      const session = sessionOf(io, command);
      if (session === undefined) return;
      session.answer(await session.client.showJob(id, at), (view) => showText(asOf(io, view), view));
    });
  registerJobTimeline(job, io);
  registerJobLog(job, io);
  registerJobWatch(job, io);
  job
    .command('cancel')
    .description('end a job, wherever it is')
    .argument('<id>', 'id, or its first characters')
    .option('--reason <text>', 'kept with the fact')
    .option('--wait', 'until it has ended; Ctrl-C ends the waiting only')
    .addHelpText(...example('baton job cancel 0b7f2c1e --reason "wrong branch" --wait'))
    .action(async (id: string, options: { reason?: string; wait?: boolean }, command: Command) => {
      const session = sessionOf(io, command);
      if (session === undefined) return;
      const got = await session.client.cancelJob(id, options.reason);
      if (options.wait === true && E.isRight(got))
        await watchJob(io, session, got.right, 'No longer waiting; the cancel goes on.');
      else session.answer(got, (view) => `Job ${plain(short(view.id))} is ${plain(stateOf(view))}.`);
    });
  job
    .command('close')
    .description('give up a job whose runner does not answer; what still runs there is ended when it does')
    .argument('<id>', 'id, or its first characters')
    .addOption(new Option('--as <outcome>', 'how it counts').choices(['lost']).makeOptionMandatory())
    .requiredOption('--reason <text>', 'kept with the fact')
    .addHelpText(...example('baton job close 0b7f2c1e --as lost --reason "build-07 was scrapped"'))
    .action(async (id: string, options: { as: string; reason: string }, command: Command) => {
      const session = sessionOf(io, command);
      if (session === undefined) return;
      const got = await session.client.closeJob(id, options.as, options.reason);
      session.answer(got, (view) => `Job ${plain(short(view.id))} is ${plain(stateOf(view))}.`);
    });
  job
    .command('retry')
    .description('try a job again that has ended without success, that job alone')
    .argument('<id>', 'id, or its first characters')
    .option('--elsewhere', 'not on a runner that it has run on')
    .option('--reason <text>', 'kept with the fact')
    .addHelpText(...example('baton job retry 0b7f2c1e --elsewhere --reason "no compiler on build-07"'))
    .action(async (id: string, options: { elsewhere?: boolean; reason?: string }, command: Command) => {
      const session = sessionOf(io, command);
      if (session === undefined) return;
      const got = await session.client.retryJob(id, options.elsewhere === true, options.reason);
      session.answer(got, retriedText);
    });
  job
    .command('explain')
    .description('why it waits, or why it ran where it ran')
    .argument('<id>', 'id, or its first characters')
    .option(...atOption)
    .addHelpText(...example('baton job explain 0b7f2c1e'))
    .action(async (id: string, { at }: { at?: string }, command: Command) => {
      const session = sessionOf(io, command);
      if (session === undefined) return;
      session.answer(await session.client.explainJob(id, at), (answer) => {
        asOf(io, answer);
        return explainText(answer);
      });
    });
};
