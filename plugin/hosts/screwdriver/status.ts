/** What does Screwdriver call an outcome? Its statuses are fewer, so the message begins with ours. Pure. */
import type { Report } from '../../contract.js';

type Finished = Extract<Report, { type: 'phase.finished' }>;

/** Body of `PUT /v4/builds/:id` at the end of a build, without its meta. */
export interface FinalStatus {
  readonly status: 'SUCCESS' | 'FAILURE' | 'ABORTED';
  /** Screwdriver writes one of its own for `ABORTED`, and keeps none for a build that went well. */
  readonly statusMessage?: string;
  readonly statusMessageType?: 'ERROR';
  /** Where it ran, when that was more than the runner that it began on. */
  readonly stats?: { readonly hostname: string };
}

const MOST_CHARACTERS = 500;

const within = (text: string, most: number): string =>
  text.length <= most ? text : `${text.slice(0, Math.max(most - 1, 0))}…`;

const failure = (message: string): FinalStatus => ({
  status: 'FAILURE',
  statusMessage: within(message, MOST_CHARACTERS),
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

/** As many of the sentences as fit, at least one, and how many there are beside. */
const listed = (start: string, sentences: readonly string[]): string => {
  const whole = `${start}${sentences.join('; ')}`;
  if (whole.length <= MOST_CHARACTERS) return whole;
  for (let told = sentences.length - 1; told > 1; told -= 1) {
    const text = `${start}${sentences.slice(0, told).join('; ')} and ${sentences.length - told} more`;
    if (text.length <= MOST_CHARACTERS) return text;
  }
  const more = sentences.length > 1 ? ` and ${sentences.length - 1} more` : '';
  return `${within(`${start}${sentences[0] ?? ''}`, MOST_CHARACTERS - more.length)}${more}`;
};

/** What is known of a row of the build. */
interface RowKnown {
  readonly label: string;
  readonly runner?: string;
  /** The first step that failed. */
  readonly failed?: string;
}

/** Of a build of several rows: the message names those that did not succeed, as many as fit. `rows`: those that began, in their order. */
export const finalStatusOfRows = (
  { outcome, cause, jobs }: Pick<Finished, 'outcome' | 'cause' | 'jobs'>,
  rows: readonly RowKnown[],
): FinalStatus => {
  const blamed = jobs.filter((job) => job.outcome !== 'succeeded');
  const stepIn = (label: string): string | undefined => rows.find((row) => row.label === label)?.failed;
  const hostname = [...new Set(rows.flatMap(({ runner }) => runner ?? []))].join(', ');
  return {
    ...(outcome === 'succeeded' || outcome === 'cancelled' || blamed.length === 0
      ? finalStatus({ outcome, cause })
      : failure(
          listed(
            `${outcome}: `,
            blamed.map((job) => ofRow(job, outcome, stepIn(job.label))),
          ),
        )),
    ...(hostname === '' ? {} : { stats: { hostname } }),
  };
};

/** The end of a build that cannot be given to Baton at all. */
export const refused = (sentence: string): FinalStatus => failure(sentence);
