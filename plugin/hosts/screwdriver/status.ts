/** What does Screwdriver call an outcome? Its statuses are fewer, so the message begins with ours. Pure. */
import type { Report } from '../../contract.js';

type Finished = Extract<Report, { type: 'phase.finished' }>;

/** Body of `PUT /v4/builds/:id` at the end of a build, without its meta. */
export interface FinalStatus {
  readonly status: 'SUCCESS' | 'FAILURE' | 'ABORTED';
  /** Screwdriver writes one of its own for `ABORTED`, and keeps none for a build that went well. */
  readonly statusMessage?: string;
  readonly statusMessageType?: 'ERROR';
}

const MOST_CHARACTERS = 500;

const failure = (message: string): FinalStatus => ({
  status: 'FAILURE',
  statusMessage: message.slice(0, MOST_CHARACTERS),
  statusMessageType: 'ERROR',
});

/** `step`: the first one that failed, where that is known. */
export const finalStatus = (
  { outcome, cause, exitCode }: Pick<Finished, 'outcome' | 'cause' | 'exitCode'>,
  step?: string,
): FinalStatus => {
  switch (outcome) {
    case 'succeeded':
      return { status: 'SUCCESS' };
    case 'cancelled':
      return { status: 'ABORTED' };
    case 'failed':
      return failure(
        step === undefined || exitCode === undefined
          ? `failed: ${cause}`
          : `failed: step ${step} ended with exit code ${exitCode}`,
      );
    case 'timed_out':
    case 'lost':
    case 'expired':
    case 'undeliverable':
      return failure(`${outcome}: ${cause}`);
  }
};

const ofRow = (
  { label, outcome, cause, exitCode }: Finished['jobs'][number],
  whole: Finished['outcome'],
  step: string | undefined,
): string => {
  const why =
    outcome !== 'failed' || step === undefined || exitCode === undefined
      ? cause
      : `step ${step} ended with exit code ${exitCode}`;
  return `[${label}] ${outcome === whole ? '' : `${outcome}: `}${why}`;
};

/** Of a build of several rows: the message names each that did not succeed. `stepOf`: the first one that failed in that row. */
export const finalStatusOfRows = (
  report: Pick<Finished, 'outcome' | 'cause' | 'jobs'>,
  stepOf: (label: string) => string | undefined,
): FinalStatus => {
  const { outcome, cause, jobs } = report;
  const told = jobs.filter((job) => job.outcome !== 'succeeded');
  return outcome === 'succeeded' || outcome === 'cancelled' || told.length === 0
    ? finalStatus({ outcome, cause })
    : failure(`${outcome}: ${told.map((job) => ofRow(job, outcome, stepOf(job.label))).join('; ')}`);
};

/** The end of a build that cannot be given to Baton at all. */
export const refused = (sentence: string): FinalStatus => failure(sentence);
