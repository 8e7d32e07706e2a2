/**
 * Drives one process: go on from what was kept, fold up to the head that was read first, ask `resume` once, then `react` to each new event.
 *
 * Two rules keep effects honest. Events that were there at the start are folded and never reacted to. And a process is not
 * asked again before it has folded what its own last commands wrote, so it never decides the same thing twice.
 */
import * as E from 'fp-ts/lib/Either.js';
import type { Subscription } from 'rxjs';
import { decode, type BatonEvent, type UnreadableEvent } from '../events/catalog.js';
import type { Process } from '../kernel/process.js';
import { comparePositions, type Position, type RawEvent, type Recorded } from '../kernel/recorded.js';
import type { Clock } from '../kernel/time.js';
import { checkpointKeeper } from './checkpoint-keeper.js';
import type { CheckpointStore } from './checkpoints.js';
import { textOf } from './follow-store.js';
import type { EventStore } from './ports.js';

export interface RunningProcess {
  /** Resolves when everything recorded before the start is folded and `resume` has been carried out. */
  readonly ready: Promise<void>;
  readonly close: () => Promise<void>;
}

export interface ProcessProblem {
  readonly process: string;
  readonly message: string;
  readonly cause: unknown;
}

export interface ProcessOptions<C, S> {
  readonly process: Process<BatonEvent, C, S>;
  readonly store: EventStore;
  readonly clock: Clock;
  /**
   * Carries out one command. A command that writes resolves with the position of what it wrote; an effect that takes long is
   * started and resolves at once. Throws only for what may be tried again.
   */
  readonly execute: (command: C) => Promise<Position | undefined>;
  readonly tickMs?: number;
  /** Where its state is kept between two starts; of a process without a version nothing is kept. */
  readonly checkpoints?: CheckpointStore;
  readonly onProblem: (problem: ProcessProblem) => void;
}

const RETRY_MS = [50, 200, 1000, 5000];

/** Processes that share a subscription are given the same object one after the other: it is decoded for the first of them. */
const decodeOnce = (() => {
  let last: { readonly item: Recorded<RawEvent>; readonly decoded: ReturnType<typeof decode> } | undefined;
  return (item: Recorded<RawEvent>): ReturnType<typeof decode> => {
    if (last?.item !== item) last = { item, decoded: decode(item) };
    return last.decoded;
  };
})();

