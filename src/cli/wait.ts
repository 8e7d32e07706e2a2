/** `change submit --wait`: every line of every job of a change as it comes, and the exit code that sums them up. */
import * as E from 'fp-ts/lib/Either.js';
import type { JobView } from '../../projections/jobs.js';
import type { ChangeView } from '../app/use-cases.js';
import type { Client, Got } from './client.js';
import { exitCodes, exitOfOutcome, worstOf } from './exit.js';
import { followLog, interruptible } from './follow.js';
import { note, write, type Io } from './io.js';
import { progressOn, type Progress } from './progress.js';
import { wantsColours } from './session.js';
import { logFilter, plain } from './terminal.js';

const POLL_MS = 400;

/** Whole lines, each behind `runner phase | `; the rest of a line waits for its end. */
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

const isOver = ({ stages }: ChangeView): boolean =>
  stages.length > 0 && stages.every(({ status }) => status === 'passed' || status === 'failed');

const exitOf = ({ stages }: ChangeView): number => {
  if (stages.every(({ status }) => status === 'passed')) return exitCodes.ok;
  const worst = worstOf(stages.flatMap(({ phases }) => phases.map(({ status }) => status)));
  return worst === undefined || worst === 'succeeded' ? exitCodes.failed : exitOfOutcome[worst];
};

/** `verify: 1 of 3 phases ended, lint running`. */
const stateOf = ({ stages }: ChangeView): string => {
  const stage = stages.findLast(({ status }) => status === 'running' || status === 'queued') ?? stages.at(-1);
  if (stage === undefined) return 'waiting for the first stage';
  const phases = stage.phases.filter(({ status }) => status !== 'skipped');
  const live = phases.filter(({ status }) => status === 'waiting' || status === 'running');
  const named = live.map(({ phase, status }) => `${phase} ${status}`).join(', ');
  return `${stage.stage}: ${phases.length - live.length} of ${phases.length} phases ended${named === '' ? '' : `, ${named}`}`;
};

const pause = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, POLL_MS);
    signal.addEventListener('abort', done);
  });

const jobIds = ({ stages }: ChangeView): readonly string[] =>
  stages.flatMap(({ phases }) => phases.flatMap(({ jobs }) => jobs));

const printLog = async (
  io: Io,
  client: Client,
  job: JobView,
  attempt: number,
  runner: string,
  signal: AbortSignal,
  progress: Progress,
): Promise<void> => {
  const phase = job.label === '' ? job.phase : `${job.phase}(${job.label})`;
  const lines = prefixed(plain(`${runner} ${phase}`), wantsColours(io));
  const problem = await followLog(client, job.id, String(attempt), signal, (bytes) => {
    progress.clear();
    return write(io.stdout, lines.push(bytes));
  });
  await write(io.stdout, lines.end());
  if (problem !== undefined) note(io, `note: log of ${plain(job.id)}: ${plain(problem.detail)}`);
};

/** Resolves when every stage has ended; undefined after Ctrl-C, which leaves the change alone. */
export const waitForChange = async (
  io: Io,
  client: Client,
  submitted: ChangeView,
  withLogs: boolean,
): Promise<Got<{ readonly change: ChangeView; readonly exitCode: number }> | undefined> => {
  const { signal, release } = interruptible(io.onInterrupt, () =>
    note(io, '\nNo longer waiting; the change goes on. See it with `baton change show`.'),
  );
  const followed = new Map<string, Promise<void>>();
  const progress = progressOn(io.stderr, io.now);
  const followNew = (jobs: readonly JobView[]): void => {
    for (const job of jobs) {
      for (const { attempt, runner } of job.attempts) {
        const key = `${job.id}.${attempt}`;
        if (runner === undefined || followed.has(key)) continue;
        followed.set(key, printLog(io, client, job, attempt, runner, signal, progress));
      }
    }
  };
  try {
    let change = submitted;
    while (!signal.aborted) {
      const jobs = await client.listJobs({ change: change.id });
      if (E.isLeft(jobs)) return jobs;
      const mine = new Set(jobIds(change));
      if (withLogs) followNew(jobs.right.items.filter(({ id }) => mine.has(id)));
      progress.say(stateOf(change));
      if (isOver(change)) {
        await Promise.all(followed.values());
        return E.right({ change, exitCode: exitOf(change) });
      }
      await pause(signal);
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
