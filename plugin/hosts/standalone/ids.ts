/** How the standalone host names things: every id follows from what it names, so a repeat finds it again. */
import type { Stage } from '../../../src/domain/stage-plan.js';
import type { Scope } from '../../../src/events/shapes.js';
import { deriveId } from '../../../src/kernel/ids.js';

/** Recorded as `host` of the phase runs that this host promotes. */
export const HOST = 'standalone';

/** One open change per branch of a pipeline; `generation` counts those of the branch that were merged or deleted before. */
export const changeIdOf = (scope: Scope, pipeline: string, branch: string, generation = 0): string =>
  deriveId(
    ...['change', scope.enterprise, scope.organisation, scope.project, pipeline, branch],
    ...(generation === 0 ? [] : [generation]),
  );

export const pipelineIdOf = (scope: Scope, pipeline: string): string =>
  deriveId('pipeline', scope.enterprise, scope.organisation, scope.project, pipeline);

/** The n-th changeset of this pipeline, from 0. */
export const changesetIdOf = (pipelineId: string, n: number): string => deriveId('changeset', pipelineId, n);

/** The n-th run of this stage for this change, from 0. */
export const stageRunIdOf = (changeId: string, stage: string, n: number): string =>
  deriveId('stage_run', changeId, stage, n);

/** At most one live stage run per queue: of Verify per change, of Build and Acceptance per pipeline, of the others per enterprise. */
export const queueKeyOf = (stage: Stage, changeId: string, scope: Scope, pipeline: string): string => {
  switch (stage) {
    case 'verify':
      return `verify:${changeId}`;
    case 'build':
    case 'acceptance':
      return `${stage}:${pipelineIdOf(scope, pipeline)}`;
    default:
      return `${stage}:${scope.enterprise}`;
  }
};

/** A phase within a stage run. `consumer`: change of the consumer that it belongs to; absent: the change's own. */
export interface PhaseRef {
  readonly phase: string;
  readonly consumer?: string;
}

/** One word for it, different for each phase of a stage run. */
export const keyOf = ({ phase, consumer }: PhaseRef): string =>
  consumer === undefined ? phase : `${consumer}/${phase}`;

/** The host's own key of a phase run: `RUN/PHASE`, of a consumer `RUN/CHANGE/PHASE`. */
export const hostKeyOf = (stageRunId: string, phase: PhaseRef): string => `${stageRunId}/${keyOf(phase)}`;

/** What such a key names. */
export const placeOf = (hostKey: string): PhaseRef & { readonly stageRunId: string } => {
  const [stageRunId = '', ...rest] = hostKey.split('/');
  const [last = '', consumer] = rest.toReversed();
  return { stageRunId, phase: last, ...(consumer === undefined ? {} : { consumer }) };
};

/** Id in a stream's name: what follows the category and its dash, whatever prefix stands before. */
export const idIn = (stream: string, category: string): string =>
  stream.slice(stream.indexOf(`${category}-`) + category.length + 1);
