/** The log of one attempt, with the choice of which. */
import { useId } from 'react';
import type { AttemptView, JobView } from '../../../projections/jobs.js';
import { apiPath, queryOf } from '../api/client.js';
import { useAt } from '../api/past.js';
import { LogViewer } from '../log/viewer.js';
import { Empty } from '../parts/empty.js';
import { Link, pageOf } from '../parts/link.js';
import { useUrlState } from '../parts/url-state.js';
import { endOfLog } from './words.js';

/** Those that can be read one by one; the first is the usual one. Of a job that has one log and no more: only that. */
const outputsOf = ({ output, reports }: JobView): readonly string[] => [
  ...(output === 'split' ? ['stdout', 'stderr'] : ['log']),
  ...(reports === true ? ['report'] : []),
];

interface ChoiceProps {
  readonly label: string;
  readonly name: string;
  readonly value: string;
  readonly options: readonly (readonly [value: string, text: string])[];
}

const Choice = ({ label, name, value, options }: ChoiceProps) => {
  const { set } = useUrlState();
  const id = useId();
  return (
    <span className="row small">
      <label htmlFor={id}>{label}</label>
      <select
        id={id}
        className="input job-choice"
        value={value}
        onChange={({ target }) => set({ [name]: target.value })}
      >
        {options.map(([option, text]) => (
          <option key={option} value={option}>
            {text}
          </option>
        ))}
      </select>
    </span>
  );
};

const chosenAttempt = ({ attempts }: JobView, wanted: string | undefined): AttemptView | undefined =>
  attempts.find(({ attempt }) => String(attempt) === wanted) ?? attempts.at(-1);

export const LogTab = ({ job }: { readonly job: JobView }) => {
  const { get, set } = useUrlState();
  const at = useAt();
  const attempt = chosenAttempt(job, get('attempt'));
  if (attempt === undefined)
    return job.endedAt === undefined ? (
      <Empty title="It has not started">
        <p>
          There is no log before a runner has it.{' '}
          <Link to={`${pageOf.job(job.id)}?tab=matching`}>Why it waits</Link>
        </p>
      </Empty>
    ) : (
      <Empty title="It never started, so there is no log">
        <Link to={`${pageOf.job(job.id)}?tab=timeline`}>What happened</Link>
      </Empty>
    );
  const outputs = outputsOf(job);
  const output = outputs.find((name) => name === get('output')) ?? outputs[0] ?? 'log';
  const both = `${apiPath('jobs', job.id, 'log')}${queryOf({ attempt: attempt.attempt })}`;
  return (
    <div className="stack">
      {outputs.length === 1 && job.attempts.length === 1 ? null : (
        <div className="row">
          {job.attempts.length === 1 ? null : (
            <Choice
              label="Attempt"
              name="attempt"
              value={String(attempt.attempt)}
              options={job.attempts.map(({ attempt: number, runner }) => [
                String(number),
                `${number}${runner === undefined ? '' : ` on ${runner}`}`,
              ])}
            />
          )}
          {outputs.length === 1 ? null : (
            <Choice
              label="Output"
              name="output"
              value={output}
              options={outputs.map((name) => [name, name])}
            />
          )}
          {job.output === 'split' ? (
            <a href={both} target="_blank" rel="noreferrer">
              Both, in the order in which they were received
            </a>
          ) : null}
        </div>
      )}
      {at === undefined ? null : <p className="muted">The log is shown as it is now.</p>}
      <LogViewer
        key={`${job.id} ${attempt.attempt} ${output}`}
        source={{ jobId: job.id, attempt: attempt.attempt, ...(output === 'log' ? {} : { output }) }}
        {...(attempt.startedAt === undefined ? {} : { startedAt: attempt.startedAt })}
        sought={{
          ...{ text: get('q') ?? '', isExact: get('case') === 'true', isRegex: get('regex') === 'true' },
        }}
        onSearch={({ text, isExact, isRegex }) =>
          set({ q: text, case: isExact ? 'true' : undefined, regex: isRegex ? 'true' : undefined })
        }
        isOnly={get('only') === 'true'}
        onOnly={(on) => set({ only: on ? 'true' : undefined })}
        footer={({ size, sealed, total = 0, following }) =>
          endOfLog(job, attempt, output, {
            size,
            sealed,
            lines: total,
            isOver: following?.kind === 'over',
          }).map((sentence) => <p key={sentence}>{sentence}</p>)
        }
      />
    </div>
  );
};
