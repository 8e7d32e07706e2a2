import { describe, it } from 'vitest';
import { job, type JobCommand } from '../../src/domain/job.js';
import type { JobEvent } from '../../src/events/catalog.js';
import { anAssignment, aQueuedJob } from '../builders.js';
import { givenFor } from '../given.js';

const queued: JobEvent = { type: 'JobQueued', data: aQueuedJob() };
const assigned: JobEvent = { type: 'JobAssigned', data: anAssignment() };
const started: JobEvent = {
  type: 'JobStarted',
  data: { attempt: 1, pid: 7, startTime: '9', bootId: 'boot' },
};
const succeeded: JobEvent = { type: 'JobSucceeded', data: { attempt: 1 } };
const cancelAsked: JobEvent = { type: 'JobCancelRequested', data: {} };

const start = givenFor(job);
const given = (...history: readonly JobEvent[]) => ({
  when: (command: JobCommand) => {
    const then = start(history).when(command);
    return {
      then: (...types: readonly JobEvent['type'][]) => then.thenTypes(types),
      thenRefused: then.thenRefused,
    };
  },
});
const finish: JobCommand = { kind: 'FinishJob', attempt: 1, verdict: { kind: 'succeeded' }, outputs: [] };

describe('CancelJob', () => {
  it('given a queued job, when cancelled, then it is over at once: nothing ran', () => {
    given(queued).when({ kind: 'CancelJob' }).then('JobCancelRequested', 'JobCancelled');
  });
  it('given a running job, when cancelled, then only the wish is recorded: the runner must confirm', () => {
    given(queued, assigned, started).when({ kind: 'CancelJob' }).then('JobCancelRequested');
  });
  it('given a cancel that was asked for, when asked again, then nothing changes', () => {
    given(queued, assigned, cancelAsked).when({ kind: 'CancelJob' }).then();
  });
  it('given a finished job, when cancelled, then refused: job_already_finished', () => {
    given(queued, assigned, started, succeeded)
      .when({ kind: 'CancelJob' })
      .thenRefused('job_already_finished');
  });
  it('given no job, when cancelled, then refused: job_unknown', () => {
    given().when({ kind: 'CancelJob' }).thenRefused('job_unknown');
  });
});

describe('FinishJob', () => {
  const process = { pid: 7, startTime: '8', bootId: 'boot' };
  it('given an attempt whose start was not recorded yet, when it ends, then both are recorded at once', () => {
    given(queued, assigned)
      .when({ ...finish, started: process })
      .then('JobStarted', 'JobSucceeded');
  });
  it('given a start that is recorded, when it ends, then it is not recorded again', () => {
    given(queued, assigned, started)
      .when({ ...finish, started: process })
      .then('JobSucceeded');
  });
});

describe('CloseJob', () => {
  const close: JobCommand = { kind: 'CloseJob' };
  const closed: JobEvent = { type: 'JobLost', data: { attempt: 1, why: 'closed', detail: '' } };
  const remains: JobCommand = { kind: 'RecordRemains', attempt: 1, evidence: { how: 'signalled' } };
  const remainsEnded: JobEvent = {
    type: 'JobRemainsEnded',
    data: { attempt: 1, evidence: { how: 'signalled' } },
  };
  it('given a job that is on a runner, whether it has started or not, then it is lost at once', () => {
    given(queued, assigned).when(close).then('JobLost');
    given(queued, assigned, started).when(close).then('JobLost');
    given(queued, assigned, started, cancelAsked).when(close).then('JobLost');
  });
  it('given a job that waits, then refused: it is cancelled instead', () => {
    given(queued).when(close).thenRefused('job_still_queued');
    given(queued, assigned, { type: 'JobRequeued', data: { attempt: 1, cause: 'infrastructure' } })
      .when(close)
      .thenRefused('job_still_queued');
  });
  it('given an ended job, or none, then refused', () => {
    given(queued, assigned, started, succeeded).when(close).thenRefused('job_already_finished');
    given(queued, assigned, started, closed).when(close).thenRefused('job_already_finished');
    given().when(close).thenRefused('job_unknown');
  });
  it('given a closed job, when its runner tells of its end, then that changes nothing, and is recorded', () => {
    given(queued, assigned, started, closed).when(finish).then('JobReportRefused');
  });
  it('given a closed job, when what it left is ended, then that is recorded once', () => {
    given(queued, assigned, started, closed).when(remains).then('JobRemainsEnded');
    given(queued, assigned, started, closed, remainsEnded).when(remains).then();
    given(queued, assigned, started, closed)
      .when({ ...remains, attempt: 2 })
      .then();
  });
  it('given a job that was not closed, then it leaves no remains', () => {
    given(queued, assigned, started, { type: 'JobLost', data: { attempt: 1, why: 'reboot', detail: '' } })
      .when(remains)
      .then();
    given(queued, assigned, started).when(remains).thenRefused('attempt_is_over');
  });
});

