/** Which log of a job is looked at: it stands in the address. */
import type { AttemptView, JobView } from '../../../projections/jobs.js';
import type { LogSource } from '../log/source.js';
import { useUrlState } from '../parts/url-state.js';

/** Those that can be read one by one; the first is the usual one. Of a job that has one log and no more: only that. */
const outputsOf = ({ output, reports }: JobView): readonly string[] => [
  ...(output === 'split' ? ['stdout', 'stderr'] : ['log']),
  ...(reports === true ? ['report'] : []),
];

export interface ShownLog {
  readonly attempt: AttemptView;
  /** Its name, as it is sealed. */
  readonly output: string;
  readonly outputs: readonly string[];
  readonly source: LogSource;
}

/** Undefined: there was no attempt. */
export const useShownLog = (job: JobView): ShownLog | undefined => {
  const { get } = useUrlState();
  const wanted = get('attempt');
  const attempt = job.attempts.find((one) => String(one.attempt) === wanted) ?? job.attempts.at(-1);
  if (attempt === undefined) return undefined;
  const outputs = outputsOf(job);
  const output = outputs.find((name) => name === get('output')) ?? outputs[0] ?? 'log';
  const source = {
    ...{ jobId: job.id, attempt: attempt.attempt },
    ...(output === 'log' ? {} : { output }),
  };
  return { attempt, output, outputs, source };
};
