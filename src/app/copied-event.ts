/** What of an event is the same in every store that holds it, and where do two of them differ? Never a position. */
import { canonicalJson } from '../kernel/canonical-json.js';
import type { Metadata, RawEvent, Recorded } from '../kernel/recorded.js';

export interface CopiedEvent {
  readonly stream: string;
  /** Its place among the events of the stream that are copied, from 0. */
  readonly revision: number;
  readonly id: string;
  readonly type: string;
  readonly data: unknown;
  readonly metadata: Metadata;
}

/** `revision`: where a copy has it. */
export const copiedEvent = (
  { stream, id, event, metadata }: Recorded<RawEvent>,
  revision: number,
): CopiedEvent => ({ stream, revision, id, type: event.type, data: event.data, metadata });

/** The one text for its content; a digest is taken over these. */
export const lineOf = (event: CopiedEvent): string => canonicalJson(event);

const PARTS = ['stream', 'revision', 'id', 'type', 'data', 'metadata'] as const;

/** The names of what differs. */
export const differencesOf = (one: CopiedEvent, other: CopiedEvent): readonly (typeof PARTS)[number][] =>
  PARTS.filter((part) => canonicalJson(one[part]) !== canonicalJson(other[part]));
