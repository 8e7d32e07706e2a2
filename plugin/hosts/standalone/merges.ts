/** Performs merges: each by itself, so that a slow repository keeps nothing else waiting; again and again while nothing is known. */
import * as E from 'fp-ts/lib/Either.js';
import type { SourceProvider } from '../../../src/app/ports.js';
import type { ChangeCommand } from './change.js';
import type { StandaloneCommand } from './process.js';

type PerformMerge = Extract<StandaloneCommand, { kind: 'PerformMerge' }>;
type Recorded = Extract<ChangeCommand, { kind: 'RecordMerged' | 'RecordMergeRefused' }>;

export interface MergeDeps {
  readonly source: Pick<SourceProvider, 'land' | 'dropBranch'>;
  /** Throws for what may be tried again. */
  readonly record: (command: PerformMerge, recorded: Recorded) => Promise<void>;
  readonly onProblem: (problem: { readonly message: string; readonly cause?: unknown }) => void;
}

const RETRY_MS = [1000, 5000, 30_000, 60_000];
/** How long the end of the server waits for a push; what comes of it is looked at after the next start. */
const PATIENCE_MS = 5000;

export const mergePerformer = ({ source, record, onProblem }: MergeDeps) => {
  const running = new Map<string, Promise<void>>();
  const stopping = new AbortController();

  const pause = (ms: number): Promise<void> =>
    new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        stopping.signal.removeEventListener('abort', done);
        resolve();
      };
      const timer = setTimeout(done, ms);
      stopping.signal.addEventListener('abort', done);
    });

  /** Undefined: nothing is known yet. */
  const attempt = async ({ changeId, source: merge }: PerformMerge): Promise<Recorded | undefined> => {
    const landing = await source.land(merge)();
    if (E.isLeft(landing)) {
      onProblem({ message: `a merge is tried again: ${landing.left.message}`, cause: landing.left });
      return undefined;
    }
    const { sha } = merge;
    if (landing.right.kind === 'refused') {
      const { why, detail } = landing.right;
      return { kind: 'RecordMergeRefused', changeId, sha, why, detail };
    }
    const dropped = await source.dropBranch(merge)();
    return { kind: 'RecordMerged', changeId, sha, branchDeleted: E.isRight(dropped) && dropped.right };
  };

  const carryOut = async (command: PerformMerge): Promise<void> => {
    for (let tries = 0; !stopping.signal.aborted; tries++) {
      try {
        const done = await attempt(command);
        if (done) {
          await record(command, done);
          return;
        }
      } catch (cause) {
        onProblem({ message: 'a merge could not be recorded and is tried again', cause });
      }
      await pause(RETRY_MS[Math.min(tries, RETRY_MS.length - 1)] ?? 60_000);
    }
  };

  return {
    /** Starts it, unless it is under way. */
    perform: (command: PerformMerge): void => {
      const { commandId } = command;
      if (running.has(commandId)) return;
      running.set(
        commandId,
        carryOut(command).finally(() => running.delete(commandId)),
      );
    },
    close: async (): Promise<void> => {
      stopping.abort();
      let timer: NodeJS.Timeout | undefined;
      const patience = new Promise<void>((resolve) => {
        timer = setTimeout(resolve, PATIENCE_MS);
      });
      await Promise.race([Promise.allSettled(running.values()), patience]);
      clearTimeout(timer);
    },
  };
};
