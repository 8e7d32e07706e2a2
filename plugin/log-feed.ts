/**
 * Tells the host the output of all its jobs. Jobs do not wait for each other, and nothing waits for the host but the end of a phase run, and
 * that only so long.
 */
import * as E from 'fp-ts/lib/Either.js';
import type { CheckpointStore } from '../src/app/checkpoints.js';
import type { LogStore } from '../src/app/ports.js';
import { find } from '../projections/table.js';
import { askHost } from './ask-host.js';
import type { Health, Host, LogBatch, ReportAnswer } from './contract.js';
import { logCursors, type LogCursors } from './log-cursors.js';
import { openLane, type Lane } from './log-lane.js';
import { logEnds } from './log-ends.js';
import { owedJobs, owedLogs, takeLog } from './owed-logs.js';
import type { ReportsView } from './tracked.js';

export interface LogFeedOptions {
  readonly host: string;
  readonly log: NonNullable<Host['log']>;
  readonly store: Pick<LogStore, 'read' | 'watch'>;
  readonly checkpoints: CheckpointStore;
  readonly view: () => ReportsView;
  /** The host has closed the phase run; false when that could not be written now. */
  readonly refuse: (batch: LogBatch) => Promise<boolean>;
  /** Less is owed of that phase run than before; of that job alone, where it is named. */
  readonly changed: (phaseRunId: string, jobId?: string) => void;
  readonly timeoutMs: number;
  readonly mostRetryMs: number;
  /** The end of a phase run waits so long for a host that takes nothing of its output. */
  readonly patienceMs: number;
  readonly onProblem: (message: string, cause?: unknown) => void;
}

export interface LogFeed {
  /** Where the host was is known again; tells nothing yet. */
  readonly open: () => Promise<void>;
  /** Tells from now on. */
  readonly go: () => void;
  /** Something has changed for that phase run; for that job alone, where it is named. */
  readonly look: (phaseRunId: string, jobId?: string) => void;
  /** Phase runs of which the end waits for their output. */
  readonly held: () => number;
  readonly health: () => Health['logs'];
  /** Why what the host has taken could not be kept; undefined: it was. */
  readonly problem: LogCursors['problem'];
  /** What is owed now is being written. */
  readonly keepingReports: LogCursors['keepingReports'];
  /** That is on disk: where the host was in logs of which nothing is owed can be forgotten. */
  readonly reportsKept: LogCursors['reportsKept'];
  /** Waits for no answer of the host. */
  readonly close: () => Promise<void>;
}

/** Batches under way at a time: so much is held in memory, 64 KiB each. */
export const MOST_UNDER_WAY = 16;

export const openLogFeed = (options: LogFeedOptions): LogFeed => {
  const { view, onProblem, patienceMs } = options;
  const cursors = logCursors(options.host, options.checkpoints, onProblem);
  const closing = new AbortController();
  const closed = (): boolean => closing.signal.aborted;
  let going = false;
  /** Phase run → job → the one that tells its output. */
  const lanes = new Map<string, Map<string, Lane>>();
  /** Whose turn it is, in order. */
  const ready = new Set<Lane>();
  let underWay = 0;

  // ---- turns

  const runReady = (): void => {
    for (const lane of ready) {
      if (closed() || underWay >= MOST_UNDER_WAY) return;
      ready.delete(lane);
      underWay += 1;
      void lane.run().finally(() => {
        underWay -= 1;
        runReady();
      });
    }
  };

  const tell = async (batch: LogBatch): Promise<E.Either<unknown, ReportAnswer>> => {
    const { timeoutMs } = options;
    const answer = await askHost((how) => options.log(batch, how), { timeoutMs, closing: closing.signal });
    if (closed() || E.isLeft(answer) || answer.right !== 'gone') return answer;
    if (!(await options.refuse(batch).catch(() => false)))
      return E.left(new Error('that the host has closed the phase run could not be recorded'));
    options.changed(batch.phaseRunId);
    return answer;
  };

  const taken = (batch: LogBatch): void => {
    ends.taken(batch.phaseRunId);
    if (!batch.final) return;
    takeLog(view(), batch);
    options.changed(batch.phaseRunId, batch.jobId);
  };

  const laneOf = (phaseRunId: string, jobId: string): Lane => {
    const ofRun = lanes.get(phaseRunId) ?? new Map<string, Lane>();
    const known = ofRun.get(jobId);
    if (known !== undefined) return known;
    const lane = openLane({
      ...{ store: options.store, cursors, tell, taken, mostRetryMs: options.mostRetryMs, onProblem },
      owed: () => owedLogs(view(), phaseRunId, jobId),
      ready: () => {
        ready.add(lane);
        runReady();
      },
    });
    lanes.set(phaseRunId, ofRun.set(jobId, lane));
    return lane;
  };

  /** Tells on, or lets go of a job of which nothing is owed any more. */
  const lookAt = (phaseRunId: string, jobId: string): void => {
    if (owedLogs(view(), phaseRunId, jobId) !== undefined) {
      laneOf(phaseRunId, jobId).look();
      return;
    }
    const ofRun = lanes.get(phaseRunId);
    const lane = ofRun?.get(jobId);
    if (ofRun === undefined || lane === undefined) return;
    lane.close();
    ready.delete(lane);
    ofRun.delete(jobId);
    cursors.drop(jobId);
    if (ofRun.size === 0) lanes.delete(phaseRunId);
  };

  // ---- ends

  const ends = logEnds({
    ...{ view, patienceMs, onProblem },
    fails: (phaseRunId) =>
      [...(lanes.get(phaseRunId)?.values() ?? [])].some((lane) => lane.state() === 'failing'),
    changed: options.changed,
  });

  const look = (phaseRunId: string, jobId?: string): void => {
    if (!going || closed()) return;
    const jobs =
      jobId === undefined
        ? new Set([...owedJobs(view(), phaseRunId), ...(lanes.get(phaseRunId)?.keys() ?? [])])
        : [jobId];
    for (const one of jobs) lookAt(phaseRunId, one);
    ends.look(phaseRunId);
  };

  return {
    open: cursors.load,
    go: () => {
      going = true;
      const { jobs, runs } = view();
      // what a crash left behind, of jobs of which nothing is owed any more
      for (const jobId of cursors.jobs()) if (find(jobs, jobId) === undefined) cursors.drop(jobId);
      for (const phaseRunId of Object.keys(runs)) look(phaseRunId);
    },
    look,
    held: ends.held,
    health: () => {
      const states = [...lanes.values()].flatMap((ofRun) => [...ofRun.values()].map((lane) => lane.state()));
      return {
        waiting: states.filter((state) => state !== 'idle').length,
        retried: states.filter((state) => state === 'failing').length,
        givenUp: ends.givenUp(),
      };
    },
    problem: cursors.problem,
    keepingReports: cursors.keepingReports,
    reportsKept: cursors.reportsKept,
    close: async () => {
      closing.abort();
      ends.close();
      for (const ofRun of lanes.values()) for (const lane of ofRun.values()) lane.close();
      await cursors.close();
    },
  };
};
