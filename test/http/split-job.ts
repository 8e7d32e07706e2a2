/** A job whose outputs are kept apart, with a real store of its logs behind the use cases that read them. */
import * as E from 'fp-ts/lib/Either.js';
import { pipe } from 'fp-ts/lib/function.js';
import * as TE from 'fp-ts/lib/TaskEither.js';
import { appError, type AppError } from '../../src/app/errors.js';
import { outputOf } from '../../src/app/job-output.js';
import type { LogError, LogWriter, OutputRef } from '../../src/app/ports.js';
import type { LogChoice, UseCases } from '../../src/app/use-cases.js';
import type { OutputName, SplitOutput } from '../../src/domain/output.js';
import { fileLogStore } from '../../src/logs/files.js';
import { aJob } from './edge.js';

export interface SplitJob {
  readonly over: Partial<UseCases>;
  /** Received at that second of a minute. */
  readonly came: (output: SplitOutput, second: number, text: string) => Promise<void>;
  readonly seal: () => Promise<void>;
  /** Nothing is written any more. */
  readonly close: () => Promise<void>;
}

export const splitJob = async (folder: string): Promise<SplitJob> => {
  const job = aJob({ output: 'split' });
  let now = '';
  const store = fileLogStore(folder, { now: () => now });
  const ref = (output: OutputName): OutputRef => ({ jobId: job.id, attempt: 1, output });
  const open = async (output: SplitOutput): Promise<LogWriter> => {
    const writer = await store.open(ref(output), [])();
    if (E.isLeft(writer)) throw new Error(writer.left.message);
    return writer.right;
  };
  const writers = { stdout: await open('stdout'), stderr: await open('stderr') };
  const told = TE.mapLeft(({ why, message }: LogError) => appError('store_unavailable', why, message));
  const chosen = <A>(
    { output }: LogChoice,
    read: (ref: OutputRef) => TE.TaskEither<LogError, A>,
  ): TE.TaskEither<AppError, A> =>
    pipe(
      TE.fromEither(outputOf(job, output)),
      TE.chain((known) => told(read(ref(known ?? 'stdout')))),
    );
  return {
    over: {
      showJob: () => TE.right(job),
      readLog: (_id, at, max, which = {}) => chosen(which, (one) => store.read(one, at, max)),
      logLines: (_id, from, count, which = {}, texts = false) =>
        pipe(
          chosen(which, (one) => store.lines(one, from, count, texts)),
          TE.map((found) => ({ ...found, attempt: 1 })),
        ),
      watchLog: (_id, { output = 'stdout' } = {}) => store.watch(ref(output)),
    },
    came: async (output, second, text) => {
      now = `2026-01-31T12:00:${String(second).padStart(2, '0')}.000Z`;
      const writer = writers[output];
      await writer.write(writer.offsets().source, Buffer.from(text))();
    },
    seal: async () => {
      for (const writer of Object.values(writers)) await writer.seal(false)();
    },
    close: async () => {
      for (const writer of Object.values(writers)) await writer.close();
    },
  };
};
