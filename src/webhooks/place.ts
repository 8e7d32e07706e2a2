/** Where one receiver is in the log: up to where it was read, and which of that is still owed. Kept so that a crash repeats little. */
import * as E from 'fp-ts/lib/Either.js';
import * as t from 'io-ts';
import type { CheckpointStore } from '../app/checkpoints.js';
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
  /** Resolves when it is on disk; what fails is told. */
  readonly saveNow: () => Promise<void>;
}

const VERSION = 1;
/** What was taken within this time is told again after a crash. */
const SAVE_EVERY_MS = 100;

const Kept = t.type({ owed: t.array(t.string) }, 'what a webhook owes');

export const placeKeeper = (
  name: string,
  checkpoints: CheckpointStore,
  store: Pick<EventStore, 'readAll' | 'head'>,
  now: () => { readonly position: Position; readonly owed: readonly Position[] },
  tell: (message: string, cause?: unknown) => void,
): PlaceKeeper => {
  let saving: Promise<void> = Promise.resolve();
  let timer: NodeJS.Timeout | undefined;

  const saveNow = (): Promise<void> => {
    clearTimeout(timer);
    timer = undefined;
    // one after the other, so that an older one never replaces a newer one
    saving = saving.then(async () => {
      const { position, owed } = now();
      const saved = await checkpoints.save({ name, version: VERSION, position, view: { owed } })();
      if (E.isLeft(saved)) tell(saved.left.message, saved.left.cause);
    });
    return saving;
  };

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
      const kept = E.isRight(loaded) ? loaded.right : undefined;
      const view = Kept.decode(kept?.view);
      if (kept !== undefined && E.isRight(view) && comparePositions(kept.position, end) <= 0) {
        const owed: Recorded<RawEvent>[] = [];
        for (const position of view.right.owed) owed.push(...(await eventAt(position)));
        return { position: kept.position, owed };
      }
      if (E.isLeft(loaded) || kept !== undefined)
        tell('its place in the log is lost: it is told what comes from now on');
      return { position: end, owed: [] };
    },
    save: () => {
      timer ??= setTimeout(() => void saveNow(), SAVE_EVERY_MS);
    },
    saveNow,
  };
};
