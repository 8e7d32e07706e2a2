/**
 * Where do the messages and service definitions of the protocol come from? From the files that ship inside the official
 * client. They are CommonJS, heavy, and write one global name space, so they are loaded only when a node is started.
 */
import { createRequire } from 'node:module';
import type * as Grpc from '@grpc/grpc-js';
import type * as CodePb from '@eventstore/db-client/generated/code_pb.js';
import type * as GossipGrpc from '@eventstore/db-client/generated/gossip_grpc_pb.js';
import type * as GossipPb from '@eventstore/db-client/generated/gossip_pb.js';
import type * as FeaturesGrpc from '@eventstore/db-client/generated/serverfeatures_grpc_pb.js';
import type * as FeaturesPb from '@eventstore/db-client/generated/serverfeatures_pb.js';
import type * as SharedPb from '@eventstore/db-client/generated/shared_pb.js';
import type * as StatusPb from '@eventstore/db-client/generated/status_pb.js';
import type * as StreamsGrpc from '@eventstore/db-client/generated/streams_grpc_pb.js';
import type * as StreamsPb from '@eventstore/db-client/generated/streams_pb.js';
import type * as AnyPb from 'google-protobuf/google/protobuf/any_pb.js';
import type * as EmptyPb from 'google-protobuf/google/protobuf/empty_pb.js';

export interface Stubs {
  readonly grpc: typeof Grpc;
  readonly streams: typeof StreamsPb;
  readonly shared: typeof SharedPb;
  readonly status: typeof StatusPb;
  readonly code: typeof CodePb;
  readonly features: typeof FeaturesPb;
  readonly gossip: typeof GossipPb;
  readonly any: typeof AnyPb;
  readonly empty: typeof EmptyPb;
  readonly services: {
    readonly streams: typeof StreamsGrpc.StreamsService;
    readonly features: typeof FeaturesGrpc.ServerFeaturesService;
    readonly gossip: typeof GossipGrpc.GossipService;
  };
}

const GENERATED = '@eventstore/db-client/generated';

/** Loads them; every later call answers from Node's own cache. */
export const loadStubs = (): Stubs => {
  const load = createRequire(import.meta.url);
  const generated = (name: string): unknown => load(`${GENERATED}/${name}.js`);
  return {
    grpc: load('@grpc/grpc-js') as typeof Grpc,
    streams: generated('streams_pb') as typeof StreamsPb,
    shared: generated('shared_pb') as typeof SharedPb,
    status: generated('status_pb') as typeof StatusPb,
    code: generated('code_pb') as typeof CodePb,
    features: generated('serverfeatures_pb') as typeof FeaturesPb,
    gossip: generated('gossip_pb') as typeof GossipPb,
    any: load('google-protobuf/google/protobuf/any_pb.js') as typeof AnyPb,
    empty: load('google-protobuf/google/protobuf/empty_pb.js') as typeof EmptyPb,
    services: {
      streams: (generated('streams_grpc_pb') as typeof StreamsGrpc).StreamsService,
      features: (generated('serverfeatures_grpc_pb') as typeof FeaturesGrpc).ServerFeaturesService,
      gossip: (generated('gossip_grpc_pb') as typeof GossipGrpc).GossipService,
    },
  };
};
