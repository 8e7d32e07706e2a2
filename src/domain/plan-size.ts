/** How much of an event does a plan take? Asked before it is made, so that no small file can ask for a huge one. */

/**
 * The events of one append have at most 1 MiB together (EventStoreDB's MaxAppendSize). An eighth is left for what stands beside a plan:
 * title, names, secrets of a phase and metadata.
 */
export const PLAN_LIMIT_BYTES = 917_504;

const isContainer = (value: unknown): value is object => typeof value === 'object' && value !== null;

/** Bytes of the value as JSON in UTF-8; counting ends as soon as they are more than `most`. */
export const jsonBytes = (value: unknown, most: number): number => {
  if (value === undefined) return 0;
  if (!isContainer(value)) return Buffer.byteLength(JSON.stringify(value));
  let bytes = 2;
  for (const [key, member] of Object.entries(value)) {
    if (member === undefined) continue;
    bytes += Array.isArray(value) ? 1 : Buffer.byteLength(JSON.stringify(key)) + 2;
    bytes += jsonBytes(member, most - bytes);
    if (bytes > most) return bytes;
  }
  return bytes;
};
