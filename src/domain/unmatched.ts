/** Which jobs of a project would wait for ever, since no enrolled runner can match? */
import { phaseIn, type DispatchConfig, type PhaseConfig } from './dispatch-config.js';
import type { Candidate } from './matching.js';
import { nearestMiss, type NearestMiss } from './nearest-miss.js';
import { phases, stagePlan, stages, type Phase, type Stage } from './stage-plan.js';

export interface Unmatched {
  /** Absent: in every stage that has the phase and does not say otherwise. */
  readonly stage?: Stage;
  readonly phase: Phase;
  /** Empty for a phase without a matrix. */
  readonly row: string;
  readonly miss: NearestMiss;
}

/** The base of a phase counts only where a stage runs it as it is. */
const isRunAsItIs = (config: DispatchConfig, phase: Phase): boolean =>
  stages.some(
    (stage) =>
      (stagePlan[stage].flat() as readonly string[]).includes(phase) &&
      config.stages[stage]?.[phase] === undefined,
  );

/** Every row of every phase that is not skipped, in the order of phases, then of stages. Nothing without candidates. */
export const unmatchedIn = (
  config: DispatchConfig,
  candidates: readonly Candidate[],
): readonly Unmatched[] => {
  const rowsOf = (phase: Phase, { skipped, rows }: PhaseConfig, stage?: Stage): readonly Unmatched[] =>
    (skipped ? [] : rows).flatMap(({ label, filter }) => {
      const miss = nearestMiss(filter, candidates);
      return miss === undefined
        ? []
        : [{ ...(stage === undefined ? {} : { stage }), phase, row: label, miss }];
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
