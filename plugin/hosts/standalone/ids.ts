/** How the standalone host names things: every id follows from what it names, so a repeat finds it again. */
import type { Scope } from '../../../src/events/shapes.js';
import { deriveId } from '../../../src/kernel/ids.js';

/** Recorded as `host` of the phase runs that this host promotes. */
export const HOST = 'standalone';

/** One open change per branch of a pipeline. */
export const changeIdOf = (scope: Scope, pipeline: string, branch: string): string =>
  deriveId('change', scope.enterprise, scope.organisation, scope.project, pipeline, branch);

/** The n-th run of this stage for this change, from 0. */
export const stageRunIdOf = (changeId: string, stage: string, n: number): string =>
  deriveId('stage_run', changeId, stage, n);

/** At most one live stage run per queue; Verify has one queue per change. */
export const verifyQueue = (changeId: string): string => `verify:${changeId}`;

/** The host's own key of a phase run. */
export const hostKeyOf = (stageRunId: string, phase: string): string => `${stageRunId}/${phase}`;

/** Id in a stream's name: what follows the category and its dash, whatever prefix stands before. */
export const idIn = (stream: string, category: string): string =>
  stream.slice(stream.indexOf(`${category}-`) + category.length + 1);
