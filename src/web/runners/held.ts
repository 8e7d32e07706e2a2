/** Which jobs hold the slots of a runner? */
import type { RunnerAsOf } from '../../app/evidence.js';

export interface Held {
  /** Empty: of others, so each of its slots stands for itself. */
  readonly id: string;
  readonly slots: readonly string[];
}

/** Each job once, with all slots that it holds. */
export const heldBy = (current: RunnerAsOf['current']): readonly Held[] =>
  Object.entries(current).reduce<readonly Held[]>((found, [slot, id]) => {
    const known = id === '' ? undefined : found.find((one) => one.id === id);
    if (known === undefined) return [...found, { id, slots: [slot] }];
    return found.map((one) => (one === known ? { id, slots: [...one.slots, slot] } : one));
  }, []);
