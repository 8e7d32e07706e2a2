/** How far is the host in each log? Kept in a checkpoint of its own, so that a restart goes on there. */
import * as E from 'fp-ts/lib/Either.js';
import * as t from 'io-ts';
import type { CheckpointStore } from '../src/app/checkpoints.js';
import type { OutputName } from '../src/domain/output.js';
import { explain } from '../src/events/report.js';
import { whole } from './checks.js';
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
  readonly drop: (jobId: string) => void;
  /** Jobs of which there is a place. */
  readonly jobs: () => readonly string[];
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
  let moved = false;
  let saving: Promise<void> = Promise.resolve();
  let timer: NodeJS.Timeout | undefined;

  const saveNow = async (): Promise<void> => {
    if (!moved) return;
    moved = false;
    const view: t.TypeOf<typeof Kept> = Object.fromEntries(
      [...cursors].map(([jobId, logs]) => [
        jobId,
        Object.fromEntries([...logs].map(([key, { offset, line, inside }]) => [key, [offset, line, inside]])),
      ]),
    );
    // they are places in logs, and of no place in the history of events
    const saved = await checkpoints.save({ name, version: VERSION, position: '', view })();
    if (E.isLeft(saved)) onProblem(saved.left.message, saved.left.cause);
  };
  const save = (): void => {
    moved = true;
    timer ??= setTimeout(() => {
      timer = undefined;
      // one after the other, so that an older one never replaces a newer one
      saving = saving.then(saveNow);
    }, SAVE_EVERY_MS);
  };

  return {
    load: async () => {
      const loaded = await checkpoints.load(name, VERSION)();
      const kept =
        E.isRight(loaded) && loaded.right !== undefined ? Kept.decode(loaded.right.view) : undefined;
      const why = E.isLeft(loaded)
        ? loaded.left.message
        : kept !== undefined && E.isLeft(kept)
          ? `the checkpoint ${name} is not used: ${explain(kept.left).join('; ')}`
          : undefined;
      if (why !== undefined) onProblem(`${why}; the host is told the output of what lives once more`);
      if (kept === undefined || E.isLeft(kept)) return;
      for (const [jobId, logs] of Object.entries(kept.right)) {
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
      save();
    },
    drop: (jobId) => {
      if (cursors.delete(jobId)) save();
    },
    jobs: () => [...cursors.keys()],
    close: async () => {
      clearTimeout(timer);
      await saving;
      await saveNow();
    },
  };
};
