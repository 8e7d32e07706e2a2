/** A job in graphile-worker: added, run by a worker that is notified, completed. */
import type { Contender } from './contender.js';
import { load } from './packages.js';
import { openSql } from './sql.js';
import type { Undoing } from './tidily.js';
import { waiting } from './waiting.js';

interface Utils {
  migrate(): Promise<void>;
  addJob(task: string, payload: unknown): Promise<{ readonly id: string }>;
  release(): Promise<void>;
}
interface Runner {
  stop(): Promise<void>;
  readonly events: {
    on(event: 'job:complete', listener: (told: { readonly job: { readonly id: string } }) => void): void;
  };
}
interface Worker {
  readonly makeWorkerUtils: (options: object) => Promise<Utils>;
  readonly run: (options: object) => Promise<Runner>;
  readonly Logger: new (factory: () => () => void) => object;
}

const TASK = 'unit';
const CONNECTIONS = 16;

/** As its page on performance has it. */
const inBatches = (inFlight: number): object => ({ localQueue: { size: inFlight + 1 } });

/**
 * New jobs are told by NOTIFY. Completions go in batches, for only those are waited for when it stops. The second contender
 * fetches one by one, as it does unless told otherwise, and as each of our commands is about one job.
 */
export const graphileWorker = async (
  connectionString: string,
  data: unknown,
  undoing: Undoing,
): Promise<readonly Contender[]> => {
  const { makeWorkerUtils, run, Logger } = load('graphile-worker') as Worker;
  const logger = new Logger(() => () => undefined);
  const utils = await makeWorkerUtils({ connectionString, maxPoolSize: CONNECTIONS, logger });
  undoing.add(() => utils.release());
  await utils.migrate();
  const ask = await openSql(connectionString, undoing);
  const contender = (name: string, options: (inFlight: number) => object): Contender => ({
    name,
    prepare: async (inFlight) => {
      const { untilEnded, ended } = waiting();
      const runner = await run({
        preset: {
          worker: {
            connectionString,
            maxPoolSize: CONNECTIONS,
            concurrentJobs: inFlight,
            ...options(inFlight),
            completeJobBatchDelay: 0,
            failJobBatchDelay: 0,
            logger,
          },
        },
        noHandleSignals: true,
        taskList: { [TASK]: () => undefined },
      });
      runner.events.on('job:complete', ({ job }) => ended(job.id));
      return {
        live: async () => {
          const { id } = await utils.addJob(TASK, data);
          await untilEnded(id);
        },
        // its worker goes on while a completion is under way, and tells nobody of its end but here
        settle: () => runner.stop(),
      };
    },
    // a completed job is deleted, and the ids have no gaps
    completed: async () =>
      Number(
        await ask(`
          SELECT coalesce((SELECT last_value FROM pg_sequences
            WHERE schemaname = 'graphile_worker' AND sequencename = 'jobs_id_seq1'), 0)
          - (SELECT count(*) FROM graphile_worker.jobs)`),
      ),
  });
  return [
    contender('graphile-worker', inBatches),
    contender('graphile-worker, fetched one by one', () => ({})),
  ];
};