describe('AssignJob', () => {
  it('given an assigned job, when assigned again, then refused: one assignment at a time', () => {
    given(queued, assigned)
      .when({ kind: 'AssignJob', data: anAssignment({ attempt: 2 }) })
      .thenRefused('job_not_queued');
  });
  it('given a queued job, when assigned under a used attempt number, then refused', () => {
    given(queued, assigned, { type: 'JobRequeued', data: { attempt: 1, cause: 'infrastructure' } })
      .when({ kind: 'AssignJob', data: anAssignment({ attempt: 1 }) })
      .thenRefused('attempt_is_over');
  });
});

describe('PauseCollection', () => {
  const pause: JobCommand = {
    kind: 'PauseCollection',
    attempt: 1,
    why: 'job_secrets_missing',
    detail: 'Gone.',
  };
  const resume: JobCommand = { kind: 'ResumeCollection', attempt: 1 };
  const paused: JobEvent = {
    type: 'JobCollectionPaused',
    data: { attempt: 1, why: 'job_secrets_missing', detail: 'Gone.' },
  };
  const resumed: JobEvent = { type: 'JobCollectionResumed', data: { attempt: 1 } };
  it('given a running job, then it is recorded once, until it goes on', () => {
    given(queued, assigned, started).when(pause).then('JobCollectionPaused');
    given(queued, assigned, started, paused).when(pause).then();
    given(queued, assigned, started, paused).when(resume).then('JobCollectionResumed');
    given(queued, assigned, started, paused, resumed).when(resume).then();
    given(queued, assigned, started, paused, resumed).when(pause).then('JobCollectionPaused');
  });
  it('given a job that goes on without that attempt, then it is refused', () => {
    given(queued, assigned, started, succeeded).when(pause).thenRefused('job_already_finished');
    given(queued, assigned, { type: 'JobRequeued', data: { attempt: 1, cause: 'infrastructure' } })
      .when(pause)
      .thenRefused('attempt_is_over');
  });
});

describe('the end of an attempt', () => {
  it('given a running job, when its end is told, then outputs are sealed before the one terminal event', () => {
    const outputs = [
      { name: 'log', sourceBytes: 1, sourceSha256: 'a', storedBytes: 1, storedSha256: 'a', truncated: false },
    ];
    given(queued, assigned, started)
      .when({ ...finish, outputs })
      .then('JobOutputSealed', 'JobSucceeded');
  });
  it('given a cancel that was asked for, when the infrastructure fails, then no other try is made', () => {
    given(queued, assigned, cancelAsked)
      .when({ kind: 'RequeueJob', attempt: 1, cause: 'infrastructure', why: 'refused', detail: '' })
      .then('JobCancelled');
  });
  it('given the fifth attempt, when the infrastructure fails again, then the job is undeliverable', () => {
    given(queued, { type: 'JobAssigned', data: anAssignment({ attempt: 5 }) })
      .when({ kind: 'RequeueJob', attempt: 5, cause: 'infrastructure', why: 'refused', detail: '' })
      .then('JobUndeliverable');
  });
  it('given a revoked attempt nobody wanted cancelled, when told, then the job is queued again', () => {
    given(queued, assigned)
      .when({ kind: 'RecordRevoked', attempt: 1, evidence: { how: 'revoked' } })
      .then('JobRequeued');
  });
});
