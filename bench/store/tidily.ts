/** How does a bench leave nothing behind, neither process nor folder, however it ends? */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

type Undo = () => Promise<unknown>;

/** What was made, to be undone in reverse order. */
export interface Undoing {
  readonly add: (undo: Undo) => void;
}

const SIGNALS = { SIGINT: 130, SIGTERM: 143 } as const;

/** Undoes all when the work has ended or failed, on Ctrl-C and SIGTERM, and before the process dies of an error that nobody caught. */
export const tidily = async <A>(work: (undoing: Undoing) => Promise<A>): Promise<A> => {
  const steps: Undo[] = [];
  let tidying: Promise<void> | undefined;
  const undoAll = async (): Promise<void> => {
    for (let undo = steps.pop(); undo !== undefined; undo = steps.pop())
      await undo().catch((error: unknown) => {
        process.stderr.write(`not tidied up: ${String(error)}\n`);
      });
  };
  /** With what is made while it goes on. */
  const tidyUp = async (): Promise<void> => {
    tidying ??= undoAll();
    for (let awaited: Promise<void> | undefined; awaited !== tidying;) {
      awaited = tidying;
      await awaited;
    }
  };
  const leave = (code: number): void => void tidyUp().then(() => process.exit(code));
  const onError = (error: unknown): void => {
    // whatever still runs while its servers are stopped must fail
    if (tidying !== undefined) return;
    process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    leave(1);
  };
  const onSignal = (signal: keyof typeof SIGNALS): void => leave(SIGNALS[signal]);
  process.once('SIGINT', onSignal).once('SIGTERM', onSignal).on('uncaughtException', onError);
  try {
    return await work({
      add: (undo) => {
        if (tidying === undefined) steps.push(undo);
        else tidying = tidying.then(undo).then(() => undefined);
      },
    });
  } finally {
    await tidyUp();
    process.off('SIGINT', onSignal).off('SIGTERM', onSignal).off('uncaughtException', onError);
  }
};

/** An empty folder of its own. */
export const temporaryFolder = async (undoing: Undoing): Promise<string> => {
  const folder = await mkdtemp(join(tmpdir(), 'baton-bench-'));
  undoing.add(() => rm(folder, { recursive: true, force: true }));
  return folder;
};
