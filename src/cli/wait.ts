/** Waiting for a change until it moves no more: every line of every job as it comes, and the exit code that sums it up. */
import * as E from 'fp-ts/lib/Either.js';
import type { JobView } from '../../projections/jobs.js';
import type { ChangeView, PhaseView } from '../app/use-cases.js';
import type { Client, Got } from './client.js';
import { exitCodes, exitOfOutcome, worstOf } from './exit.js';
import { followBoth } from './follow-both.js';
import { followLog, interruptible } from './follow.js';
import { note, write, type Io } from './io.js';
import { everyPage } from './paging.js';
import { progressOn, type Progress } from './progress.js';
import { wantsColours } from './session.js';
import { logFilter, plain } from './terminal.js';
import { placeOf, waitNotes } from './wait-notes.js';

const POLL_MS = 400;

/** Whole lines, each behind `runner stage/phase | `; the rest of a line waits for its end. */
export const prefixed = (prefix: string, colours: boolean) => {
  const filter = logFilter(colours);
  let rest = '';
  const reset = (line: string): string => (line.includes('\u001b[') ? `${line}\u001b[0m` : line);
  const take = (text: string): string => {
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    return lines.map((line) => `${prefix} | ${reset(line)}\n`).join('');
  };
  return {
    push: (bytes: Uint8Array): string => take(filter.push(bytes)),
    end: (): string => {
      const whole = take(filter.end());
      const last = rest.replace(/(?:\u001b\[0m)+$/u, '');
      return last === '' ? whole : `${whole}${prefix} | ${reset(last)}\n`;
    },
  };
};

type Stage = ChangeView['stages'][number];

/** Its own, then those of its consumers. */
const phasesOf = ({ phases, consumers = [] }: Stage): readonly PhaseView[] => [
  ...phases,
  ...consumers.flatMap((consumer) => consumer.phases),
];

/** The latest run of each stage: what counts of a stage that was run again. */
const latestOf = ({ stages }: ChangeView): readonly Stage[] =>
  stages.filter((run, at) => !stages.slice(at + 1).some(({ stage }) => stage === run.stage));

/** 0 when the change has come as far as it can by itself; else why it has not. */
export const exitOfChange = (change: ChangeView): number => {
  if (change.mergeRefused !== undefined && change.status === 'open') return exitCodes.conflict;
  const bad = latestOf(change).filter(({ status }) => status !== 'passed');
  if (bad.length === 0) return exitCodes.ok;
  if (bad.some(({ status }) => status === 'cancelled')) return exitCodes.cancelled;
  const worst = worstOf(bad.flatMap((run) => phasesOf(run).map(({ status }) => status)));
  return worst === undefined || worst === 'succeeded' ? exitCodes.failed : exitOfOutcome[worst];
};

/** `verify: 1 of 3 phases ended, lint running`. */
const stateOf = ({ stages }: ChangeView): string => {
  const stage = stages.findLast(({ status }) => status === 'running' || status === 'queued') ?? stages.at(-1);
  if (stage === undefined) return 'waiting for the first stage';
  const phases = phasesOf(stage).filter(({ status }) => status !== 'skipped');
  const live = phases.filter(({ status }) => status === 'waiting' || status === 'running');
  const named = live.map(({ phase, status }) => `${phase} ${status}`).join(', ');
  return `${stage.stage}: ${phases.length - live.length} of ${phases.length} phases ended${named === '' ? '' : `, ${named}`}`;
};

/** Ends early when the signal aborts. */
export const pause = (signal: AbortSignal, ms: number): Promise<void> =>
  new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener('abort', done);
  });

const isLive = ({ status }: Stage): boolean => status === 'queued' || status === 'running';

