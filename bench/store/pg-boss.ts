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

type Completing = (name: string, ids: readonly string[], ended: (id: string) => void) => Promise<unknown>;

const inQueue = async (
  name: string,
  boss: Boss,
  ask: Ask,
  data: unknown,
  completing: Completing,
): Promise<Contender> => {
  const queue = name.replace(/[^a-z]+/g, '-');
  await boss.createQueue(queue);
  return {
    name,
    prepare: (inFlight) => {
      const { untilEnded, ended } = waiting();
      let [sent, isFetching] = [0, false];
      const fetching = async (): Promise<void> => {
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
      return Promise.resolve({
        live: async () => {
          const id = await boss.send(queue, data);
          if (id === null) throw new Error('pg-boss did not take a job');
          sent += 1;
          await Promise.all([fetching(), untilEnded(id)]);
        },
      });
    },
    completed: async () =>
      Number(await ask(`SELECT count(*) FROM pgboss.job WHERE state = 'completed' AND name = '${queue}'`)),
  };
};

/**
 * Its own worker asks at most twice a second, so jobs are fetched here: a batch at a time, and at once while there are any
 * that were sent and not fetched. Jobs end each at its own time, so each is completed by itself; the second contender lets
 * all jobs of a batch end together, as the worker does which is given batches.
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
  return [
    await inQueue('pg-boss', boss, ask, data, (queue, ids, ended) =>
      Promise.all(
        ids.map(async (id) => {
          await boss.complete(queue, id);
          ended(id);
        }),
      ),
    ),
    await inQueue('pg-boss, batches that end together', boss, ask, data, async (queue, ids, ended) => {
      await boss.complete(queue, ids);
      for (const id of ids) ended(id);
    }),
  ];
};
