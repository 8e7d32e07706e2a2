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

/** `2 jobs are there, and others hold one slot`: of jobs of others only the slots are known. Empty: nothing is held. */
export const holdersText = (current: RunnerAsOf['current'], where: 'there' | 'still there'): string => {
  const held = heldBy(current);
  const jobs = held.filter(({ id }) => id !== '').length;
  const others = held.length - jobs;
  const hold = `thers hold ${others === 1 ? 'one slot' : `${others} slots`}`;
  if (jobs === 0) return others === 0 ? '' : `O${hold}`;
  const told = `${jobs === 1 ? 'One job is' : `${jobs} jobs are`} ${where}`;
  return others === 0 ? told : `${told}, and o${hold}`;
};
