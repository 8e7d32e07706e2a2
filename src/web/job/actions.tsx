/** What may be done with a job. Each button asks first, and says what will happen to what. */
import { useState } from 'react';
import { useLocation } from 'wouter';
import type { JobView } from '../../../projections/jobs.js';
import type { RunnerAsOf } from '../../app/evidence.js';
import type { JobRetried } from '../../app/use-cases.js';
import { apiPath } from '../api/client.js';
import { useAt } from '../api/past.js';
import { useMay } from '../api/session.js';
import { fateOf, fateText, owedText } from '../parts/cancel-fate.js';
import { Confirm } from '../parts/confirm.js';
import { pageOf } from '../parts/link.js';
import { isEnded, titleOf } from './words.js';

interface ActionsProps {
  readonly job: JobView;
  /** That it is on; undefined: none, or not to be seen. */
  readonly runner: RunnerAsOf | undefined;
}

type Asked = 'cancel' | 'close' | 'retry' | 'elsewhere';

const Named = ({ job }: { readonly job: JobView }) => (
  <p>
    <strong>{titleOf(job)}</strong> <code>{job.id.slice(0, 8)}</code>
  </p>
);

const Asking = ({
  job,
  asked,
  isAway,
  onClose,
}: {
  readonly job: JobView;
  readonly asked: Asked;
  /** Its runner does not answer. */
  readonly isAway: boolean;
  readonly onClose: () => void;
}) => {
  const [, navigate] = useLocation();
  const url = (verb: string): string => apiPath('jobs', job.id, verb);
  const runners = [...new Set(job.attempts.flatMap(({ runner }) => (runner === undefined ? [] : [runner])))];
  switch (asked) {
    case 'cancel':
      return (
        <Confirm
          {...{ title: 'Cancel this job?', verb: 'Cancel the job', danger: true, asksReason: true, onClose }}
          command={{ url: url('cancel'), done: 'The cancel was asked for.' }}
        >
          <Named job={job} />
          <p>{fateText(fateOf(job))}</p>
          {isAway ? <p className="note tone-warn">{owedText(runners.at(-1))}</p> : null}
        </Confirm>
      );
    case 'close':
      return (
        <Confirm
          {...{ title: 'Give this job up as lost?', verb: 'Close as lost', danger: true, onClose }}
          asksReason="must"
          command={{ url: url('close'), body: { as: 'lost' }, done: 'The job was closed as lost.' }}
        >
          <Named job={job} />
          <p>
            It takes effect at once: the job is lost, its slot is free and its phase goes on to its end. It
            may still be running on {runners.at(-1) ?? 'its runner'}: should that come back, what runs there
            is ended and its log is not collected.
          </p>
        </Confirm>
      );
    default: {
      const elsewhere = asked === 'elsewhere';
      return (
        <Confirm<JobRetried>
          title={elsewhere ? 'Retry on another runner?' : 'Retry this job?'}
          verb={elsewhere ? 'Retry elsewhere' : 'Retry'}
          {...{ asksReason: true, onClose }}
          command={{
            ...{ url: url('retry'), done: 'The job is tried again.' },
            ...(elsewhere ? { body: { elsewhere } } : {}),
          }}
          onDone={({ jobId }) => navigate(pageOf.job(jobId))}
        >
          <Named job={job} />
          <p>
            It is tried again as a new job, alone
            {elsewhere ? `, on any matching runner but ${runners.join(', ')}` : ''}. This one stays as it is.
          </p>
        </Confirm>
      );
    }
  }
};

/** Nothing is offered of the past, nor what the server would refuse. */
export const Actions = ({ job, runner }: ActionsProps) => {
  const [asked, setAsked] = useState<Asked>();
  const may = useMay('operator', job);
  const at = useAt();
  if (!may || at !== undefined) return null;
  const ended = isEnded(job);
  const isHeld = job.status === 'assigned' || job.status === 'running';
  const isAway =
    runner?.state === 'unreachable' || runner?.state === 'retired' || runner?.state === 'removing';
  const button = (name: Asked, text: string, danger = false) => (
    <button
      key={name}
      type="button"
      className={danger ? 'button danger' : 'button'}
      onClick={() => setAsked(name)}
    >
      {text}
    </button>
  );
  return (
    <>
      {ended || job.cancelRequested !== undefined ? null : button('cancel', 'Cancel…', true)}
      {isHeld && isAway ? button('close', 'Close as lost…', true) : null}
      {ended && job.status !== 'succeeded' ? button('retry', 'Retry…') : null}
      {ended && job.status !== 'succeeded' && job.attempts.some((attempt) => attempt.runner !== undefined)
        ? button('elsewhere', 'Retry elsewhere…')
        : null}
      {asked === undefined ? null : (
        <Asking
          {...{ job, asked }}
          isAway={runner?.state === 'unreachable'}
          onClose={() => setAsked(undefined)}
        />
      )}
    </>
  );
};
