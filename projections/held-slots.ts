/** Which jobs hold the slots of a runner, and how many are left? */
import type { RunnerView } from './runner-health.js';

export interface SlotCounts {
  /** Held by jobs; after a cut also such as the runner has no more. */
  readonly busy: number;
  /** In quarantine, of those that it has and no job holds. */
  readonly quarantined: number;
  /** Could be given to a job now. While jobs go on in slots that are no more, as many of the others are shut. */
  readonly free: number;
}

export const slotCounts = ({
  slots,
  current,
  quarantinedSlots,
}: Pick<RunnerView, 'slots' | 'current' | 'quarantinedSlots'>): SlotCounts => {
  const busy = Object.keys(current).length;
  const quarantined = quarantinedSlots.filter((slot) => slot < slots && !Object.hasOwn(current, slot)).length;
  return { busy, quarantined, free: Math.max(0, slots - busy - quarantined) };
};

/** Each job once, with all slots that it holds. One of which nothing may be told has an empty id, and each of its slots stands for itself. */
export const jobsHolding = (
  current: Readonly<Record<string, string>>,
): readonly { readonly id: string; readonly slots: readonly string[] }[] => {
  const held = new Map<string, string[]>();
  for (const [slot, id] of Object.entries(current)) {
    const key = id === '' ? slot : id;
    held.set(key, [...(held.get(key) ?? []), slot]);
  }
  return [...held].map(([key, slots]) => ({ id: slots.includes(key) ? '' : key, slots }));
};
