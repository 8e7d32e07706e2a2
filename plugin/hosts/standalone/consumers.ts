/** Who takes part in the Union of a change? Pipelines whose latest delivered change depends on its pipeline; direct ones only. */
import type { Consumer } from '../../../src/events/change.js';
import type { Dependency } from '../../../src/events/promotion.js';
import type { Scope } from '../../../src/events/shapes.js';
import { pipelineIdOf } from './ids.js';

/** What takes part in other Unions once it is delivered. */
export interface Delivered extends Consumer {
  readonly dependencies: readonly Dependency[];
}

interface Place {
  readonly scope: Scope;
  readonly pipeline: string;
}

/** A dependency without a pipeline is meant in the original as its `master`. Where branches are called otherwise, the same name as one's own is meant. */
const ORIGINALS_PIPELINE = 'master';

const dependsOn = ({ scope, pipeline, dependencies }: Delivered, on: Place): boolean =>
  scope.enterprise === on.scope.enterprise &&
  pipelineIdOf(scope, pipeline) !== pipelineIdOf(on.scope, on.pipeline) &&
  dependencies.some(
    (named) =>
      named.project === on.scope.project &&
      (named.organisation ?? scope.organisation) === on.scope.organisation &&
      (named.pipeline === undefined
        ? [ORIGINALS_PIPELINE, pipeline].includes(on.pipeline)
        : named.pipeline === on.pipeline),
  );

/** `delivered`: the latest delivered change of each pipeline. A pipeline is no consumer of itself. */
export const consumersOf = (delivered: Iterable<Delivered>, on: Place): readonly Consumer[] =>
  [...delivered].filter((one) => dependsOn(one, on)).map(({ dependencies: _, ...consumer }) => consumer);
