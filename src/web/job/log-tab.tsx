/** The log of one attempt, with the choice of which. */
import { useId } from 'react';
import type { JobView } from '../../../projections/jobs.js';
import { apiPath, queryOf } from '../api/client.js';
import { useAt } from '../api/past.js';
import { LogViewer } from '../log/viewer.js';
import { Empty } from '../parts/empty.js';
import { Link, pageOf } from '../parts/link.js';
import { Sentence } from '../parts/sentence.js';
import { useUrlState } from '../parts/url-state.js';
import { useExplained } from '../parts/use-explained.js';
import { useAwayOf } from './use-job.js';
import { useShownLog } from './use-shown-log.js';
import { endOfLog } from './words.js';

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

/** Why it waits, in one sentence; the table of it is a tab away. */
const Waits = ({ id }: { readonly id: string }) => {
  const { data } = useExplained(id);
  return (
    <Empty title="It has not started">
      {data === undefined ? null : (
        <p className="explain-verdict">
          <Sentence of={data.verdict} />
        </p>
      )}
      <p>
        There is no log before a runner has it.{' '}
        <Link to={`${pageOf.job(id)}?tab=matching`}>Every runner against its conditions</Link>
      </p>
    </Empty>
  );
};

export const LogTab = ({ job }: { readonly job: JobView }) => {
  const { get, set } = useUrlState();
  const at = useAt();
  const isAway = useAwayOf(job) !== undefined;
  const shown = useShownLog(job);
  if (shown === undefined)
    return job.endedAt === undefined ? (
      <Waits id={job.id} />
    ) : (
      <Empty title="It never started, so there is no log">
        <Link to={`${pageOf.job(job.id)}?tab=timeline`}>What happened</Link>
      </Empty>
    );
  const { attempt, output, outputs, source } = shown;
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
        source={source}
        {...(attempt.startedAt === undefined ? {} : { startedAt: attempt.startedAt })}
        sought={{
          ...{ text: get('q') ?? '', isExact: get('case') === 'true', isRegex: get('regex') === 'true' },
        }}
        onSearch={({ text, isExact, isRegex }) =>
          set({ q: text, case: isExact ? 'true' : undefined, regex: isRegex ? 'true' : undefined })
        }
        isOnly={get('only') === 'true'}
        onOnly={(on) => set({ only: on ? 'true' : undefined })}
        isOver={job.endedAt !== undefined || attempt.endedAt !== undefined}
        footer={({ size, sealed, total = 0 }, { isOpen, isFull }) =>
          endOfLog(job, attempt, output, {
            ...{ size, sealed, lines: total, isOver: !isOpen },
            ...{ isAlone: isFull, isAway },
          }).map((sentence) => <p key={sentence}>{sentence}</p>)
        }
      />
    </div>
  );
};
