/** How far is the host in each log? Kept in a checkpoint of its own, so that a restart goes on there. */
import * as E from 'fp-ts/lib/Either.js';
import * as t from 'io-ts';
import type { CheckpointStore } from '../src/app/checkpoints.js';
import { keptSoon, type KeptSoon } from '../src/app/kept-soon.js';
import type { OutputName } from '../src/domain/output.js';
import { whole } from '../src/domain/checks.js';
import { explain } from '../src/events/report.js';
import type { LogBatch } from './contract.js';
import { BEGINNING, type Cursor } from './log-pieces.js';

export type LogName = Pick<LogBatch, 'jobId' | 'jobAttempt' | 'output'>;

const keyOf = ({ jobAttempt, output }: LogName): string => `${jobAttempt}.${output}`;

/** The log as the store knows it. */
export const refOf = ({
  jobId,
  jobAttempt,
  output,
}: LogName): { readonly jobId: string; readonly attempt: number; readonly output?: OutputName } => ({
  ...{ jobId, attempt: jobAttempt },
  ...(output === 'merged' ? {} : { output }),
});

export interface LogCursors {
  readonly load: () => Promise<void>;
  readonly of: (log: LogName) => Cursor;
  readonly move: (log: LogName, to: Cursor) => void;
  /**
   * Nothing is owed of the job. What says so is kept apart, with the reports, and has to be on disk first: a crash in between would tell
   * its logs from their beginning. So its places stay until `reportsKept`.
   */
  readonly drop: (jobId: string) => void;
  /** What the reports are now is being written. */
  readonly keepingReports: () => void;
  /** That is on disk: the places of those that were dropped before can go. */
  readonly reportsKept: () => void;
  /** Jobs of which there is a place. */
  readonly jobs: () => readonly string[];
  /** Why what is on disk is older than it should be; undefined: it is not. */
  readonly problem: KeptSoon['problem'];
  /** Writes what has moved, and lets go. */
  readonly close: () => Promise<void>;
}

const VERSION = 1;
/** A crash in between repeats what was told since. */
const SAVE_EVERY_MS = 500;

const place = whole(0, Number.MAX_SAFE_INTEGER);
const Kept = t.record(t.string, t.record(t.string, t.tuple([place, place, t.boolean])), 'places in logs');

export const logCursors = (
  host: string,
  checkpoints: CheckpointStore,
  onProblem: (message: string, cause?: unknown) => void,
): LogCursors => {
  const name = `logs-${host}`;
  /** Job → its logs. */
  const cursors = new Map<string, Map<string, Cursor>>();
  const dropped = new Set<string>();
  /** Of those that were dropped, the ones of which the reports say so that are being kept. */
  let gone: readonly string[] = [];
  const kept = keptSoon({
    checkpoints,
    state: () => {
      const view: t.TypeOf<typeof Kept> = Object.fromEntries(
        [...cursors].map(([jobId, logs]) => [
          jobId,
          Object.fromEntries(
            [...logs].map(([key, { offset, line, inside }]) => [key, [offset, line, inside]]),
          ),
        ]),
      );
      // they are places in logs, and of no place in the history of events
      return { name, version: VERSION, position: '', view };
    },
    everyMs: SAVE_EVERY_MS,
    onProblem,
  });

  return {
    load: async () => {
      const loaded = await checkpoints.load(name, VERSION)();
      const found =
        E.isRight(loaded) && loaded.right !== undefined ? Kept.decode(loaded.right.view) : undefined;
      const why = E.isLeft(loaded)
        ? loaded.left.message
        : found !== undefined && E.isLeft(found)
          ? `the checkpoint ${name} is not used: ${explain(found.left).join('; ')}`
          : undefined;
      if (why !== undefined) onProblem(`${why}; the host is told the output of what lives once more`);
      if (found === undefined || E.isLeft(found)) return;
      for (const [jobId, logs] of Object.entries(found.right)) {
        const places = Object.entries(logs).map(
          ([key, [offset, line, inside]]) => [key, { offset, line, inside }] as const,
        );
        cursors.set(jobId, new Map(places));
      }
    },
    of: (log) => cursors.get(log.jobId)?.get(keyOf(log)) ?? BEGINNING,
    move: (log, to) => {
      const logs = cursors.get(log.jobId) ?? new Map<string, Cursor>();
      cursors.set(log.jobId, logs.set(keyOf(log), to));
      dropped.delete(log.jobId);
      kept.soon();
    },
    drop: (jobId) => {
      if (!cursors.has(jobId)) return;
      dropped.add(jobId);
    },
    keepingReports: () => {
      gone = [...dropped];
    },
    reportsKept: () => {
      for (const jobId of gone) if (dropped.delete(jobId)) cursors.delete(jobId);
      if (gone.length > 0) kept.soon();
      gone = [];
    },
    jobs: () => [...cursors.keys()],
    problem: kept.problem,
    close: kept.close,
  };
};