/** Jobs of this patchset's runs that were not over when the waiting began. */
const jobIds = ({ stages, patchset }: ChangeView, before: ReadonlySet<string>): readonly string[] =>
  stages
    .filter((run) => run.patchset === patchset && !before.has(run.stageRunId))
    .flatMap((run) => phasesOf(run).flatMap(({ jobs, kept }) => (kept === true ? [] : jobs)));

/** The attempts that a runner has had, in the order in which they began. `isWhole`: nothing will follow in its log. */
const begun = (jobs: readonly JobView[]) =>
  jobs
    .flatMap((job) =>
      job.attempts.flatMap(({ attempt, runner, outputs, startedAt, assignedAt = '' }) =>
        runner === undefined
          ? []
          : [{ job, attempt, runner, isWhole: outputs !== undefined, since: startedAt ?? assignedAt }],
      ),
    )
    .toSorted((a, b) => (a.since < b.since ? -1 : a.since > b.since ? 1 : 0));

const printLog = async (
  io: Io,
  client: Client,
  job: JobView,
  attempt: number,
  runner: string,
  signal: AbortSignal,
  progress: Progress,
): Promise<void> => {
  const lines = prefixed(plain(`${runner} ${placeOf(job)}`), wantsColours(io));
  const follow = job.output === 'split' ? followBoth : followLog;
  const problem = await follow(client, job.id, { attempt: String(attempt) }, signal, (bytes) => {
    progress.clear();
    return write(io.stdout, lines.push(bytes));
  });
  await write(io.stdout, lines.end());
  if (problem !== undefined) note(io, `note: log of ${plain(job.id)}: ${plain(problem.detail)}`);
};

export interface Waited {
  readonly change: ChangeView;
  readonly exitCode: number;
  /** Those that were waited for. */
  readonly jobs: readonly JobView[];
}

/** `shown`: the logs of its jobs, and why one of them cannot start. Resolves when the change moves no more; undefined after Ctrl-C, which leaves the change alone. */
export const waitForChange = async (
  io: Io,
  client: Client,
  submitted: ChangeView,
  shown: { readonly logs: boolean; readonly waits: boolean },
  tell: (change: ChangeView) => void = () => undefined,
): Promise<Got<Waited> | undefined> => {
  const { signal, release } = interruptible(io.onInterrupt, () =>
    note(io, '\nNo longer waiting; the change goes on. See it with `baton change show`.'),
  );
  const followed = new Map<string, Promise<void>>();
  const progress = progressOn(io.stderr, io.now);
  const tellWaits = waitNotes(io, client, progress.clear);
  const followNew = async (jobs: readonly JobView[]): Promise<void> => {
    for (const { job, attempt, runner, isWhole } of begun(jobs)) {
      const key = `${job.id}.${attempt}`;
      if (followed.has(key)) continue;
      const printing = printLog(io, client, job, attempt, runner, signal, progress);
      followed.set(key, printing);
      // several may have come and gone since the last look: each is printed before what began after it
      if (isWhole) await printing;
    }
  };
  const before = new Set(submitted.stages.flatMap((run) => (isLive(run) ? [] : [run.stageRunId])));
  try {
    let change = submitted;
    while (!signal.aborted) {
      tell(change);
      progress.say(stateOf(change));
      let jobs: readonly JobView[] = [];
      if (shown.logs) {
        const all = await everyPage((paging) => client.listJobs({ change: change.id, ...paging }));
        if (E.isLeft(all)) return all;
        const mine = new Set(jobIds(change, before));
        jobs = all.right.items.filter(({ id }) => mine.has(id));
        await followNew(jobs);
        if (shown.waits) await tellWaits(jobs);
      }
      if (!change.moving) {
        await Promise.all(followed.values());
        return E.right({ change, exitCode: exitOfChange(change), jobs });
      }
      await pause(signal, POLL_MS);
      const next = await client.showChange(change.id);
      if (E.isLeft(next)) return next;
      change = next.right;
    }
    return undefined;
  } finally {
    release();
    progress.close();
    await Promise.allSettled(followed.values());
  }
};
