/** A change as people see it: its stages, their phases, and what may be done next. */
import type { Instant } from '../kernel/time.js';

/** A phase of a stage run, or of a consumer in it. */
export interface PhaseView {
  readonly phase: string;
  /** `not_run`: the stage ended before its turn came. */
  readonly status:
    | 'skipped'
    | 'waiting'
    | 'running'
    | 'not_run'
    | 'succeeded'
    | 'failed'
    | 'cancelled'
    | 'timed_out'
    | 'lost'
    | 'expired'
    | 'undeliverable';
  readonly phaseRunId?: string;
  /** Taken over from an earlier run of the stage. */
  readonly kept?: true;
  readonly jobs: readonly string[];
}

/** A pipeline by the names that lead to it. */
export interface PipelineName {
  readonly organisation: string;
  readonly project: string;
  readonly pipeline: string;
}

/** What takes part in a Union beside the change itself: the latest delivered change of a pipeline that depends on its. */
export interface ConsumerView extends PipelineName {
  readonly changeId: string;
  readonly sha: string;
  /** `not_run`: the stage ended before its turn came, or before it was through. */
  readonly status: 'waiting' | 'running' | 'passed' | 'failed' | 'not_run';
  readonly phases: readonly PhaseView[];
}

/** Pipelines that took part in a Union that has not passed. */
export interface BlockedView {
  readonly since: Instant;
  /** `passed`: in a later Union. The set is there until all have. */
  readonly pipelines: readonly (PipelineName & { readonly passed: boolean })[];
}

/** Would it be wise to let the change go on? It is told, and never enforced. */
export interface PromotionView {
  readonly status: 'proceed' | 'caution' | 'disabled';
  /** Absent when it may proceed, and of a change that was deleted. */
  readonly reason?: 'pipeline_union_failure' | 'change_delivered' | 'change_superseded';
  /** The pipeline of the change is one of these. Absent of a change that another has taken the place of. */
  readonly blocked?: BlockedView;
}

/** By whom and when; `reason` when one was given. */
export interface Deed {
  readonly by: string;
  readonly at: Instant;
  readonly reason?: string;
}

export interface ChangeView {
  readonly id: string;
  readonly title: string;
  readonly branch: string;
  readonly pipeline: string;
  readonly enterprise: string;
  readonly organisation: string;
  readonly project: string;
  readonly patchset: number;
  readonly sha: string;
  readonly status: 'open' | 'merging' | 'merged' | 'superseded' | 'delivered' | 'deleted';
  /** It will go on without anybody's doing: a stage waits or runs, a merge is on its way. */
  readonly moving: boolean;
  /** What may be done now: `approve`, `deliver`, `rerun-<stage>`, `cancel`, `delete`. */
  readonly actions: readonly string[];
  readonly approved?: Deed;
  readonly delivered?: Deed;
  readonly deleted?: Deed;
  /** The merge that is to land, or has: what stages after Verify run. */
  readonly merge?: { readonly sha: string; readonly targetSha: string; readonly branchDeleted?: boolean };
  /** Why the last approval did not lead to a merge. */
  readonly mergeRefused?: { readonly why: string; readonly detail: string; readonly at: Instant };
  /** The later change that took its place. */
  readonly supersededBy?: string;
  readonly promotion: PromotionView;
  readonly stages: readonly {
    readonly stageRunId: string;
    readonly stage: string;
    readonly patchset: number;
    readonly status: 'queued' | 'running' | 'passed' | 'failed' | 'cancelled';
    /** While it is `running`: no runner has any of its jobs, and some wait for one. */
    readonly waiting?: true;
    readonly cancelRequested?: Deed & { readonly why: string };
    readonly phases: readonly PhaseView[];
    /** Of a Union that has started, if there are any. */
    readonly consumers?: readonly ConsumerView[];
  }[];
  /** Of the change's own stream, for `If-Match`. */
  readonly revision: number;
}