export const runProcess = <C, S>(options: ProcessOptions<C, S>): RunningProcess => {
  const { process, store, clock, execute, onProblem } = options;
  let state = process.init();
  let folded: Position = '0';
  let foldedId = '';
  /** An event is not in the state, though a later program may be able to fold it: such a state is not kept. */
  let incomplete = false;
  let received: Position | 'start' = 'start';
  let ownHead: Position = '0';
  let live = false;
  let closed = false;
  let head: Position | undefined;
  let failures = 0;
  /** An event that cannot be read still moves the position on. */
  const inbox: {
    readonly position: Position;
    readonly id: string;
    readonly event: Recorded<BatonEvent> | undefined;
  }[] = [];
  let owed: Recorded<BatonEvent>[] = [];
  let subscription: Subscription | undefined;
  let working: Promise<void> = Promise.resolve();
  let idle = true;
  let timer: NodeJS.Timeout | undefined;
  let wake: (() => void) | undefined;
  let resolveReady: () => void = () => undefined;
  const ready = new Promise<void>((resolve) => (resolveReady = resolve));

  const pause = (ms: number): Promise<void> =>
    new Promise((resolve) => {
      const t = setTimeout(resolve, ms);
      wake = () => {
        clearTimeout(t);
        resolve();
      };
    });

  /** True when all were carried out; commands are tried until they succeed, since they are owed. */
  const carryOut = async (commands: readonly C[]): Promise<void> => {
    for (const command of commands) {
      for (let attempt = 0; !closed; attempt++) {
        try {
          const position = await execute(command);
          if (position !== undefined && comparePositions(position, ownHead) > 0) ownHead = position;
          break;
        } catch (cause) {
          onProblem({ process: process.name, message: 'a command failed and is tried again', cause });
          await pause(RETRY_MS[Math.min(attempt, RETRY_MS.length - 1)] ?? 5000);
        }
      }
    }
  };

  const checkpoint = checkpointKeeper(
    { name: `process-${process.name}`, version: process.version ?? 0 },
    process.version === undefined ? undefined : options.checkpoints,
    store,
    ({ message, cause }) => {
      onProblem({ process: process.name, message, cause });
    },
  );

  /** Only between two events, so that it is the state at one position; what it owes is found in it by `resume`. */
  const keep = async (): Promise<void> => {
    if (foldedId === '' || incomplete) return;
    await checkpoint.save({
      position: folded,
      eventId: foldedId,
      view: process.kept === undefined ? state : process.kept.save(state),
    });
  };

  const restore = async (end: Position): Promise<void> => {
    const found = await checkpoint.load(end, folded);
    if (found === undefined) return;
    const restored = process.kept === undefined ? (found.view as S) : process.kept.restore(found.view);
    if (restored === undefined) return;
    state = restored;
    received = folded = found.position;
    foldedId = found.eventId;
  };

  const upToDate = (): boolean => comparePositions(folded, ownHead) >= 0;

  const drain = async (): Promise<void> => {
    for (;;) {
      const next = inbox.shift();
      if (next !== undefined) {
        const { event } = next;
        if (event === undefined) incomplete = true;
        else state = process.evolve(state, event);
        folded = next.position;
        foldedId = next.id;
        checkpoint.count();
        if (live) {
          if (event !== undefined) owed.push(event);
        } else if (head !== undefined && comparePositions(folded, head) >= 0) await goLive();
        if (checkpoint.isDue()) await keep();
        continue;
      }
      const due = owed[0];
      if (!live || closed || due === undefined || !upToDate()) return;
      owed = owed.slice(1);
      await carryOut(process.react(state, due));
    }
  };

  const goLive = async (): Promise<void> => {
    live = true;
    await carryOut(process.resume(state));
    resolveReady();
  };

  const kick = (): void => {
    if (!idle) return;
    idle = false;
    working = drain()
      .catch((cause: unknown) => {
        incomplete = true;
        onProblem({ process: process.name, message: 'the process met a bug', cause });
      })
      .finally(() => {
        idle = true;
        if (!closed && inbox.length > 0) kick();
      });
  };

  const reported = new Set<string>();
  const unreadable = (event: UnreadableEvent): void => {
    if (reported.has(event.type)) return;
    reported.add(event.type);
    onProblem({
      process: process.name,
      message: `events of type ${event.type} cannot be read and are passed over`,
      cause: event,
    });
  };

  const subscribe = (): void => {
    subscription = store.subscribe(received).subscribe({
      next: (item) => {
        if ('caughtUp' in item) return;
        failures = 0;
        received = item.position;
        const decoded = decodeOnce(item);
        if (E.isLeft(decoded)) unreadable(decoded.left);
        inbox.push({
          position: item.position,
          id: item.id,
          event: E.isRight(decoded) ? decoded.right : undefined,
        });
        kick();
      },
      error: (cause: unknown) => {
        if (closed) return;
        onProblem({ process: process.name, message: 'the subscription broke and is opened again', cause });
        void pause(RETRY_MS[Math.min(failures++, RETRY_MS.length - 1)] ?? 5000).then(() => {
          if (!closed) subscribe();
        });
      },
    });
  };

  /** Whether the state includes all that the store has. */
  const begin = async (): Promise<boolean> => {
    const found = await store.head()();
    if (E.isLeft(found)) throw new Error(textOf(found.left), { cause: found.left });
    if (found.right === undefined) return true;
    await restore(found.right.position);
    head = found.right.position;
    return comparePositions(folded, head) >= 0;
  };

  const start = async (): Promise<void> => {
    for (let attempt = 0; !closed; attempt++) {
      let isThere: boolean;
      try {
        isThere = await begin();
      } catch (cause) {
        const message = 'the head of the store could not be read';
        onProblem({ process: process.name, message, cause });
        await pause(RETRY_MS[Math.min(attempt, RETRY_MS.length - 1)] ?? 5000);
        continue;
      }
      if (isThere) await goLive();
      break;
    }
    if (closed) return;
    subscribe();
    if (options.tickMs !== undefined)
      timer = setInterval(() => {
        if (!live || closed || !idle || inbox.length > 0 || !upToDate()) return;
        idle = false;
        working = carryOut(process.tick(state, clock.now())).finally(() => {
          idle = true;
          kick();
        });
      }, options.tickMs);
  };
  void start();

  return {
    ready,
    close: async () => {
      closed = true;
      if (timer !== undefined) clearInterval(timer);
      wake?.();
      subscription?.unsubscribe();
      for (let last: Promise<void> | undefined; last !== working;) {
        last = working;
        await last;
      }
      await keep();
    },
  };
};
