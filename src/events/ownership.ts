/** Streams `installation`, `owner-<shard>`, `lease.<dispatcher>`, `filter_class-<hash>`: who drives, and why jobs wait. */
import * as t from 'io-ts';
import { Count, Filter, Millis, shape } from './shapes.js';

/** First event of every installation; its id names Baton's folder on each runner. */
export const InstallationCreated = t.type({ installationId: t.string }, 'InstallationCreated');
/** `epoch` grows by one with each change of owner: it is the fence that runners check. */
export const ShardTaken = t.type({ dispatcher: t.string, epoch: Count }, 'ShardTaken');
export const ShardReleased = t.type({ dispatcher: t.string, epoch: Count }, 'ShardReleased');
/** A run of the owner begins. `session` names the run, `ttlMs` says how long a claim waits for its answer. */
export const DispatcherStarted = t.type(
  { dispatcher: t.string, epoch: Count, session: t.string, host: t.string, pid: Count, ttlMs: Millis },
  'DispatcherStarted',
);
export type DispatcherStarted = t.TypeOf<typeof DispatcherStarted>;
/** Somebody asks whether the owner lives; without an answer in time, the shard is theirs. */
export const ShardClaimed = t.type({ dispatcher: t.string, session: t.string }, 'ShardClaimed');
/** The owner's answer to all claims before. */
export const ShardKept = t.type({ dispatcher: t.string, session: t.string }, 'ShardKept');
export const LeaseRenewed = t.type({ ttlMs: Millis }, 'LeaseRenewed');

/**
 * Why the jobs of one filter class wait; recorded when it changes. `blockers`: job ids or runner names. With `enterprise` it
 * speaks of the jobs of that one alone, since some runners take jobs of certain enterprises only; the stream is then named by
 * the filter and the enterprise together. With `slots` it speaks of the jobs that take so many alone, likewise.
 */
export const WaitReasonChanged = shape(
  'WaitReasonChanged',
  {
    filter: Filter,
    reason: t.keyof({
      no_runner: null,
      none_matches: null,
      all_busy: null,
      none_available: null,
      nothing_waits: null,
    }),
    detail: t.string,
    blockers: t.readonlyArray(t.string),
  },
  { enterprise: t.string, slots: Count },
);
export type WaitReasonChanged = t.TypeOf<typeof WaitReasonChanged>;

export const ownershipEvents = {
  InstallationCreated,
  ShardTaken,
  ShardReleased,
  DispatcherStarted,
  ShardClaimed,
  ShardKept,
  LeaseRenewed,
  WaitReasonChanged,
};
