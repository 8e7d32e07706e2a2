/** The calls that write: Append (one stream of messages), BatchAppend (many appends over one call), Delete, Tombstone. */
import type { ServerDuplexStream, ServerReadableStream, ServerUnaryCall } from '@grpc/grpc-js';
import type {
  AppendReq,
  AppendResp,
  BatchAppendReq,
  BatchAppendResp,
  DeleteReq,
  DeleteResp,
  TombstoneReq,
  TombstoneResp,
} from '@eventstore/db-client/generated/streams_pb.js';
import * as E from 'fp-ts/lib/Either.js';
import type { Appended, NewEvent } from '../../app/ports.js';
import type { Answer, NodeLog } from './log.js';
import { expectedOf, nameOf, placeText, uuidText, type Unary } from './messages.js';
import { appendRefusal, invalidArgument, refuseBatch, statusOf, timedOut } from './refusals.js';
import { toStored } from './stored-form.js';
import type { Stubs } from './stubs.js';

type Proposed = Pick<
  BatchAppendReq.ProposedMessage,
  'getId' | 'getMetadataMap' | 'getData_asU8' | 'getCustomMetadata_asU8'
>;

/** Revisions below 0 are what an empty append to nothing is answered with. */
const hasRevision = ({ revision }: Appended): boolean => revision >= 0;

const newEvent = (message: Proposed): NewEvent =>
  toStored(
    {
      id: uuidText(message.getId()),
      type: message.getMetadataMap().get('type') ?? '',
      contentType: message.getMetadataMap().get('content-type') ?? 'application/octet-stream',
      data: message.getData_asU8(),
      metadata: message.getCustomMetadata_asU8(),
    },
    new Date().toISOString(),
  );

export const appendCall =
  (stubs: Stubs, log: NodeLog) =>
  (call: ServerReadableStream<AppendReq, AppendResp>, answer: Unary<AppendResp>): void => {
    let options: AppendReq.Options | undefined;
    const events: NewEvent[] = [];
    const finish = async (): Promise<void> => {
      if (options === undefined) {
        answer(invalidArgument(stubs, 'The options were expected first.'));
        return;
      }
      const stream = nameOf(options.getStreamIdentifier());
      const written = await log.append(stream, events, expectedOf(options, options.getRevision()));
      if (E.isLeft(written)) {
        const refusal = appendRefusal(stubs, written.left);
        if (refusal === undefined) answer(statusOf(stubs, written.left));
        else answer(null, refusal);
        return;
      }
      const { shared, streams } = stubs;
      const success = new streams.AppendResp.Success();
      if (hasRevision(written.right)) {
        const position = new streams.AppendResp.Position();
        position.setCommitPosition(placeText(written.right.position));
        position.setPreparePosition(placeText(written.right.position));
        success.setCurrentRevision(String(written.right.revision));
        success.setPosition(position);
      } else {
        success.setNoStream(new shared.Empty());
        success.setNoPosition(new shared.Empty());
      }
      answer(null, new streams.AppendResp().setSuccess(success));
    };
    call.on('data', (request: AppendReq) => {
      options ??= request.getOptions();
      const message = request.getProposedMessage();
      if (message !== undefined) events.push(newEvent(message));
    });
    call.on('end', () => void finish());
  };

interface Batch {
  readonly options: BatchAppendReq.Options;
  readonly events: NewEvent[];
}

const isOver = (options: BatchAppendReq.Options): boolean => {
  const deadline = options.getDeadline();
  return deadline !== undefined && deadline.toDate().getTime() <= Date.now();
};

export const batchAppendCall =
  (stubs: Stubs, log: NodeLog) =>
  (call: ServerDuplexStream<BatchAppendReq, BatchAppendResp>): void => {
    const batches = new Map<string, Batch>();
    let [underWay, hasEnded] = [0, false];
    const { streams, empty, shared } = stubs;

    const answerOf = async (
      { options, events }: Batch,
      request: BatchAppendReq,
    ): Promise<BatchAppendResp> => {
      const stream = options.getStreamIdentifier();
      const response = new streams.BatchAppendResp();
      response.setCorrelationId(request.getCorrelationId());
      response.setStreamIdentifier(stream);
      if (isOver(options)) return response.setError(timedOut(stubs));
      const expected = expectedOf(options, options.getStreamPosition());
      const written = await log.append(nameOf(stream), events, expected);
      if (E.isLeft(written)) return refuseBatch(stubs, response, written.left);
      const success = new streams.BatchAppendResp.Success();
      if (hasRevision(written.right)) {
        const position = new shared.AllStreamPosition();
        position.setCommitPosition(placeText(written.right.position));
        position.setPreparePosition(placeText(written.right.position));
        success.setCurrentRevision(String(written.right.revision));
        success.setPosition(position);
      } else {
        success.setNoStream(new empty.Empty());
        success.setNoPosition(new empty.Empty());
      }
      return response.setSuccess(success);
    };

    // each append is begun as its last part comes, so that a store takes them in the order of the caller
    const take = async (batch: Batch, request: BatchAppendReq): Promise<void> => {
      underWay += 1;
      const response = await answerOf(batch, request);
      underWay -= 1;
      if (call.cancelled) return;
      call.write(response);
      if (hasEnded && underWay === 0) call.end();
    };
    call.on('data', (request: BatchAppendReq) => {
      const id = uuidText(request.getCorrelationId());
      const options = request.getOptions();
      const batch = batches.get(id) ?? (options === undefined ? undefined : { options, events: [] });
      if (batch === undefined) {
        call.emit('error', invalidArgument(stubs, 'The options were expected in the first part of a batch.'));
        return;
      }
      batches.set(id, batch);
      batch.events.push(...request.getProposedMessagesList().map(newEvent));
      if (!request.getIsFinal()) return;
      batches.delete(id);
      void take(batch, request);
    });
    call.on('end', () => {
      hasEnded = true;
      if (underWay === 0) call.end();
    });
    call.on('error', () => undefined);
  };

const ending =
  <Req extends DeleteReq | TombstoneReq, Resp extends DeleteResp | TombstoneResp>(
    stubs: Stubs,
    end: NodeLog['remove'],
    success: (position: string) => Resp,
  ) =>
  (call: ServerUnaryCall<Req, Resp>, answer: Unary<Resp>): void => {
    const options = call.request.getOptions();
    const stream = nameOf(options?.getStreamIdentifier());
    const asked: Answer<Appended> =
      options === undefined
        ? Promise.resolve(E.left({ code: 'stream_not_found', stream }))
        : end(stream, expectedOf(options, options.getRevision()));
    void asked.then((done) => {
      if (E.isLeft(done)) answer(statusOf(stubs, done.left));
      else answer(null, success(placeText(done.right.position)));
    });
  };

export const deleteCall = (stubs: Stubs, log: NodeLog) =>
  ending<DeleteReq, DeleteResp>(stubs, log.remove, (place) => {
    const position = new stubs.streams.DeleteResp.Position();
    position.setCommitPosition(place);
    position.setPreparePosition(place);
    return new stubs.streams.DeleteResp().setPosition(position);
  });

export const tombstoneCall = (stubs: Stubs, log: NodeLog) =>
  ending<TombstoneReq, TombstoneResp>(stubs, log.tombstone, (place) => {
    const position = new stubs.streams.TombstoneResp.Position();
    position.setCommitPosition(place);
    position.setPreparePosition(place);
    return new stubs.streams.TombstoneResp().setPosition(position);
  });
