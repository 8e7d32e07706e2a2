/**
 * How do the bytes of any client lie in a store that holds JSON, and come out again byte for byte? What is JSON as Baton
 * itself would write it is stored as it is, so a history written through a node reads like one written directly. All else
 * is kept in base64 under `$node` in the metadata.
 */
import type { NewEvent } from '../../app/ports.js';
import type { Metadata, RawEvent, Recorded } from '../../kernel/recorded.js';

/** An event on the wire. */
export interface WireEvent {
  readonly id: string;
  readonly type: string;
  readonly contentType: string;
  readonly data: Uint8Array;
  readonly metadata: Uint8Array;
}

/** What the store has no place for. Absent `data` or `metadata`: the stored JSON is the original. */
interface NodeNotes {
  readonly created: string;
  readonly contentType: string;
  readonly data?: string;
  readonly metadata?: string;
}

const JSON_TYPE = 'application/json';
const NOTES = '$node';

const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');

/** The value, when writing it again gives the same bytes; else undefined. Spaces, 1.0 and the like do not survive. */
const canonical = (bytes: Uint8Array): { readonly value: unknown } | undefined => {
  const text = Buffer.from(bytes).toString('utf8');
  try {
    const value: unknown = JSON.parse(text);
    return JSON.stringify(value) === text && Buffer.from(text, 'utf8').equals(bytes) ? { value } : undefined;
  } catch {
    return undefined;
  }
};

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const isInstant = (value: unknown): value is string =>
  typeof value === 'string' && !Number.isNaN(Date.parse(value));

/** The event as it is stored; `now` is when the node took it. */
export const toStored = (wire: WireEvent, now: string): NewEvent => {
  const data = wire.contentType === JSON_TYPE ? canonical(wire.data) : undefined;
  const metadata = canonical(wire.metadata)?.value;
  const own = isRecord(metadata) && !(NOTES in metadata) ? metadata : undefined;
  const isPlain = data !== undefined && own !== undefined && isInstant(own['recordedAt']);
  const notes: NodeNotes = {
    created: now,
    contentType: wire.contentType,
    ...(data === undefined ? { data: base64(wire.data) } : {}),
    ...(own === undefined ? { metadata: base64(wire.metadata) } : {}),
  };
  return {
    id: wire.id,
    event: { type: wire.type, data: data === undefined ? null : data.value },
    // the store keeps any JSON; its readers take what they know
    metadata: (isPlain ? own : { ...own, [NOTES]: notes }) as unknown as Metadata,
  };
};

const notesOf = (metadata: Readonly<Record<string, unknown>>): Partial<NodeNotes> => {
  const notes = metadata[NOTES];
  return isRecord(notes) ? notes : {};
};

const bytesOf = (kept: string | undefined, value: unknown): Uint8Array =>
  kept === undefined ? Buffer.from(JSON.stringify(value), 'utf8') : Buffer.from(kept, 'base64');

/** The event as clients see it. */
export const toWire = (recorded: Recorded<RawEvent>): WireEvent & { readonly createdMs: number } => {
  const { [NOTES]: _, ...own } = recorded.metadata as unknown as Readonly<Record<string, unknown>>;
  const notes = notesOf(recorded.metadata as unknown as Readonly<Record<string, unknown>>);
  const created = notes.created ?? own['recordedAt'];
  return {
    id: recorded.id,
    type: recorded.event.type,
    contentType: notes.contentType ?? JSON_TYPE,
    data: bytesOf(notes.data, recorded.event.data),
    metadata: bytesOf(notes.metadata, own),
    createdMs: isInstant(created) ? Date.parse(created) : 0,
  };
};
