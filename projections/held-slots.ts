/** Which jobs hold the slots of a runner? */

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
