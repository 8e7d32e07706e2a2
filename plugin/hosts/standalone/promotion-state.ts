/** What the process remembers of changes behind Verify: merges that are intended, and each pipeline's line of merged changes. */
import type { BatonEvent } from '../../../src/events/catalog.js';
import type { Source } from '../../../src/events/shapes.js';
import type { Recorded } from '../../../src/kernel/recorded.js';
import { idIn, pipelineIdOf } from './ids.js';

/** A merged change in the line of its pipeline. */
interface InLine {
  readonly changeId: string;
  /** Its Acceptance has started: the event that told so. */
  acceptedBy: string | undefined;
  joined: boolean;
  deliveredBy: string | undefined;
}

export interface PromotionState {
  /** By change: where its merge goes, until it has landed or was refused. */
  readonly merges: Map<string, { readonly source: Source; readonly eventId: string }>;
  readonly pipelineOf: Map<string, string>;
  /** By pipeline, in the order of the merges; the last that was delivered, and what came after it. */
  readonly lines: Map<string, InLine[]>;
  /** By change: its delivery is to close the changeset of its pipeline. */
  readonly closings: Map<string, { readonly pipelineId: string; readonly eventId: string }>;
}

/** Nothing has been merged yet. */
export const noPromotions = (): PromotionState => ({
  merges: new Map(),
  pipelineOf: new Map(),
  lines: new Map(),
  closings: new Map(),
});

const lineOf = (state: PromotionState, changeId: string): InLine[] =>
  state.lines.get(state.pipelineOf.get(changeId) ?? '') ?? [];

const inLine = (state: PromotionState, changeId: string): InLine | undefined =>
  lineOf(state, changeId).find((other) => other.changeId === changeId);

const leaveLine = (state: PromotionState, changeId: string): void => {
  const pipelineId = state.pipelineOf.get(changeId);
  if (pipelineId === undefined) return;
  state.lines.set(
    pipelineId,
    lineOf(state, changeId).filter((other) => other.changeId !== changeId),
  );
  state.pipelineOf.delete(changeId);
};

/** Folds one event in place. */
export const evolvePromotion = (state: PromotionState, { event, stream, id }: Recorded<BatonEvent>): void => {
  switch (event.type) {
    case 'ChangeOpened': {
      const { scope, pipeline } = event.data;
      state.pipelineOf.set(idIn(stream, 'change'), pipelineIdOf(scope, pipeline));
      break;
    }
    case 'MergeIntended':
      state.merges.set(idIn(stream, 'change'), { source: event.data.source, eventId: id });
      break;
    case 'MergeRefused':
      state.merges.delete(idIn(stream, 'change'));
      break;
    case 'ChangeMerged': {
      const changeId = idIn(stream, 'change');
      state.merges.delete(changeId);
      const pipelineId = state.pipelineOf.get(changeId);
      const last: InLine = { changeId, acceptedBy: undefined, joined: false, deliveredBy: undefined };
      if (pipelineId !== undefined) state.lines.set(pipelineId, [...lineOf(state, changeId), last]);
      break;
    }
    case 'StageRunStarted': {
      const place = event.data.stage === 'acceptance' ? inLine(state, event.data.changeId) : undefined;
      if (place) place.acceptedBy ??= id;
      break;
    }
    case 'ChangesetJoined': {
      const place = inLine(state, event.data.changeId);
      if (place) place.joined = true;
      break;
    }
    case 'ChangeDelivered': {
      const changeId = idIn(stream, 'change');
      const place = inLine(state, changeId);
      if (place) place.deliveredBy = id;
      const pipelineId = state.pipelineOf.get(changeId);
      if (pipelineId !== undefined) state.closings.set(changeId, { pipelineId, eventId: id });
      break;
    }
    case 'ChangesetClosed':
      state.closings.delete(event.data.changeId);
      break;
    case 'ChangeSuperseded':
    case 'ChangeDeleted':
      leaveLine(state, idIn(stream, 'change'));
      break;
    default:
      break;
  }
};

/** In the line of one pipeline: who is to join the changeset, and who is superseded by whom because of which event. */
export const owedInLine = (line: readonly InLine[]) => {
  const joins = line.flatMap(({ changeId, acceptedBy, joined }) =>
    acceptedBy === undefined || joined ? [] : [{ changeId, eventId: acceptedBy }],
  );
  const newest = line.findLast(({ acceptedBy }) => acceptedBy !== undefined);
  const delivered = line.findLast(({ deliveredBy }) => deliveredBy !== undefined);
  const superseded = line.flatMap((place, at) => {
    const by = place.deliveredBy === undefined ? newest : delivered;
    const eventId = place.deliveredBy === undefined ? newest?.acceptedBy : delivered?.deliveredBy;
    return by === undefined || eventId === undefined || line.indexOf(by) <= at
      ? []
      : [{ changeId: place.changeId, by: by.changeId, delivered: place.deliveredBy !== undefined, eventId }];
  });
  return { joins, superseded };
};
