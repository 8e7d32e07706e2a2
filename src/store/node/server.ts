/**
 * A protocol node: the streams part of the gRPC protocol of EventStoreDB clients over an embedded store, so that such a
 * client can read and write it. What it is not: docs/protocol-node.md.
 */
import type { Server, ServerUnaryCall, UntypedServiceImplementation } from '@grpc/grpc-js';
import type { Empty } from '@eventstore/db-client/generated/shared_pb.js';
import type { ClusterInfo } from '@eventstore/db-client/generated/gossip_pb.js';
import type { SupportedMethods } from '@eventstore/db-client/generated/serverfeatures_pb.js';
import * as E from 'fp-ts/lib/Either.js';
import type { EventStore, StoreError } from '../../app/ports.js';
import { entranceOf, type NodeUser } from './entrance.js';
import { openNodeLog, type NodeLog } from './log.js';
import { uuidOf, type Unary } from './messages.js';
import { answerRead, type ReadCall } from './reads.js';
import { invalidArgument, shuttingDown, unauthenticated } from './refusals.js';
import { loadStubs, type Stubs } from './stubs.js';
import { answerSubscription } from './subscriptions.js';
import { appendCall, batchAppendCall, deleteCall, tombstoneCall } from './writes.js';

export interface NodeOptions {
  /** Read and written by nobody else meanwhile. The node does not close it. */
  readonly store: EventStore;
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
  /** Certificate chain and private key in PEM form; without them the node speaks in clear text. */
  readonly tls?: { readonly cert: Buffer; readonly key: Buffer };
  readonly user?: NodeUser;
  /** False: as servers before 21.10, which take one append a call. */
  readonly takesBatches?: boolean;
}

export interface RunningNode {
  readonly port: number;
  /** Ends subscriptions, lets other calls finish for a moment, then closes. */
  readonly close: () => Promise<void>;
}

export type NodeOpenError = StoreError | { readonly code: 'listen'; readonly message: string };

/** Clients choose what they ask for by the version they are told; this one has all that a node does. */
const VERSION = '23.10.0';
const NODE_ID = '6f8d1f9e-1d6a-4b0e-9a57-0f2b1c3d4e5f';
const LARGEST_MESSAGE = 17 * 1024 * 1024;
const FINISH_MS = 1_000;
const STREAMS = 'event_store.client.streams.Streams';

const METHODS = ['read', 'append', 'delete', 'tombstone'];

const supportedMethods = ({ features }: Stubs, takesBatches: boolean): SupportedMethods => {
  const methods = [...METHODS, ...(takesBatches ? ['batchappend'] : [])].map((name) => {
    const method = new features.SupportedMethod();
    method.setMethodName(name);
    method.setServiceName(STREAMS.toLowerCase());
    if (name === 'read') method.setFeaturesList(['position', 'events']);
    return method;
  });
  return new features.SupportedMethods().setMethodsList(methods).setEventStoreServerVersion(VERSION);
};

const clusterOfOne = (stubs: Stubs, host: string, port: number): ClusterInfo => {
  const { gossip } = stubs;
  const member = new gossip.MemberInfo();
  member.setInstanceId(uuidOf(stubs, NODE_ID));
  member.setTimeStamp(String(BigInt(Date.now()) * 10_000n));
  member.setState(gossip.MemberInfo.VNodeState.LEADER);
  member.setIsAlive(true);
  member.setHttpEndPoint(new gossip.EndPoint().setAddress(host).setPort(port));
  return new gossip.ClusterInfo().setMembersList([member]);
};

/** Streams calls, each only for those who may. */
const streamCalls = (
  stubs: Stubs,
  log: NodeLog,
  { user, takesBatches = true }: Pick<NodeOptions, 'user' | 'takesBatches'>,
  following: Set<ReadCall>,
): UntypedServiceImplementation => {
  const mayEnter = entranceOf(user);
  const read = async (call: ReadCall): Promise<void> => {
    const options = call.request.getOptions();
    if (!mayEnter(call.metadata)) call.emit('error', unauthenticated(stubs));
    else if (options === undefined) call.emit('error', invalidArgument(stubs, 'The options are missing.'));
    else if (!options.hasSubscription()) await answerRead(stubs, log, call, options);
    else {
      following.add(call);
      await answerSubscription(stubs, log, call, options);
      following.delete(call);
    }
  };
  const guarded =
    <C extends { readonly metadata: ReadCall['metadata'] }, A>(handle: (call: C, answer: Unary<A>) => void) =>
    (call: C, answer: Unary<A>): void => {
      if (mayEnter(call.metadata)) handle(call, answer);
      else answer(unauthenticated(stubs));
    };
  const batch = batchAppendCall(stubs, log);
  return {
    read: (call: ReadCall) => {
      read(call).catch((error: unknown) => {
        call.emit('error', invalidArgument(stubs, error instanceof Error ? error.message : String(error)));
      });
    },
    append: guarded(appendCall(stubs, log)),
    delete: guarded(deleteCall(stubs, log)),
    tombstone: guarded(tombstoneCall(stubs, log)),
    ...(takesBatches
      ? {
          batchAppend: (call: Parameters<typeof batch>[0]) => {
            if (mayEnter(call.metadata)) batch(call);
            else call.emit('error', unauthenticated(stubs));
          },
        }
      : {}),
  };
};

const listen = (server: Server, { grpc }: Stubs, options: NodeOptions): Promise<number> =>
  new Promise((resolve, reject) => {
    const { tls, host, port } = options;
    const credentials =
      tls === undefined
        ? grpc.ServerCredentials.createInsecure()
        : grpc.ServerCredentials.createSsl(null, [{ cert_chain: tls.cert, private_key: tls.key }]);
    const address = host.includes(':') ? `[${host}]` : host;
    server.bindAsync(`${address}:${String(port)}`, credentials, (error, bound) => {
      if (error === null) resolve(bound);
      else reject(error);
    });
  });

/** Starts a node over an open store. */
export const startNode = async (options: NodeOptions): Promise<E.Either<NodeOpenError, RunningNode>> => {
  const log = await openNodeLog(options.store);
  if (E.isLeft(log)) return log;
  const stubs = loadStubs();
  const server = new stubs.grpc.Server({ 'grpc.max_receive_message_length': LARGEST_MESSAGE });
  const following = new Set<ReadCall>();
  let bound = options.port;
  server.addService(stubs.services.streams, streamCalls(stubs, log.right, options, following));
  // asked before there are credentials, as clients do
  server.addService(stubs.services.features, {
    getSupportedMethods: (_: ServerUnaryCall<Empty, SupportedMethods>, answer: Unary<SupportedMethods>) => {
      answer(null, supportedMethods(stubs, options.takesBatches ?? true));
    },
  });
  server.addService(stubs.services.gossip, {
    read: (_: ServerUnaryCall<Empty, ClusterInfo>, answer: Unary<ClusterInfo>) => {
      answer(null, clusterOfOne(stubs, options.host, bound));
    },
  });
  try {
    bound = await listen(server, stubs, options);
  } catch (error) {
    server.forceShutdown();
    return E.left({ code: 'listen', message: error instanceof Error ? error.message : String(error) });
  }
  return E.right({
    port: bound,
    close: async () => {
      for (const call of following) call.emit('error', shuttingDown(stubs));
      await new Promise<void>((resolve) => {
        const late = setTimeout(() => {
          server.forceShutdown();
          resolve();
        }, FINISH_MS);
        server.tryShutdown(() => {
          clearTimeout(late);
          resolve();
        });
      });
    },
  });
};
