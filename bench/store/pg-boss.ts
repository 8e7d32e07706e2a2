/** A job in pg-boss: sent, fetched with others, completed. */
import type { Contender } from './contender.js';
import { load } from './packages.js';
import { openSql, type Ask } from './sql.js';
import type { Undoing } from './tidily.js';
import { waiting } from './waiting.js';

interface Boss {
  on(event: 'error', listener: (error: Error) => void): this;
  start(): Promise<unknown>;
  stop(options: object): Promise<void>;
  createQueue(name: string): Promise<void>;
  send(name: string, data: unknown): Promise<string | null>;
  fetch(name: string, options: { readonly batchSize: number }): Promise<readonly { readonly id: string }[]>;
  complete(name: string, ids: string | readonly string[]): Promise<unknown>;
}

/** Half of them are for sending; more make it slower on two cores. */
const CONNECTIONS = 16;

/** Fetches and completes jobs for one that was sent; resolves no later than what it began. */
type Working = () => Promise<void>;
type Ended = (id: string) => void;

const inQueue = async (
  name: string,
  boss: Boss,
  ask: Ask,
  data: unknown,
  workers: (queue: string, ended: Ended, inFlight: number) => Working,
): Promise<Contender> => {
  const queue = name.replace(/[^a-z]+/g, '-');
  await boss.createQueue(queue);
  return {
    name,
    prepare: (inFlight) => {
      const { untilEnded, ended } = waiting();
      const working = workers(queue, ended, inFlight);
      return Promise.resolve({
        live: async () => {
          const id = await boss.send(queue, data);
          if (id === null) throw new Error('pg-boss did not take a job');
          await Promise.all([working(), untilEnded(id)]);
        },
      });
    },
    completed: async () =>
      Number(await ask(`SELECT count(*) FROM pgboss.job WHERE state = 'completed' AND name = '${queue}'`)),
  };
};

type Completing = (name: string, ids: readonly string[], ended: Ended) => Promise<unknown>;

/** One fetches for all, a batch at a time. */
const inBatches =
  (boss: Boss, completing: Completing) =>
  (queue: string, ended: Ended, inFlight: number): Working => {
    let [sent, isFetching] = [0, false];
    return async () => {
      sent += 1;
      if (isFetching) return;
      isFetching = true;
      const completions: Promise<unknown>[] = [];
      while (sent > 0) {
        const ids = (await boss.fetch(queue, { batchSize: inFlight })).map(({ id }) => id);
        sent -= ids.length;
        if (ids.length > 0) completions.push(completing(queue, ids, ended));
      }
      isFetching = false;
      await Promise.all(completions);
    };
  };

/** As many workers as jobs in flight, each with one job at a time. */
const oneByOne =
  (boss: Boss) =>
  (queue: string, ended: Ended): Working =>
  async () => {
    // what was sent may have been skipped, since another worker looked at it
    for (;;) {
      const [job] = await boss.fetch(queue, { batchSize: 1 });
      if (job === undefined) continue;
      await boss.complete(queue, job.id);
      ended(job.id);
      return;
    }
  };

/**
 * Its own worker asks at most twice a second, so jobs are fetched here: a batch at a time, and at once while there are any
 * that were sent and not fetched. Jobs end each at its own time, so each is completed by itself. The second contender lets
 * all jobs of a batch end together, as the worker does which is given batches; the third one fetches one by one, too, as
 * each of our commands is about one job.
 */
export const pgBoss = async (
  connectionString: string,
  data: unknown,
  undoing: Undoing,
): Promise<readonly Contender[]> => {
  const PgBoss = load('pg-boss') as new (options: object) => Boss;
  const boss = new PgBoss({ connectionString, max: CONNECTIONS, schedule: false });
  boss.on('error', (error) => {
    throw error;
  });
  await boss.start();
  undoing.add(() => boss.stop({ graceful: false }));
  const ask = await openSql(connectionString, undoing);
  const completeEach: Completing = (queue, ids, ended) =>
    Promise.all(
      ids.map(async (id) => {
        await boss.complete(queue, id);
        ended(id);
      }),
    );
  const completeAll: Completing = async (queue, ids, ended) => {
    await boss.complete(queue, ids);
    for (const id of ids) ended(id);
  };
  return [
    await inQueue('pg-boss', boss, ask, data, inBatches(boss, completeEach)),
    await inQueue('pg-boss, batches that end together', boss, ask, data, inBatches(boss, completeAll)),
    await inQueue('pg-boss, fetched one by one', boss, ask, data, oneByOne(boss)),
  ];
};
