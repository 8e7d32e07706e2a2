/** In which words does a job's end reach people? One sentence per outcome, saying only what the event proves. */
import { isJobEnd as endsJob, OUTCOME_OF, type JobEnd } from '../src/domain/outcome.js';
import type { JobEvent } from '../src/events/catalog.js';
import type { JobReportRefused } from '../src/events/job.js';
import type { EndEvidence, Outcome } from '../src/events/shapes.js';

/** The events that end a job; each job has exactly one. */
export type JobEndEvent = Extract<JobEvent, { type: JobEnd }>;

/** True for the seven events that end a job. */
export const isJobEnd = (event: { readonly type: string }): event is JobEndEvent => endsJob(event.type);

/** The outcome that an ending event stands for. */
export const outcomeOf = (event: JobEndEvent): Outcome => OUTCOME_OF[event.type];

/** The attempt that the end belongs to; undefined when nothing had been assigned. */
export const attemptOf = (event: JobEndEvent): number | undefined =>
  'attempt' in event.data ? event.data.attempt : undefined;

/** What was done to end it; undefined where it ended by itself, or nothing is known. */
export const evidenceOf = (event: JobEndEvent): EndEvidence | undefined =>
  event.type === 'JobCancelled' || event.type === 'JobTimedOut' ? event.data.evidence : undefined;

/** Exit code, where the end has one that was seen. */
export const exitCodeOf = (event: JobEndEvent): number | undefined => {
  if (event.type === 'JobSucceeded') return 0;
  return event.type === 'JobFailed' ? event.data.exitCode : evidenceOf(event)?.exitCode;
};

/** `process ended by TERM`, `2 processes survived …`: what was done to end it and what came of it. */
export const evidenceText = (evidence: EndEvidence): string => {
  const survivors = evidence.survivors ?? [];
  if (survivors.length > 0) {
    const pids = survivors.map(({ pid }) => pid).join(', ');
    return `incomplete, ${survivors.length === 1 ? '1 process' : `${survivors.length} processes`} survived (pid ${pids})`;
  }
  switch (evidence.how) {
    case 'never_started':
      return evidence.detail ?? 'nothing had started';
    case 'revoked':
      return 'kept from starting';
    case 'already_ended':
      return evidence.exitCode === undefined
        ? 'process had already ended'
        : `process had already ended with exit code ${evidence.exitCode}`;
    case 'signalled': {
      const signals = evidence.signals ?? [];
      const last = signals.at(-1);
      if (last === undefined) return 'process ended after being signalled';
      const before = signals.slice(0, -1);
      return `process ended by ${last}${before.length > 0 ? ` after ${before.join(', ')}` : ''}`;
    }
  }
};

const limitText = { total: 'its time limit was reached', silence: 'it printed nothing for too long' };

/** One sentence that says how a job ended. `cancelledBy`: who asked for the cancel, when that is known. */
export const summaryOf = (event: JobEndEvent, cancelledBy?: string): string => {
  switch (event.type) {
    case 'JobSucceeded':
      return `succeeded with exit code 0${event.data.unreported === true ? ', without a final report' : ''}`;
    case 'JobFailed': {
      const { exitCode, likelySignal, reported } = event.data;
      if (reported !== undefined)
        return `failed: it reported that (${reported}), and ended with exit code ${exitCode}`;
      const guess = likelySignal === undefined ? '' : `, probably ended by ${likelySignal}`;
      return `failed with exit code ${exitCode}${guess}`;
    }
    case 'JobCancelled':
      return `cancelled${cancelledBy === undefined ? '' : ` by ${cancelledBy}`}: ${evidenceText(event.data.evidence)}`;
    case 'JobTimedOut': {
      const { which, evidence } = event.data;
      return `timed out: ${limitText[which]}${evidence === undefined ? '' : `, ${evidenceText(evidence)}`}`;
    }
    case 'JobLost':
      return `lost: ${event.data.detail}`;
    case 'JobExpired':
      return `expired: ${event.data.detail}`;
    case 'JobUndeliverable':
      return `undeliverable: ${event.data.detail}`;
  }
};

const toldOf = ({ report, outcome, exitCode }: JobReportRefused): string => {
  if (report === 'job') return 'told by the job itself';
  if (report !== 'finished') return report;
  const code = exitCode === undefined ? [] : [`exit code ${exitCode}`];
  const isSaid = outcome === undefined || outcome === 'succeeded' || outcome === 'failed';
  return (
    [...(isSaid ? [] : [outcome.replace('_', ' ')]), ...code].join(', ') || 'the runner could not run it'
  );
};

const LATE: Readonly<Record<string, string>> = {
  attempt_is_over: 'when the job had moved on',
  cancel_requested: 'after a cancel was asked for',
};

/** `a report of attempt 1 that came after the end was refused: exit code 0`. */
export const refusedText = (refused: JobReportRefused): string => {
  const late = LATE[refused.why] ?? 'after the end';
  return `a report of attempt ${refused.attempt} that came ${late} was refused: ${toldOf(refused)}`;
};

/** How a phase run ended, in words: `deciding` is the first of its jobs with the outcome of the whole; undefined when there was none. */
export const endOfPhase = (
  deciding: { readonly label: string; readonly cause?: string; readonly exitCode?: number } | undefined,
): { readonly cause: string; readonly exitCode?: number } => {
  if (deciding === undefined) return { cause: 'cancelled before anything was started' };
  const { label, cause = '', exitCode } = deciding;
  return {
    cause: label === '' ? cause : `${label}: ${cause}`,
    ...(exitCode === undefined ? {} : { exitCode }),
  };
};
