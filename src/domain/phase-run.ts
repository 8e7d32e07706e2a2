/**
 * A promotion: taken once, its one end. A cancel that comes first wins.
 *
 *   none ─Promote→ promoted ─Finish→ finished
 *    └─Cancel→ cancelled_first ─Promote→ finished (cancelled, nothing started)
 */
import * as E from 'fp-ts/lib/Either.js';
import type { PhaseRunEvent } from '../events/catalog.js';
import type { PhasePromoted, ReportKind } from '../events/phase-run.js';
import type { Outcome } from '../events/shapes.js';
import { never, type Decider } from '../kernel/decider.js';
import { deriveId } from '../kernel/ids.js';
import { phaseOutcome } from './outcome.js';

/** The id of a phase run follows from the host's own key, so that the same promotion is taken once. */
export const phaseRunIdOf = (host: string, hostKey: string, attempt: number): string =>
  deriveId('phase_run', host, hostKey, attempt);

/** The id of its job for a row, from 0. Same phase run and row, same job: a repeat is harmless. */
export const jobIdOf = (phaseRunId: string, row: number): string => deriveId('job', phaseRunId, row);

export type PhaseRunCommand =
  | { readonly kind: 'PromotePhase'; readonly data: PhasePromoted }
  | {
      readonly kind: 'CancelPhase';
      readonly host: string;
      readonly hostKey: string;
      readonly attempt?: number;
    }
  | {
      readonly kind: 'FinishPhase';
      readonly jobs: readonly { readonly jobId: string; readonly label: string; readonly outcome: Outcome }[];
    }
  /** The host has closed the phase run: it refused this report. */
  | { readonly kind: 'RefuseReport'; readonly seq: number; readonly report: ReportKind };

export type PhaseRunRefusal =
  | { readonly code: 'phase_exists' }
  | { readonly code: 'phase_unknown' }
  | { readonly code: 'phase_already_finished'; readonly outcome: Outcome };

export type PhaseRunState =
  | { readonly status: 'none' | 'cancelled_first' }
  | { readonly status: 'promoted'; readonly cancelRequested: boolean }
  | { readonly status: 'finished'; readonly outcome: Outcome };

const evolve = (state: PhaseRunState, event: PhaseRunEvent): PhaseRunState => {
  switch (event.type) {
    case 'PhasePromoted':
      return { status: 'promoted', cancelRequested: state.status === 'cancelled_first' };
    case 'PhaseCancelRequested':
      return state.status === 'promoted'
        ? { status: 'promoted', cancelRequested: true }
        : state.status === 'none'
          ? { status: 'cancelled_first' }
          : state;
    case 'PhaseFinished':
      return { status: 'finished', outcome: event.data.outcome };
    case 'PhaseReportRefused':
      return state;
    default:
      return never(event);
  }
};

const decide = (
  command: PhaseRunCommand,
  state: PhaseRunState,
): E.Either<PhaseRunRefusal, readonly PhaseRunEvent[]> => {
  switch (command.kind) {
    case 'PromotePhase': {
      const promoted: PhaseRunEvent = { type: 'PhasePromoted', data: command.data };
      if (state.status === 'none') return E.right([promoted]);
      if (state.status === 'cancelled_first')
        return E.right([promoted, { type: 'PhaseFinished', data: { outcome: 'cancelled', jobs: [] } }]);
      return E.left({ code: 'phase_exists' });
    }
    case 'CancelPhase':
      if (state.status === 'finished')
        return E.left({ code: 'phase_already_finished', outcome: state.outcome });
      if (state.status === 'cancelled_first' || (state.status === 'promoted' && state.cancelRequested))
        return E.right([]);
      return E.right([
        {
          type: 'PhaseCancelRequested',
          data: {
            host: command.host,
            hostKey: command.hostKey,
            ...(command.attempt === undefined ? {} : { attempt: command.attempt }),
          },
        },
      ]);
    case 'RefuseReport':
      return state.status === 'promoted' || state.status === 'finished'
        ? E.right([{ type: 'PhaseReportRefused', data: { seq: command.seq, report: command.report } }])
        : E.left({ code: 'phase_unknown' });
    case 'FinishPhase': {
      if (state.status === 'finished')
        return E.left({ code: 'phase_already_finished', outcome: state.outcome });
      if (state.status !== 'promoted') return E.left({ code: 'phase_unknown' });
      const outcome = phaseOutcome(
        command.jobs.map((j) => j.outcome),
        state.cancelRequested,
      );
      return E.right([{ type: 'PhaseFinished', data: { outcome, jobs: command.jobs } }]);
    }
  }
};

export const phaseRun: Decider<PhaseRunCommand, PhaseRunState, PhaseRunEvent, PhaseRunRefusal> = {
  initial: { status: 'none' },
  decide,
  evolve,
};
