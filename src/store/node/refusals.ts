/**
 * How is a failure told, so that the parsers of clients understand it? Three ways: a status with trailers, the answer to
 * a batch with a packed detail, and for `Append` alone a wrong revision inside a normal answer.
 */
import type * as Grpc from '@grpc/grpc-js';
import type { Code } from '@eventstore/db-client/generated/code_pb.js';
import type { BatchAppendResp, AppendResp } from '@eventstore/db-client/generated/streams_pb.js';
import type { Status } from '@eventstore/db-client/generated/status_pb.js';
import type { ExpectedRevision } from '../../app/ports.js';
import { APPEND_LIMIT_BYTES } from '../encoding.js';
import type { NodeError } from './log.js';
import { identifierOf } from './messages.js';
import type { Stubs } from './stubs.js';

type WrongRevision = Extract<NodeError, { code: 'wrong_expected_revision' }>;

const problem = (
  { grpc }: Stubs,
  code: Grpc.status,
  details: string,
  trailers: Readonly<Record<string, string>> = {},
): Grpc.ServiceError => {
  const metadata: Grpc.Metadata = new grpc.Metadata();
  for (const [key, value] of Object.entries(trailers)) metadata.set(key, value);
  return Object.assign(new Error(details), { code, details, metadata });
};

/** The numbers that EventStoreDB gives to expectations that are none. */
const EXPECTED: Readonly<Record<string, string>> = { no_stream: '-1', any: '-2', stream_exists: '-4' };
const expectedText = (expected: ExpectedRevision): string => EXPECTED[expected] ?? String(expected);

/** The status for calls that end with one. */
export const statusOf = (stubs: Stubs, error: NodeError): Grpc.ServiceError => {
  const { status } = stubs.grpc;
  switch (error.code) {
    case 'wrong_expected_revision':
      return problem(stubs, status.FAILED_PRECONDITION, 'Wrong expected version.', {
        exception: 'wrong-expected-version',
        'stream-name': error.stream,
        'expected-version': expectedText(error.expected),
        ...(error.current === 'no_stream' ? {} : { 'actual-version': String(error.current) }),
      });
    case 'stream_deleted':
      return problem(stubs, status.FAILED_PRECONDITION, `Event stream '${error.stream}' is deleted.`, {
        exception: 'stream-deleted',
        'stream-name': error.stream,
      });
    case 'append_too_large':
      return problem(stubs, status.INVALID_ARGUMENT, 'Maximum append size exceeded.', {
        exception: 'maximum-append-size-exceeded',
        'maximum-append-size': String(error.limitBytes),
      });
    case 'stream_not_found':
      return problem(stubs, status.NOT_FOUND, `Event stream '${error.stream}' is not found.`, {
        exception: 'stream-not-found',
        'stream-name': error.stream,
      });
    case 'store_unavailable':
      return problem(stubs, status.UNAVAILABLE, error.message);
  }
};

export const invalidArgument = (stubs: Stubs, details: string): Grpc.ServiceError =>
  problem(stubs, stubs.grpc.status.INVALID_ARGUMENT, details);

export const shuttingDown = (stubs: Stubs): Grpc.ServiceError =>
  problem(stubs, stubs.grpc.status.UNAVAILABLE, 'The node is shutting down.');

export const unauthenticated = (stubs: Stubs): Grpc.ServiceError =>
  problem(stubs, stubs.grpc.status.UNAUTHENTICATED, 'A user name and the right password are needed.');

interface Packable {
  readonly serializeBinary: () => Uint8Array;
}

const packed = (
  { status, any }: Stubs,
  code: Code,
  message: string,
  name: string,
  detail: Packable,
): Status => {
  const details = new any.Any();
  details.pack(detail.serializeBinary(), `event_store.client.${name}`);
  const told = new status.Status();
  told.setCode(code);
  told.setMessage(message);
  told.setDetails(details);
  return told;
};

const wrongVersion = ({ shared, empty }: Stubs, { expected, current }: WrongRevision): Packable => {
  const detail = new shared.WrongExpectedVersion();
  if (current === 'no_stream') detail.setCurrentNoStream(new empty.Empty());
  else detail.setCurrentStreamRevision(String(current));
  if (expected === 'any') detail.setExpectedAny(new empty.Empty());
  else if (expected === 'no_stream') detail.setExpectedNoStream(new empty.Empty());
  else if (expected === 'stream_exists') detail.setExpectedStreamExists(new empty.Empty());
  else detail.setExpectedStreamPosition(String(expected));
  return detail;
};

/** For a deadline that was over before the append was tried. */
export const timedOut = (stubs: Stubs): Status =>
  packed(stubs, stubs.code.Code.DEADLINE_EXCEEDED, 'Timeout', 'Timeout', new stubs.shared.Timeout());

const batchStatus = (stubs: Stubs, error: NodeError): Status => {
  const { shared, code } = stubs;
  const { FAILED_PRECONDITION, INVALID_ARGUMENT, UNAVAILABLE } = code.Code;
  switch (error.code) {
    case 'wrong_expected_revision':
      return packed(
        stubs,
        FAILED_PRECONDITION,
        'Wrong expected version',
        'WrongExpectedVersion',
        wrongVersion(stubs, error),
      );
    case 'stream_deleted': {
      const detail = new shared.StreamDeleted();
      detail.setStreamIdentifier(identifierOf(stubs, error.stream));
      return packed(stubs, FAILED_PRECONDITION, 'Stream deleted', 'StreamDeleted', detail);
    }
    case 'append_too_large': {
      const detail = new shared.MaximumAppendSizeExceeded();
      detail.setMaxappendsize(APPEND_LIMIT_BYTES);
      return packed(
        stubs,
        INVALID_ARGUMENT,
        'Maximum append size exceeded',
        'MaximumAppendSizeExceeded',
        detail,
      );
    }
    case 'stream_not_found':
    case 'store_unavailable':
      return packed(stubs, UNAVAILABLE, error.code, 'Unknown', new shared.Unknown());
  }
};

/** Clients read the stream's name from every refused batch, so the caller must have set it. */
export const refuseBatch = (stubs: Stubs, response: BatchAppendResp, error: NodeError): BatchAppendResp =>
  response.setError(batchStatus(stubs, error));

/** The answer of `Append` to a wrong revision; undefined for failures that are told by a status. */
export const appendRefusal = (stubs: Stubs, error: NodeError): AppendResp | undefined => {
  if (error.code !== 'wrong_expected_revision') return undefined;
  const { shared, streams } = stubs;
  const { expected, current } = error;
  const wrong = new streams.AppendResp.WrongExpectedVersion();
  if (current === 'no_stream') wrong.setCurrentNoStream(new shared.Empty());
  else wrong.setCurrentRevision(String(current));
  if (expected === 'any') wrong.setExpectedAny(new shared.Empty());
  else if (expected === 'no_stream') wrong.setExpectedNoStream(new shared.Empty());
  else if (expected === 'stream_exists') wrong.setExpectedStreamExists(new shared.Empty());
  else wrong.setExpectedRevision(String(expected));
  return new streams.AppendResp().setWrongExpectedVersion(wrong);
};
