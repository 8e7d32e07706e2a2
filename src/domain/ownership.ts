/** Which dispatcher drives the runners? One; another takes its place when it has let go, or leaves a claim unanswered. */
import * as E from 'fp-ts/lib/Either.js';
import type { OwnershipEvent } from '../events/catalog.js';
import type { DispatcherStarted } from '../events/ownership.js';
import type { Decider } from '../kernel/decider.js';

/** One run of a dispatcher's process. `dispatcher` outlives it, `session` does not. */
export type Contender = Omit<DispatcherStarted, 'epoch'>;

export type OwnershipCommand =
  /** Refused while another dispatcher owns. */
  | { readonly kind: 'StartDispatcher'; readonly by: Contender }
  /** Asks the owner whether it lives. */
  | { readonly kind: 'ClaimShard'; readonly by: Contender }
  /** Refused when the claim was answered; `force`: without one, too. */
  | { readonly kind: 'TakeShard'; readonly by: Contender; readonly force?: boolean }
  /** The owner's answer to claims; nothing to write when there are none. */
  | { readonly kind: 'KeepShard'; readonly session: string }
  | { readonly kind: 'ReleaseShard'; readonly session: string };

export interface Ownership {
  readonly epoch: number;
  /** Who owned last; absent before the first. */
  readonly dispatcher?: string;
  /** Its last run; absent: it was one that answers no claims, which only the embedded store has. */
  readonly run?: DispatcherStarted;
  readonly released: boolean;
  /** Sessions that asked, and were not answered. */
  readonly claims: readonly string[];
}

/** `owner`: the run that owns; `claims`: the sessions that it has not answered. */
export interface NotOwner {
  readonly code: 'owned_by_another';
  readonly owner: DispatcherStarted | undefined;
  readonly claims: readonly string[];
}

/** The fence grows only where another dispatcher comes: what an earlier run of the same has assigned stays good. */
const takenBy = (by: Contender, { dispatcher, epoch }: Ownership): readonly OwnershipEvent[] =>
  dispatcher === by.dispatcher
    ? [{ type: 'DispatcherStarted', data: { ...by, epoch } }]
    : [
        { type: 'ShardTaken', data: { dispatcher: by.dispatcher, epoch: epoch + 1 } },
        { type: 'DispatcherStarted', data: { ...by, epoch: epoch + 1 } },
      ];

const decide = (
  command: OwnershipCommand,
  state: Ownership,
): E.Either<NotOwner, readonly OwnershipEvent[]> => {
  const { epoch, dispatcher, run, claims } = state;
  const refused = E.left<NotOwner>({ code: 'owned_by_another', owner: run, claims });
  const isOwner = (session: string): boolean => !state.released && run?.session === session;
  switch (command.kind) {
    case 'StartDispatcher': {
      const isFree = run === undefined || state.released || dispatcher === command.by.dispatcher;
      return isFree ? E.right(takenBy(command.by, state)) : refused;
    }
    case 'ClaimShard': {
      const { dispatcher: by, session } = command.by;
      return E.right(
        claims.includes(session) ? [] : [{ type: 'ShardClaimed', data: { dispatcher: by, session } }],
      );
    }
    case 'TakeShard': {
      const isFree = command.force === true || claims.includes(command.by.session);
      return isFree ? E.right(takenBy(command.by, state)) : refused;
    }
    case 'KeepShard':
      if (!isOwner(command.session)) return refused;
      return E.right(
        claims.length === 0 || dispatcher === undefined
          ? []
          : [{ type: 'ShardKept', data: { dispatcher, session: command.session } }],
      );
    case 'ReleaseShard':
      return E.right(
        isOwner(command.session) && dispatcher !== undefined
          ? [{ type: 'ShardReleased', data: { dispatcher, epoch } }]
          : [],
      );
  }
};

const evolve = (state: Ownership, event: OwnershipEvent): Ownership => {
  switch (event.type) {
    case 'ShardTaken': {
      const { dispatcher, epoch } = event.data;
      return { epoch, dispatcher, released: false, claims: [] };
    }
    case 'DispatcherStarted':
      return { ...state, run: event.data, released: false, claims: [] };
    case 'ShardClaimed':
      return { ...state, claims: [...state.claims, event.data.session] };
    case 'ShardKept':
      return { ...state, claims: [] };
    case 'ShardReleased':
      return { ...state, released: true };
    case 'InstallationCreated':
    case 'LeaseRenewed':
    case 'WaitReasonChanged':
      return state;
  }
};

export const ownership: Decider<OwnershipCommand, Ownership, OwnershipEvent, NotOwner> = {
  initial: { epoch: 0, released: false, claims: [] },
  decide,
  evolve,
};
