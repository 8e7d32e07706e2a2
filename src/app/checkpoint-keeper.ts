/** When is a checkpoint kept, and when may one be gone on from? The same for views and for the states of processes. */
import * as E from 'fp-ts/lib/Either.js';
import type { Position } from '../kernel/recorded.js';
import { comparePositions } from '../kernel/recorded.js';
import type { Checkpoint, CheckpointProblem, CheckpointStore } from './checkpoints.js';
import { textOf } from './follow-store.js';
import type { EventStore } from './ports.js';

/** Events between two checkpoints, at least. */
const CHECKPOINT_EVERY = 1000;
/** A checkpoint costs the size of all that is folded. Some twenty are kept, which take at most a twentieth of the time together. */
const CHECKPOINT_SHARE = 0.05 / 20;

export type Kept = Pick<Checkpoint, 'position' | 'view'> & { readonly eventId: string };

export interface CheckpointKeeper {
  /**
   * What was kept; undefined when there is nothing after `behind`. Told, and undefined too, when it is beyond `end`, the
   * position of the store's last event, or of another history. Throws when the store cannot be asked.
   */
  readonly load: (end: Position, behind: Position) => Promise<Kept | undefined>;
  /** One more event is folded. */
  readonly count: () => void;
  readonly isDue: () => boolean;
  /** What is kept must not change before this resolves. What fails is told. */
  readonly save: (kept: Kept) => Promise<void>;
  /** What was kept is no longer what is folded, though it may be at the same position. */
  readonly forget: () => void;
}

const idAt = async (store: Pick<EventStore, 'readAll'>, position: Position): Promise<string | undefined> => {
  const found = await store.readAll(position, { maxCount: 1 })();
  if (E.isLeft(found)) throw new Error(textOf(found.left), { cause: found.left });
  const [event] = found.right;
  return event !== undefined && comparePositions(event.position, position) === 0 ? event.id : undefined;
};

export const checkpointKeeper = (
  { name, version }: Pick<Checkpoint, 'name' | 'version'>,
  checkpoints: CheckpointStore | undefined,
  store: Pick<EventStore, 'readAll'>,
  tell: (problem: CheckpointProblem) => void,
): CheckpointKeeper => {
  let savedAt: Position = '';
  let sinceSaved = 0;
  let restUntil = 0;

  const refuse = (found: string): void => {
    const message = `the checkpoint of ${name} is of another store and is not used: ${found}`;
    tell({ code: 'checkpoint_corrupt', message });
  };

  return {
    load: async (end, behind) => {
      if (checkpoints === undefined) return undefined;
      const loaded = await checkpoints.load(name, version)();
      if (E.isLeft(loaded)) tell(loaded.left);
      if (E.isLeft(loaded) || loaded.right === undefined) return undefined;
      const { view, position, eventId = '' } = loaded.right;
      if (comparePositions(position, end) > 0) {
        refuse(`it includes position ${position}, the store ends at ${end === '' ? 'nothing' : end}`);
        return undefined;
      }
      if (comparePositions(position, behind) <= 0) return undefined;
      // a copy of a history has the same events at other positions
      if ((await idAt(store, position)) !== eventId) {
        refuse(`at position ${position} it had another event`);
        return undefined;
      }
      savedAt = position;
      return { view, position, eventId };
    },
    count: () => {
      sinceSaved++;
    },
    isDue: () =>
      checkpoints !== undefined && sinceSaved >= CHECKPOINT_EVERY && performance.now() >= restUntil,
    save: async (kept) => {
      sinceSaved = 0;
      if (checkpoints === undefined || kept.position === savedAt) return;
      savedAt = kept.position;
      const started = performance.now();
      restUntil = Infinity;
      const saved = await checkpoints.save({ name, version, ...kept })();
      if (E.isLeft(saved)) tell(saved.left);
      restUntil = performance.now() + (performance.now() - started) / CHECKPOINT_SHARE;
    },
    forget: () => {
      savedAt = '';
    },
  };
};
