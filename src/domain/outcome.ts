/** The end of an attempt → the job's verdict. What ended it (`why`) decides, never the exit code alone. */
import type { Containment, EndEvidence, Outcome, Survivor } from '../events/shapes.js';

/** From the runner's result line. */
export interface AttemptEnd {
  /** Absent when nobody was there to see it. */
  readonly exitCode?: number;
  readonly why: 'exit' | 'cancel' | 'timeout' | 'silence' | 'leftover' | 'infrastructure';
  readonly signals: readonly string[];
  readonly survivors: readonly Survivor[];
  readonly containment?: Containment;
}

export type Verdict =
  | { readonly kind: 'succeeded' }
  | {
      readonly kind: 'failed';
      readonly exitCode: number;
      readonly likelySignal?: string;
      /** It ended with 0, and had told that it failed, in this word. */
      readonly reported?: string;
    }
  | { readonly kind: 'cancelled'; readonly evidence: EndEvidence }
  | { readonly kind: 'timed_out'; readonly which: 'total' | 'silence'; readonly evidence: EndEvidence }
  | { readonly kind: 'infrastructure'; readonly exitCode: number };

const SIGNALS: Readonly<Record<number, string>> = {
  1: 'HUP',
  2: 'INT',
  3: 'QUIT',
  4: 'ILL',
  6: 'ABRT',
  8: 'FPE',
  9: 'KILL',
  11: 'SEGV',
  13: 'PIPE',
  14: 'ALRM',
  15: 'TERM',
};

/** A shell reports death by signal n as 128 + n (POSIX.1-2017, XCU 2.8.2); the same code may be a plain exit. */
export const likelySignal = (exitCode: number): string | undefined =>
  exitCode > 128 ? SIGNALS[exitCode - 128] : undefined;

/** The evidence that goes into the event. */
export const evidenceOf = (end: AttemptEnd): EndEvidence => ({
  how: end.signals.length > 0 ? 'signalled' : 'already_ended',
  signals: end.signals,
  ...(end.exitCode === undefined ? {} : { exitCode: end.exitCode }),
  survivors: end.survivors,
  ...(end.containment === undefined ? {} : { containment: end.containment }),
});

/** Of an attempt that was ended on purpose, whatever it exited with. */
export const verdictOfEnding = (
  end: AttemptEnd & { readonly why: 'cancel' | 'timeout' | 'silence' },
): Verdict => {
  switch (end.why) {
    case 'cancel':
      return { kind: 'cancelled', evidence: evidenceOf(end) };
    case 'timeout':
      return { kind: 'timed_out', which: 'total', evidence: evidenceOf(end) };
    case 'silence':
      return { kind: 'timed_out', which: 'silence', evidence: evidenceOf(end) };
  }
};

export const verdictOf = (end: AttemptEnd & { readonly exitCode: number }): Verdict => {
  const { why } = end;
  switch (why) {
    case 'cancel':
    case 'timeout':
    case 'silence':
      return verdictOfEnding({ ...end, why });
    case 'infrastructure':
      return { kind: 'infrastructure', exitCode: end.exitCode };
    case 'exit':
    case 'leftover': {
      if (end.exitCode === 0) return { kind: 'succeeded' };
      const signal = likelySignal(end.exitCode);
      return {
        kind: 'failed',
        exitCode: end.exitCode,
        ...(signal === undefined ? {} : { likelySignal: signal }),
      };
    }
  }
};

/** The seven terminal events of a job, and the outcome that each stands for. */
export const OUTCOME_OF = {
  JobSucceeded: 'succeeded',
  JobFailed: 'failed',
  JobCancelled: 'cancelled',
  JobTimedOut: 'timed_out',
  JobLost: 'lost',
  JobExpired: 'expired',
  JobUndeliverable: 'undeliverable',
} as const satisfies Readonly<Record<string, Outcome>>;

export type JobEnd = keyof typeof OUTCOME_OF;

/** True for the type of an event that ends a job. */
export const isJobEnd = (type: string): type is JobEnd => Object.hasOwn(OUTCOME_OF, type);

/** Precedence of a phase's outcome over its jobs' (design: "the first present of"). */
const PRECEDENCE: readonly Outcome[] = [
  'failed',
  'timed_out',
  'lost',
  'undeliverable',
  'expired',
  'cancelled',
  'succeeded',
];

/** One outcome for the phase; `cancelled` comes first only when a cancel of the phase was asked for. */
export const phaseOutcome = (jobs: readonly Outcome[], cancelAsked: boolean): Outcome => {
  if (cancelAsked && (jobs.length === 0 || jobs.includes('cancelled'))) return 'cancelled';
  return PRECEDENCE.find((outcome) => jobs.includes(outcome)) ?? 'succeeded';
};
