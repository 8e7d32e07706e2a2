/** Can this event be held by every store alike? Servers also hold what is no JSON, or larger than an append of ours. */
import type { RawEvent, Recorded } from '../kernel/recorded.js';
import { APPEND_LIMIT_BYTES, appendBytes, encode } from './encoding.js';

const isRecord = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Uint8Array);

/** Undefined when it can. */
export const whyUnfit = (recorded: Recorded<RawEvent>): string | undefined => {
  const { data } = recorded.event;
  if (data === undefined || data instanceof Uint8Array) return 'its data is no JSON';
  if (!isRecord(recorded.metadata)) return 'its metadata is no JSON object';
  const bytes = appendBytes([encode(recorded)]);
  return bytes > APPEND_LIMIT_BYTES
    ? `it has ${bytes} bytes, and an append takes at most ${APPEND_LIMIT_BYTES}`
    : undefined;
};
