/** A store that is full of history, for benches that read it. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as E from 'fp-ts/lib/Either.js';
import type { EventStore } from '../../src/app/ports.js';
import { openSqliteStore } from '../../src/store/sqlite.js';
import { historyOf } from './given.js';

export interface Filled {
  readonly store: EventStore;
  readonly events: number;
  readonly close: () => Promise<void>;
}

export const orThrow = <A>(answer: E.Either<unknown, A>): A => {
  if (E.isLeft(answer)) throw new Error(JSON.stringify(answer.left));
  return answer.right;
};

/** A SQLite store in a folder of its own. */
export const fill = async (phases: number, live: number): Promise<Filled> => {
  const directory = await mkdtemp(join(tmpdir(), 'baton-bench-'));
  const store = orThrow(await openSqliteStore({ directory }));
  let events = 0;
  let batch: Promise<unknown>[] = [];
  for (const { stream, expected, events: written } of historyOf(phases, live)) {
    events += written.length;
    batch.push(store.append(stream, written, expected)().then(orThrow));
    if (batch.length < 500) continue;
    await Promise.all(batch);
    batch = [];
  }
  await Promise.all(batch);
  return {
    store,
    events,
    close: async () => {
      await store.close();
      await rm(directory, { recursive: true });
    },
  };
};
