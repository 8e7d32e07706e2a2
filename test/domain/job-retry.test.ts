import { describe, expect, it } from 'vitest';
import { job, type JobCommand } from '../../src/domain/job.js';
import type { Verdict } from '../../src/domain/outcome.js';
import type { JobEvent } from '../../src/events/catalog.js';
import type { JobRequeued } from '../../src/events/job.js';
import type { Retry } from '../../src/events/shapes.js';
import { fold } from '../../src/kernel/decider.js';
import { anAssignment, aQueuedJob } from '../builders.js';
import { givenFor } from '../given.js';

const given = givenFor(job);

const started = (attempt: number): readonly JobEvent[] => [
  { type: 'JobAssigned', data: anAssignment({ attempt }) },
  { type: 'JobStarted', data: { attempt, pid: 7, startTime: '9', bootId: 'boot' } },
];
const requeued = (attempt: number, cause: JobRequeued['cause']): JobEvent => ({
  type: 'JobRequeued',
  data: { attempt, cause },
});
/** A job with this policy whose attempts ended so, and that runs once more. */
const running = (
  retry: Retry | undefined,
  ...before: readonly JobRequeued['cause'][]
): readonly JobEvent[] => [
  { type: 'JobQueued', data: aQueuedJob(retry === undefined ? {} : { retry }) },
  ...before.flatMap((cause, i) => [...started(i + 1), requeued(i + 1, cause)]),
  ...started(before.length + 1),
];

const failed = (exitCode: number): Verdict => ({ kind: 'failed', exitCode });
const timedOut: Verdict = {
  ...{ kind: 'timed_out', which: 'silence' },
  evidence: { how: 'signalled', exitCode: 143, survivors: [{ pid: 9 }] },
};
const finish = (verdict: Verdict, attempt = 1): JobCommand => ({
  ...{ kind: 'FinishJob', attempt, verdict },
  outputs: [
    { name: 'log', sourceBytes: 1, sourceSha256: 'a', storedBytes: 1, storedSha256: 'a', truncated: false },
  ],
});
const lose: JobCommand = { kind: 'LoseJob', attempt: 1, why: 'vanished', detail: 'It is gone.', outputs: [] };

const three: Retry = { attempts: 3, on: ['failed', 'timed_out', 'lost'], delayMs: 5000 };

describe('given a job with a policy, when an attempt ends by itself', () => {
  it('then its output is sealed, and it is queued again with what is known of the end', () => {
    given(running(three))
      .when(finish(failed(137)))
      .thenTypes(['JobOutputSealed', 'JobRequeued']);
    given(running(three))
      .when({ ...lose })
      .then([
        {
          type: 'JobRequeued',
          data: {
            ...{ attempt: 1, cause: 'policy', why: 'lost', delayMs: 5000 },
            detail: 'It is gone. That was try 1 of 3.',
          },
        },
      ]);
  });

  const cases: readonly (readonly [
    title: string,
    history: readonly JobEvent[],
    verdict: Verdict,
    JobEvent['type'],
  ])[] = [
    ['that fails', running(three), failed(1), 'JobRequeued'],
    ['that succeeds', running(three), { kind: 'succeeded' }, 'JobSucceeded'],
    ['that times out', running(three), timedOut, 'JobRequeued'],
    ['the last but one', running(three, 'policy'), failed(1), 'JobRequeued'],
    ['the last one', running(three, 'policy', 'policy'), failed(1), 'JobFailed'],
    ['the last one, by time', running(three, 'policy', 'policy'), timedOut, 'JobTimedOut'],
    [
      'after infrastructure failed others, which do not count',
      running(three, 'policy', 'infrastructure', 'runner_changed'),
      failed(1),
      'JobRequeued',
    ],
    ['of which there is to be one', running({ ...three, attempts: 1 }), failed(1), 'JobFailed'],
    ['that its policy is not for', running({ ...three, on: ['lost'] }), failed(1), 'JobFailed'],
    ['with a listed exit code', running({ ...three, exitCodes: [7, 9] }), failed(9), 'JobRequeued'],
    ['with another exit code', running({ ...three, exitCodes: [7, 9] }), failed(1), 'JobFailed'],
    ['by time, whatever codes are listed', running({ ...three, exitCodes: [7] }), timedOut, 'JobRequeued'],
    ['without a policy', running(undefined), failed(1), 'JobFailed'],
    [
      'after a cancel was asked for',
      [...running(three), { type: 'JobCancelRequested', data: {} }],
      failed(1),
      'JobFailed',
    ],
    ['by a cancel', running(three), { kind: 'cancelled', evidence: { how: 'signalled' } }, 'JobCancelled'],
  ];
  it.each(cases)('%s', (_, history, verdict, type) => {
    const attempt = history.filter((event) => event.type === 'JobAssigned').length;
    given(history).when(finish(verdict, attempt)).thenTypes(['JobOutputSealed', type]);
  });

  it('then what survived is told with the end of the attempt, so that its slot is closed', () => {
    const decided = job.decide(finish(timedOut), fold(job, running(three)));
    expect(decided).toMatchObject({
      right: [{}, { data: { why: 'timed_out', exitCode: 143, evidence: { survivors: [{ pid: 9 }] } } }],
    });
  });
  it('then a closed job is not tried again', () => {
    given(running(three)).when({ kind: 'CloseJob' }).thenTypes(['JobLost']);
    const closed: JobEvent = { type: 'JobLost', data: { attempt: 1, why: 'closed', detail: '' } };
    given([...running(three), closed])
      .when(finish(failed(1)))
      .thenTypes(['JobReportRefused']);
  });
  it('then a cancel between two attempts is the end', () => {
    given([...running(three), requeued(1, 'policy')])
      .when({ kind: 'CancelJob' })
      .thenTypes(['JobCancelRequested', 'JobCancelled']);
  });
});

describe('given an attempt that infrastructure failed', () => {
  const again = (attempt: number): JobCommand => ({
    ...{ kind: 'RequeueJob', attempt, cause: 'infrastructure', why: 'disk_full', detail: 'Full.' },
  });
  const delayAfter = (...before: readonly JobRequeued['cause'][]): unknown => {
    const decided = job.decide(again(before.length + 1), fold(job, running(three, ...before)));
    return decided._tag === 'Right' && decided.right[0]?.type === 'JobRequeued'
      ? (decided.right[0].data.delayMs ?? 0)
      : decided;
  };
  const n = (count: number): readonly JobRequeued['cause'][] =>
    Array<'infrastructure'>(count).fill('infrastructure');

  it('then the first is tried again at once, the others after pauses that grow and outlast a restart', () => {
    const delays = [0, 1, 2, 3].map((count) => delayAfter(...n(count)));
    expect(delays).toEqual([0, 10_000, 30_000, 90_000]);
  });
  it('then tries of its policy count for nothing in this', () => {
    expect(delayAfter('policy', 'infrastructure')).toBe(10_000);
    given(running({ ...three, attempts: 9 }, 'policy', 'policy', ...n(3)))
      .when(again(6))
      .thenTypes(['JobRequeued']);
  });
  it('then the fifth makes it undeliverable', () => {
    given(running(three, 'policy', ...n(4)))
      .when(again(6))
      .thenTypes(['JobUndeliverable']);
  });
  it('then a runner that was only restarted is not waited for', () => {
    given(running(three, 'infrastructure'))
      .when({ kind: 'RequeueJob', attempt: 2, cause: 'runner_changed', why: '', detail: '' })
      .then([{ type: 'JobRequeued', data: { attempt: 2, cause: 'runner_changed', why: '', detail: '' } }]);
  });
});
