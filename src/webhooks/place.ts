/** Where one receiver is in the log: up to where it was read, and which of that is still owed. Kept so that a crash repeats little. */
import * as E from 'fp-ts/lib/Either.js';
import * as t from 'io-ts';
import type { CheckpointProblem, CheckpointStore } from '../app/checkpoints.js';
import { keptSoon } from '../app/kept-soon.js';
import type { EventStore } from '../app/ports.js';
import { StoreAway } from '../app/store-outage.js';
import { comparePositions, type Position, type RawEvent, type Recorded } from '../kernel/recorded.js';

export interface Place {
  readonly position: Position;
  /** Before `position`, and not yet taken. */
  readonly owed: readonly Recorded<RawEvent>[];
}

export interface PlaceKeeper {
  /** What was kept; else the end of the log. Throws `StoreAway`. */
  readonly find: () => Promise<Place>;
  /** Soon. */
  readonly save: () => void;
  /** Resolves when it is on disk, or could not be written, which is told and tried again. */
  readonly saveNow: () => Promise<void>;
  /** Why what is on disk is older than it should be; undefined: it is not. */
  readonly problem: () => CheckpointProblem | undefined;
  /** Writes it once more, and lets go. */
  readonly close: () => Promise<void>;
}

const VERSION = 1;
/** What was taken within this time is told again after a crash. */
const SAVE_EVERY_MS = 100;

const Kept = t.type({ owed: t.array(t.string) }, 'what a webhook owes');

/** `now`: what is kept; undefined while it is not known, when what is on disk stays as it is. */
export const placeKeeper = (
  name: string,
  checkpoints: CheckpointStore,
  store: Pick<EventStore, 'readAll' | 'head'>,
  now: () => { readonly position: Position; readonly owed: readonly Position[] } | undefined,
  tell: (message: string, cause?: unknown) => void,
): PlaceKeeper => {
  const kept = keptSoon({
    checkpoints,
    state: () => {
      const place = now();
      if (place === undefined) return undefined;
      const { position, owed } = place;
      return { name, version: VERSION, position, view: { owed } };
    },
    everyMs: SAVE_EVERY_MS,
    onProblem: tell,
  });

  const headOf = async (): Promise<Position> => {
    const head = await store.head()();
    if (E.isLeft(head)) throw new StoreAway(head.left);
    return head.right?.position ?? '';
  };

  const eventAt = async (position: Position): Promise<readonly Recorded<RawEvent>[]> => {
    const found = await store.readAll(position, { maxCount: 1 })();
    if (E.isLeft(found)) throw new StoreAway(found.left);
    return found.right.filter((one) => one.position === position);
  };

  return {
    find: async () => {
      const loaded = await checkpoints.load(name, VERSION)();
      if (E.isLeft(loaded)) tell(loaded.left.message, loaded.left.cause);
      const end = await headOf();
      const before = E.isRight(loaded) ? loaded.right : undefined;
      const view = Kept.decode(before?.view);
      if (before !== undefined && E.isRight(view) && comparePositions(before.position, end) <= 0) {
        const owed: Recorded<RawEvent>[] = [];
        for (const position of view.right.owed) owed.push(...(await eventAt(position)));
        return { position: before.position, owed };
      }
      if (E.isLeft(loaded) || before !== undefined)
        tell(
          `its place in the log cannot be used, so it is told only what happens from now on; what it missed meanwhile it is told by \`baton webhook replay ${name} --from MOMENT\``,
        );
      return { position: end, owed: [] };
    },
    save: kept.soon,
    saveNow: kept.now,
    problem: kept.problem,
    close: async () => {
      kept.soon();
      await kept.close();
    },
  };
};
