/**
 * What may be done with a change as it stands? One place for the decider, which refuses, and for the view, which offers.
 * After the original's rules for triggers and promotion.
 */
import { stages, type Stage } from '../../../src/domain/stage-plan.js';
import type { Outcome } from '../../../src/events/shapes.js';

export type ChangeStatus = 'open' | 'merging' | 'merged' | 'superseded' | 'delivered' | 'deleted';

/** The latest run of a stage. */
export type StageStatus = 'live' | 'passed' | 'failed' | 'cancelled';

export interface Standing {
  readonly status: ChangeStatus;
  /** A later change of the pipeline; on a delivered change: a later one that was delivered too. */
  readonly supersededBy?: string | undefined;
  readonly stage: (stage: Stage) => StageStatus | undefined;
}

export interface RuleRefusal {
  readonly code: string;
  readonly message: string;
  readonly hint: string;
}

const refusal = (code: string, message: string, hint: string): RuleRefusal => ({ code, message, hint });

const whatItIs: Readonly<Record<ChangeStatus, string>> = {
  open: 'open',
  merging: 'being merged',
  merged: 'merged',
  superseded: 'superseded by a later change',
  delivered: 'delivered',
  deleted: 'deleted',
};

const wrongStatus = ({ status }: Standing, wanted: string): RuleRefusal =>
  refusal(
    `change_${status}`,
    `A change that is ${wanted} was expected; this one is ${whatItIs[status]}.`,
    status === 'merging'
      ? 'Wait until the merge is through: baton change watch.'
      : status === 'superseded'
        ? 'Go on with the later change: it contains this one.'
        : status === 'open'
          ? 'Approve it first: baton change approve.'
          : 'Hand in a new change: baton change submit.',
  );

const stageNot = (standing: Standing, stage: Stage): RuleRefusal | undefined => {
  const status = standing.stage(stage);
  if (status === 'passed') return undefined;
  return status === 'live' || status === undefined
    ? refusal(
        'stage_not_over',
        `The stage ${stage} was expected to have passed; it has not ended yet.`,
        'Wait for it: baton change watch.',
      )
    : refusal(
        'stage_not_passed',
        `The stage ${stage} was expected to have passed; it ${status === 'failed' ? 'has failed' : 'was cancelled'}.`,
        stage === 'verify'
          ? 'Submit a better patchset, or run the stage again: baton change rerun.'
          : 'Run the stage again: baton change rerun.',
      );
};

/** Undefined: it may be approved. */
export const approveRefusal = (standing: Standing): RuleRefusal | undefined =>
  standing.status === 'open' ? stageNot(standing, 'verify') : wrongStatus(standing, 'open');

export const deliverRefusal = (standing: Standing): RuleRefusal | undefined =>
  standing.status === 'merged' ? stageNot(standing, 'acceptance') : wrongStatus(standing, 'merged');

export const deleteRefusal = (standing: Standing): RuleRefusal | undefined =>
  standing.status === 'open' ? undefined : wrongStatus(standing, 'open');

/** Stage → the status that the change must have, and the stage that must not have been reached. */
const rerunsIn: Readonly<Record<Stage, readonly [ChangeStatus, Stage?]>> = {
  verify: ['open'],
  build: ['merged', 'acceptance'],
  acceptance: ['merged'],
  union: ['delivered', 'rehearsal'],
  rehearsal: ['delivered', 'delivered'],
  delivered: ['delivered'],
};

export const rerunRefusal = (standing: Standing, stage: Stage): RuleRefusal | undefined => {
  const [status, before] = rerunsIn[stage];
  const latest = standing.stage(stage);
  if (standing.status !== status) return wrongStatus(standing, status);
  if (standing.supersededBy !== undefined)
    return refusal(
      'change_superseded',
      `The newest change of its pipeline was expected; a later one was delivered after this one.`,
      'Go on with the later change: it contains this one.',
    );
  if (latest === undefined)
    return refusal(
      'stage_not_reached',
      `The stage ${stage} was expected to have run; this change has not reached it.`,
      'See what can be done next: baton change show.',
    );
  if (latest === 'live')
    return refusal(
      'stage_running',
      `The stage ${stage} was expected to have ended; it still waits or runs.`,
      'Wait for it, or cancel it: baton change cancel.',
    );
  if (before !== undefined && standing.stage(before) !== undefined)
    return refusal(
      'stage_passed_by',
      `The latest stage was expected; ${stage} has passed and ${before} has followed.`,
      `Run ${before} again.`,
    );
  return undefined;
};

/** A job that is to be tried again, beside its change. */
export interface RetryAsked {
  readonly changeId: string;
  readonly stage: Stage;
  readonly phase: string;
  /** Its phase counts in the latest run of the stage as it ended with this job. */
  readonly isLatest: boolean;
  /** The other jobs of its phase, and how they ended. */
  readonly others: readonly { readonly label: string; readonly outcome: Outcome }[];
}

/** Undefined: this one job may be tried again, and what comes after its phase then runs. */
export const retryRefusal = (
  standing: Standing,
  { changeId, stage, phase, isLatest, others }: RetryAsked,
): RuleRefusal | undefined => {
  const id = changeId.slice(0, 8);
  if (standing.stage(stage) === 'live')
    return refusal(
      'stage_running',
      `The stage ${stage} was expected to have ended; something of it still waits or runs.`,
      `Wait for its end, then retry: baton change watch ${id}.`,
    );
  const refused = rerunRefusal(standing, stage);
  if (refused) return refused;
  if (!isLatest)
    return refusal(
      'job_outdated',
      `A job of the latest run of ${stage} was expected; the phase ${phase} has run again since.`,
      `See its jobs: baton change show ${id}.`,
    );
  const unwell = others.filter(({ outcome }) => outcome !== 'succeeded');
  return unwell.length === 0
    ? undefined
    : refusal(
        'other_jobs_unwell',
        `All other jobs of the phase ${phase} were expected to have succeeded; ${unwell.map(({ label, outcome }) => `${label}: ${outcome.replace('_', ' ')}`).join(', ')}.`,
        `Run the whole phase again: baton change rerun ${id} --stage ${stage} --phase ${phase}.`,
      );
};

/** The stage that waits or runs, if one does; there is at most one. */
export const liveStage = (standing: Standing): Stage | undefined =>
  stages.find((stage) => standing.stage(stage) === 'live');

export const cancelRefusal = (standing: Standing): RuleRefusal | undefined =>
  liveStage(standing) === undefined
    ? refusal(
        'nothing_to_cancel',
        'A stage that waits or runs was expected; all of them have ended.',
        standing.status === 'merging'
          ? 'A merge that has begun cannot be called back; cancel Build when it waits.'
          : 'See what can be done next: baton change show.',
      )
    : undefined;

/** Everything that may be done now: `approve`, `deliver`, `delete`, `cancel` and `rerun-<stage>`. */
export const allowedActions = (standing: Standing): readonly string[] => [
  ...(approveRefusal(standing) ? [] : ['approve']),
  ...(deliverRefusal(standing) ? [] : ['deliver']),
  ...stages.flatMap((stage) => (rerunRefusal(standing, stage) ? [] : [`rerun-${stage}`])),
  ...(cancelRefusal(standing) ? [] : ['cancel']),
  ...(deleteRefusal(standing) ? [] : ['delete']),
];
