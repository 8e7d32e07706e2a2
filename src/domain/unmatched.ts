/** Which jobs of a project would wait for ever, since no enrolled runner can match? */
import { phaseIn, type DispatchConfig, type PhaseConfig } from './dispatch-config.js';
import type { Filter } from '../events/shapes.js';
import { suits } from './matching.js';
import { nearestMiss, type NearestMiss, type SizedCandidate } from './nearest-miss.js';
import { phases, stagePlan, stages, type Phase, type Stage } from './stage-plan.js';

interface Place {
  /** Absent: in every stage that has the phase and does not say otherwise. */
  readonly stage?: Stage;
  readonly phase: Phase;
  /** Empty for a phase without a matrix. */
  readonly row: string;
}

export interface Unmatched extends Place {
  readonly miss: NearestMiss;
}

export interface Barred extends Place {
  /** Which rules the runners break that match, a text for each of them. */
  readonly why: readonly string[];
}

/** The base of a phase counts only where a stage runs it as it is. */
const isRunAsItIs = (config: DispatchConfig, phase: Phase): boolean =>
  stages.some(
    (stage) =>
      (stagePlan[stage].flat() as readonly string[]).includes(phase) &&
      config.stages[stage]?.[phase] === undefined,
  );

/** What holds of every row of every phase that is not skipped, in the order of phases, then of stages. */
const everyRow = <A>(
  config: DispatchConfig,
  look: (filter: Filter, slots: number) => A | undefined,
): readonly (Place & { readonly found: A })[] => {
  const rowsOf = (phase: Phase, { skipped, rows, slots = 1 }: PhaseConfig, stage?: Stage) =>
    (skipped ? [] : rows).flatMap(({ label, filter }) => {
      const found = look(filter, slots);
      return found === undefined
        ? []
        : [{ ...(stage === undefined ? {} : { stage }), phase, row: label, found }];
    });
  return [
    ...phases.flatMap((phase) => (isRunAsItIs(config, phase) ? rowsOf(phase, config.phases[phase]) : [])),
    ...stages.flatMap((stage) =>
      phases.flatMap((phase) =>
        config.stages[stage]?.[phase] === undefined
          ? []
          : rowsOf(phase, phaseIn(config, stage, phase), stage),
      ),
    ),
  ];
};

/** Nothing without candidates. */
export const unmatchedIn = (
  config: DispatchConfig,
  candidates: readonly SizedCandidate[],
): readonly Unmatched[] =>
  everyRow(config, (filter, slots) => nearestMiss(filter, candidates, slots)).map(({ found, ...place }) => ({
    ...place,
    miss: found,
  }));

/** Rows that match some runner, and only ones that get no job as long as they break a rule. */
export const barredIn = (
  config: DispatchConfig,
  candidates: readonly (SizedCandidate & { readonly incompatible?: string })[],
): readonly Barred[] =>
  everyRow(config, (filter, wanted) => {
    const suiting = candidates.filter(
      (candidate) => (candidate.slots ?? wanted) >= wanted && suits(candidate, filter),
    );
    const barred = suiting.flatMap(({ incompatible }) => incompatible ?? []);
    return suiting.length > 0 && barred.length === suiting.length ? barred : undefined;
  }).map(({ found, ...place }) => ({ ...place, why: found }));
