/** What a pipeline engine that speaks HTTP says and asks, and what it is told. The same commands as a plugin's, see docs/write-a-host.md. */
import type { TaskEither } from 'fp-ts/lib/TaskEither.js';
import type { JobView } from '../../projections/jobs.js';
import type { GrantScope } from '../domain/grants.js';
import type { PromotionTold } from '../domain/promotion-form.js';
import type { Outcome, Scope } from '../events/shapes.js';
import type { Position } from '../kernel/recorded.js';
import type { Caller, CommandContext, Done, Sees } from './calls.js';
import type { AppError } from './errors.js';

export interface PhaseAsked {
  readonly host: string;
  readonly hostKey: string;
  /** Absent: the last one. */
  readonly attempt?: number;
}

/** A job of a phase run. `status` is a live state, or one of the seven outcomes; the rest is of its last attempt. */
export interface PhaseJob {
  readonly id: string;
  readonly label: string;
  readonly status: JobView['status'];
  readonly attempt?: number;
  readonly runner?: string;
  readonly exitCode?: number;
  /** One sentence that says how it ended. */
  readonly cause?: string;
  readonly output?: 'split';
}

/** A phase run as it is now. */
export interface PhaseState extends Scope {
  readonly host: string;
  readonly hostKey: string;
  readonly attempt: number;
  /** The highest attempt of this key that there is. */
  readonly lastAttempt: number;
  readonly phaseRunId: string;
  /** Absent: the host promoted it; else the job that people try again. */
  readonly retryOf?: string;
  readonly pipeline: string;
  readonly stage: string;
  readonly phase: string;
  readonly changeId?: string;
  readonly status: 'queued' | 'running' | Outcome;
  readonly cancelRequested?: true;
  /** Of the job that decided, once it has ended. */
  readonly cause?: string;
  readonly exitCode?: number;
  readonly jobs: readonly PhaseJob[];
  /** Revision of the phase run's own stream. */
  readonly revision: number;
  /** Names this state: another state has another one. */
  readonly known: string;
}

export interface PhaseWait {
  readonly caller: Caller;
  /** Held until the state is another one than this; absent: not held. */
  readonly known?: string;
  readonly waitMs: number;
  /** Aborts when nobody waits for the answer any more. */
  readonly signal: AbortSignal;
  readonly sees?: Sees;
}

export type HostAnswer =
  | {
      readonly status: 'accepted' | 'duplicate';
      readonly phaseRunId?: string;
      readonly position?: Position;
    }
  | {
      readonly status: 'noop';
      readonly why: 'already_finished';
      readonly phaseRunId: string;
    }
  /** No phase run of the change lives. */
  | { readonly status: 'noop'; readonly why: 'nothing_lives' };

type Told<A> = (context: CommandContext, told: A) => TaskEither<AppError, Done<HostAnswer>>;

export interface HostUseCases {
  readonly promotePhase: Told<{ readonly host: string; readonly promotion: PromotionTold }>;
  /** `attempt` absent: the first, as a plugin's command has it. Before the promotion it is remembered. */
  readonly cancelPhase: Told<PhaseAsked>;
  /** Cancels what lives of the change in this moment. */
  readonly supersedeHostChange: Told<{
    readonly host: string;
    readonly changeId: string;
    readonly by: string;
  }>;
  readonly followPhase: (asked: PhaseAsked, how: PhaseWait) => TaskEither<AppError, PhaseState>;
  /** In whose scope it is; what is not seen is refused as what is not there. */
  readonly placeOfPhase: (asked: PhaseAsked, sees: Sees) => TaskEither<AppError, Scope>;
  /** The narrowest scope that holds all phase runs of the change that live; undefined when none does. */
  readonly placeOfHostChange: (
    host: string,
    changeId: string,
  ) => TaskEither<AppError, GrantScope | undefined>;
}
