/** How do the node's own values become messages of the protocol, and back? No rules here, only shapes. */
import type { sendUnaryData } from '@grpc/grpc-js';
import type { StreamIdentifier, UUID } from '@eventstore/db-client/generated/shared_pb.js';
import type { ReadResp } from '@eventstore/db-client/generated/streams_pb.js';
import type { ExpectedRevision } from '../../app/ports.js';
import type { RawEvent, Recorded } from '../../kernel/recorded.js';
import { toWire } from './stored-form.js';
import type { Stubs } from './stubs.js';

export type Unary<A> = sendUnaryData<A>;

/** .NET counts in units of 100 ns. */
const TICKS_PER_MS = 10_000n;

export const nameOf = (identifier: StreamIdentifier | undefined): string =>
  Buffer.from(identifier?.getStreamName_asU8() ?? []).toString('utf8');

export const identifierOf = ({ shared }: Stubs, stream: string): StreamIdentifier => {
  const identifier = new shared.StreamIdentifier();
  identifier.setStreamName(Buffer.from(stream, 'utf8'));
  return identifier;
};

const hex = (half: string): string => BigInt.asUintN(64, BigInt(half)).toString(16).padStart(16, '0');

/** Lower-case text of either form, so that the same id is always the same text. */
export const uuidText = (uuid: UUID | undefined): string => {
  const structured = uuid?.getStructured();
  if (structured === undefined) return (uuid?.getString() ?? '').toLowerCase();
  const digits = hex(structured.getMostSignificantBits()) + hex(structured.getLeastSignificantBits());
  return digits.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
};

/** Signed, as the protocol has it. */
const halfOf = (digits: string): string => BigInt.asIntN(64, BigInt(`0x${digits}`)).toString();

const UUID_TEXT = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/;

export const uuidOf = ({ shared }: Stubs, text: string, structured = false): UUID => {
  const uuid = new shared.UUID();
  if (!structured || !UUID_TEXT.test(text)) {
    uuid.setString(text);
    return uuid;
  }
  const digits = text.replaceAll('-', '');
  const halves = new shared.UUID.Structured();
  halves.setMostSignificantBits(halfOf(digits.slice(0, 16)));
  halves.setLeastSignificantBits(halfOf(digits.slice(16)));
  uuid.setStructured(halves);
  return uuid;
};

/** An embedded store counts places; both halves of a position are that number. */
export const placeText = (position: string): string => position.split('/')[0] ?? '0';

export const readEventOf = (
  stubs: Stubs,
  recorded: Recorded<RawEvent>,
  structured: boolean,
): ReadResp.ReadEvent => {
  const { ReadResp } = stubs.streams;
  const wire = toWire(recorded);
  const place = placeText(recorded.position);
  const event = new ReadResp.ReadEvent.RecordedEvent();
  event.setId(uuidOf(stubs, recorded.id, structured));
  event.setStreamIdentifier(identifierOf(stubs, recorded.stream));
  event.setStreamRevision(String(recorded.revision));
  event.setCommitPosition(place);
  event.setPreparePosition(place);
  event
    .getMetadataMap()
    .set('type', wire.type)
    .set('content-type', wire.contentType)
    .set('created', String(BigInt(wire.createdMs) * TICKS_PER_MS));
  event.setData(wire.data);
  event.setCustomMetadata(wire.metadata);
  const read = new ReadResp.ReadEvent();
  read.setEvent(event);
  read.setCommitPosition(place);
  return read;
};

interface Expectation {
  readonly hasNoStream: () => boolean;
  readonly hasAny: () => boolean;
  readonly hasStreamExists: () => boolean;
}

/** `exact` is how the message at hand spells an exact revision. */
export const expectedOf = (options: Expectation, exact: string): ExpectedRevision => {
  if (options.hasAny()) return 'any';
  if (options.hasNoStream()) return 'no_stream';
  return options.hasStreamExists() ? 'stream_exists' : Number(exact);
};
