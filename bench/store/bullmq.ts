/** A job in BullMQ: added, taken by a worker, completed. */
import type { Contender } from './contender.js';
import { load } from './packages.js';
import type { RedisAddress } from './redis.js';
import type { Undoing } from './tidily.js';
import { waiting } from './waiting.js';

interface Job {
  readonly id?: string;
}
interface Queue {
  add(name: string, data: unknown): Promise<Job>;
  getCompletedCount(): Promise<number>;
  close(): Promise<void>;
}
interface Worker {
  concurrency: number;
  on(event: 'completed', listener: (job: Job) => void): this;
  on(event: 'error', listener: (error: Error) => void): this;
  waitUntilReady(): Promise<unknown>;
  close(force: boolean): Promise<void>;
}
interface BullMq {
  readonly Queue: new (name: string, options: object) => Queue;
  readonly Worker: new (name: string, work: () => Promise<void>, options: object) => Worker;
}
interface Redis {
  config(word: 'GET', name: string): Promise<readonly string[]>;
  quit(): Promise<unknown>;
}
interface IoRedis {
  readonly Redis: new (address: RedisAddress) => Redis;
}

const NAME = 'jobs';

const checkDurability = async (redis: Redis): Promise<void> => {
  const [, value] = await redis.config('GET', 'appendfsync');
  if (value !== 'always') throw new Error(`Redis flushes ${String(value)}, not always`);
};

/** One worker whose concurrency is the number of jobs in flight, as its documentation has it for jobs that wait for I/O. */
export const bullmq = async (address: RedisAddress, data: unknown, undoing: Undoing): Promise<Contender> => {
  const [{ Queue, Worker }, { Redis }] = [load('bullmq') as BullMq, load('ioredis') as IoRedis];
  const redis = new Redis(address);
  await checkDurability(redis);
  await redis.quit();
  const queue = new Queue(NAME, { connection: address });
  undoing.add(() => queue.close());
  const { untilEnded, ended } = waiting();
  const worker = new Worker(NAME, () => Promise.resolve(), { connection: address });
  // not worth waiting for: it has nothing to do
  undoing.add(() => worker.close(true));
  worker.on('completed', ({ id }) => ended(id ?? ''));
  worker.on('error', (error) => {
    throw error;
  });
  await worker.waitUntilReady();
  return {
    name: 'BullMQ',
    prepare: (inFlight) => {
      worker.concurrency = inFlight;
      return Promise.resolve({
        live: async () => {
          const { id } = await queue.add('unit', data);
          await untilEnded(id ?? '');
        },
      });
    },
    completed: () => queue.getCompletedCount(),
  };
};
