/** A job in Baton's store: what the engine appends from promotion to end, each on the disk before the next, and told of by a subscription. */
import * as E from 'fp-ts/lib/Either.js';
import type { EventStore } from '../../src/app/ports.js';
import { openEsdbStore } from '../../src/store/esdb/store.js';
import { openSqliteStore } from '../../src/store/sqlite.js';
import { phaseOf } from '../replay/given.js';
import type { Contender } from './contender.js';
import { PROGRAM } from './packages.js';
import { startServer } from './programs.js';
import { temporaryFolder, type Undoing } from './tidily.js';
import { waiting } from './waiting.js';

const orThrow = <A>(answer: E.Either<unknown, A>): A => {
  if (E.isLeft(answer)) throw new Error(JSON.stringify(answer.left));
  return answer.right;
};

/** Events of one type; `from` is the last one that was counted before. */
const counting = (store: EventStore, type: string): (() => Promise<number>) => {
  let [from, seen]: [string | undefined, number] = [undefined, 0];
  return async () => {
    for (;;) {
      const page = orThrow(await store.readAll(from ?? 'start', { filter: { typePrefixes: [type] } })());
      const fresh = page.filter(({ position }) => position !== from);
      if (fresh.length === 0) return seen;
      [from, seen] = [fresh.at(-1)?.position, seen + fresh.length];
    }
  };
};

const inStore = (name: string, store: EventStore, undoing: Undoing): Contender => {
  undoing.add(store.close);
  const [succeeded, finished] = [counting(store, 'JobSucceeded'), counting(store, 'PhaseFinished')];
  const { untilEnded, ended } = waiting();
  // all of them, since that is what the engine's processes are given
  const following = store.subscribe('start').subscribe((signal) => {
    if ('event' in signal && signal.event.type === 'PhaseFinished') ended(signal.stream);
  });
  undoing.add(() => {
    following.unsubscribe();
    return Promise.resolve();
  });
  let made = 0;
  return {
    name,
    prepare: (_, jobs) => {
      const phases = Array.from({ length: jobs }, () => phaseOf(made++));
      return Promise.resolve({
        live: async (n) => {
          const { begin = [], end = [] } = phases[n] ?? {};
          for (const { stream, events, expected } of [...begin, ...end])
            orThrow(await store.append(stream, events, expected)());
          await untilEnded(begin[0]?.stream ?? '');
        },
      });
    },
    completed: async () => Math.min(await succeeded(), await finished()),
  };
};

export const sqlite = async (undoing: Undoing): Promise<Contender> => {
  const store = orThrow(await openSqliteStore({ directory: await temporaryFolder(undoing) }));
  return inStore('SQLite store', store, undoing);
};

/** The official client; the same SQLite store is in another process, behind the protocol node. */
export const protocolNode = async (undoing: Undoing): Promise<Contender> => {
  const data = await temporaryFolder(undoing);
  const said = await startServer(
    [process.execPath, PROGRAM, 'store', 'serve', '--json', '--data', data, '--listen', '127.0.0.1:0'],
    { ready: /"address"/, stopBy: ['SIGTERM', 'SIGKILL'] },
    undoing,
  );
  const { address } = JSON.parse(said) as { address: string };
  const store = orThrow(await openEsdbStore({ address }));
  return inStore('client and protocol node', store, undoing);
};
