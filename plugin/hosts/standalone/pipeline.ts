/**
 * A pipeline's changesets, one after the other: what went out together. A change joins the open one when its Acceptance
 * starts; the delivery of a change closes it with all that joined before.
 */
import * as E from 'fp-ts/lib/Either.js';
import type { PipelineEvent } from '../../../src/events/catalog.js';
import { never, type Decider } from '../../../src/kernel/decider.js';
import { changesetIdOf } from './ids.js';

export interface PipelineCommand {
  readonly kind: 'JoinChangeset' | 'CloseChangeset';
  readonly pipelineId: string;
  readonly changeId: string;
}

export interface ChangesetsState {
  readonly closed: number;
  /** In the order in which they joined. */
  readonly open: readonly string[];
  /** Changes whose delivery has closed one. */
  readonly delivered: readonly string[];
}

const evolve = (state: ChangesetsState, event: PipelineEvent): ChangesetsState => {
  switch (event.type) {
    case 'ChangesetJoined':
      return { ...state, open: [...state.open, event.data.changeId] };
    case 'ChangesetClosed':
      return {
        closed: state.closed + 1,
        open: [],
        delivered: [...state.delivered, event.data.changeId],
      };
    default:
      return never(event);
  }
};

const joined = (changesetId: string, changeId: string): PipelineEvent => ({
  type: 'ChangesetJoined',
  data: { changesetId, changeId },
});

const decide = (
  { kind, pipelineId, changeId }: PipelineCommand,
  { closed, open, delivered }: ChangesetsState,
): E.Either<never, readonly PipelineEvent[]> => {
  const changesetId = changesetIdOf(pipelineId, closed);
  if (delivered.includes(changeId)) return E.right([]);
  if (kind === 'JoinChangeset')
    return E.right(open.includes(changeId) ? [] : [joined(changesetId, changeId)]);
  const at = open.indexOf(changeId);
  const changes = at < 0 ? [...open, changeId] : open.slice(0, at + 1);
  // Who joined later was not delivered: it moves on to the next changeset.
  const later = at < 0 ? [] : open.slice(at + 1);
  return E.right([
    { type: 'ChangesetClosed', data: { changesetId, changeId, changes } },
    ...later.map((other) => joined(changesetIdOf(pipelineId, closed + 1), other)),
  ]);
};

/** Decides for streams `pipeline-<id>`. It refuses nothing: what has happened to a change is recorded. */
export const pipelineDecider: Decider<PipelineCommand, ChangesetsState, PipelineEvent, never> = {
  initial: { closed: 0, open: [], delivered: [] },
  decide,
  evolve,
};
