/** What was last seen of each runner, and when? Kept in memory only: a probe that finds the same again is no event. */
import type { RunnerView } from '../../projections/runner-health.js';
import type { Probed } from '../domain/runner-probe.js';
import type { Finding } from '../events/runner.js';
import type { Instant } from '../kernel/time.js';

/** One look at a runner. */
export interface Seen {
  readonly at: Instant;
  readonly ok: boolean;
  /** `ready`, `unfit`, or why it could not be reached. */
  readonly code: string;
  readonly detail?: string;
  readonly latencyMs?: number;
  /** Of the machine, over the last minute. */
  readonly load?: number;
  /** How far its clock is ahead of the server's; to the second. */
  readonly skewSeconds?: number;
  readonly findings: readonly Finding[];
}

/** What is going to be done by itself: `person`: nothing, until somebody acts. */
export type Watch =
  { readonly kind: 'probe'; readonly next: Instant } | { readonly kind: 'person' } | { readonly kind: 'off' };

/** A runner as its events tell it, beside what was seen of it since the server started; null: nothing yet. */
export type RunnerStatus = RunnerView & {
  readonly evidence: Seen | null;
  readonly watch: Watch;
  /** Which rules of compatibility it breaks, and what to do, in sentences; absent: none. While it does it gets no job. */
  readonly incompatible?: string;
};

/** A runner now or in the past; of the past there is no evidence beyond what is recorded. */
export type RunnerAsOf = RunnerView & Partial<Pick<RunnerStatus, 'evidence' | 'watch' | 'incompatible'>>;

export interface Evidence {
  readonly saw: (name: string, at: Instant, probed: Probed, measured?: Measured) => void;
  readonly plan: (name: string, watch: Watch) => void;
  /** What was seen was seen at another address, or with another key. */
  readonly forget: (name: string) => void;
  /** A copy of the view, with the evidence. */
  readonly beside: (view: RunnerView) => RunnerStatus;
}

export type Measured = Pick<Seen, 'load' | 'skewSeconds'>;

/** `onChange` is told which runner it is known of. */
export const createEvidence = (onChange: (name: string) => void = () => undefined): Evidence => {
  const seen = new Map<string, Seen>();
  const plans = new Map<string, Watch>();
  return {
    saw: (name, at, { verdict, code, detail, latencyMs, findings }, measured = {}) => {
      seen.set(name, {
        ...{ at, ok: verdict === 'ready', code: code ?? verdict, findings },
        ...(detail === undefined ? {} : { detail }),
        ...(latencyMs === undefined ? {} : { latencyMs }),
        ...measured,
      });
      onChange(name);
    },
    plan: (name, watch) => void plans.set(name, watch),
    forget: (name) => {
      if (seen.delete(name)) onChange(name);
    },
    beside: (view) => ({
      ...structuredClone(view),
      evidence: seen.get(view.name) ?? null,
      watch: plans.get(view.name) ?? { kind: 'off' },
    }),
  };
};
