/** What the page of a job says of its end. */
import { describe, expect, it } from 'vitest';
import type { AttemptView, JobView } from '../../projections/jobs.js';
import {
  attemptText,
  bytesText,
  endOf,
  endOfAttempt,
  endOfLog,
  exitText,
  gapText,
  refusedText,
} from '../../src/web/job/words.js';
import { lengthOfPast } from '../../src/web/parts/length.js';

const aJob = (more: Partial<JobView>): JobView => ({
  ...{
    id: 'j',
    phaseRunId: 'p',
    label: '',
    enterprise: 'e',
    organisation: 'o',
    project: 'p',
    pipeline: 'main',
  },
  ...{
    stage: 'verify',
    phase: 'unit',
    filter: [],
    filterClass: 'c',
    priority: 0,
    queuedAt: '2026-01-31T12:00:00.000Z',
  },
  ...{ status: 'running', attempts: [], revision: 1, position: '1' },
  limits: { cancelGraceMs: 10_000 },
  ...more,
});
const known = { size: 9120, lines: 211, sealed: true, isOver: true };

describe('which attempt it is', () => {
  const at = '2026-01-31T12:00:00.000Z';
  const ran: AttemptView = { attempt: 1, startedAt: at, endedAt: at };
  const takenBack: AttemptView = { attempt: 1, endedAt: at };
  it.each([
    ['none yet', aJob({ status: 'queued' })],
    ['1 of 1', aJob({ attempts: [{ attempt: 1 }] })],
    ['2 of 3', aJob({ attempts: [ran, { attempt: 2 }], limits: { cancelGraceMs: 1, attempts: 3 } })],
    ['2 of 4', aJob({ attempts: [takenBack, { attempt: 2 }], limits: { cancelGraceMs: 1, attempts: 3 } })],
    ['2 of 2', aJob({ attempts: [takenBack, { attempt: 2, startedAt: at }] })],
    ['1 of 1', aJob({ status: 'succeeded', attempts: [ran], limits: { cancelGraceMs: 1, attempts: 3 } })],
  ])('%s', (words, job) => {
    expect(attemptText(job)).toBe(words);
  });
});

describe('the end of a log', () => {
  it('tells the exit code, and of which signal it is a sign', () => {
    expect(exitText(3)).toBe('Exit code 3.');
    expect(exitText(137)).toBe('Exit code 137: likely ended by KILL (128 + 9).');
    expect(exitText(160)).toBe('Exit code 160: likely ended by signal 32 (128 + 32).');
    expect(exitText(255)).toBe('Exit code 255.');
  });
  it('leaves how the job ended to the head of the page, unless that is not to be seen', () => {
    const attempt: AttemptView = { attempt: 1, exitCode: 3, endedAt: '2026-01-31T12:00:01.000Z' };
    const job = aJob({ status: 'failed', summary: 'failed with exit code 3', attempts: [attempt] });
    const whole = 'The log is complete and sealed: 9,120 bytes, 211 lines.';
    expect(endOfLog(job, attempt, 'log', known)).toEqual(['Exit code 3.', whole]);
    expect(endOfLog(job, attempt, 'log', { ...known, isAlone: true })).toEqual([
      ...['The job failed with exit code 3.', whole],
    ]);
  });
  it('says that no exit code is known of what ended without one', () => {
    const attempt: AttemptView = { attempt: 1, endedAt: '2026-01-31T12:00:01.000Z' };
    const job = aJob({ status: 'cancelled', summary: 'cancelled by ada', attempts: [attempt] });
    expect(endOfLog(job, attempt, 'log', known)[0]).toBe('No exit code is known.');
  });
  it('says of a log that is open that nothing comes while the runner does not answer', () => {
    const attempt: AttemptView = { attempt: 1 };
    const open = { size: 25, lines: 3, sealed: false, isOver: false, isAway: true };
    expect(endOfLog(aJob({ attempts: [attempt] }), attempt, 'log', open)).toEqual([
      'Still open: 25 bytes, 3 lines so far. Its runner does not answer: what the job writes meanwhile is collected when it does again.',
    ]);
  });
  it('says where it was truncated', () => {
    const output = {
      name: 'log',
      sourceBytes: 1_048_576,
      sourceSha256: 'a',
      storedBytes: 1_048_620,
      storedSha256: 'b',
    };
    const attempt: AttemptView = { attempt: 1, outputs: [{ ...output, truncated: true }] };
    expect(endOfLog(aJob({ attempts: [attempt] }), attempt, 'log', known)).toEqual([
      'Truncated at 1.0 MiB: what the job wrote beyond that was not kept. Sealed.',
    ]);
  });
  it('says of a job that was lost that nobody knows, and what is missing', () => {
    const attempt: AttemptView = { attempt: 1, endedAt: '2026-01-31T12:00:01.000Z' };
    const job = aJob({ status: 'lost', summary: 'lost: It was closed by a person.', attempts: [attempt] });
    expect(endOf(job)).toBe('The job is lost: It was closed by a person.');
    expect(endOfLog(job, attempt, 'log', { ...known, sealed: false })).toEqual([
      'What it did in the end is not known.',
      'The log was not sealed: 9,120 bytes, 211 lines are here, and what the runner may still hold was not collected.',
    ]);
  });
  it('says why an attempt before the last was not the end, and that a log is open', () => {
    const first: AttemptView = {
      attempt: 1,
      endedAt: '2026-01-31T12:00:01.000Z',
      why: 'runner was rebooted',
      exitCode: 1,
    };
    const second: AttemptView = { attempt: 2 };
    const job = aJob({ attempts: [first, second] });
    expect(endOfLog(job, first, 'log', known)).toContain(
      'Attempt 1 ended, and the job is tried again: runner was rebooted.',
    );
    expect(endOfLog(job, second, 'log', { size: 1, lines: 1, sealed: false, isOver: false })).toEqual([
      'Still open: 1 byte, 1 line so far.',
    ]);
  });
  it('says when nothing is stored', () => {
    const attempt: AttemptView = { attempt: 1 };
    const collectionPaused = {
      at: '2026-01-31T12:00:01.000Z',
      why: 'secrets_unknown',
      detail: 'its secrets are not there.',
    };
    const job = aJob({ attempts: [attempt], collectionPaused });
    expect(endOfLog(job, attempt, 'log', known)[0]).toBe(
      'Nothing of the log is stored for now: its secrets are not there.',
    );
  });
});

describe('words', () => {
  it('for bytes and for distances between events', () => {
    expect([0, 1, 10_239, 10_240, 5_000_000, 5_000_000_000].map(bytesText)).toEqual([
      ...['0 bytes', '1 byte', '10,239 bytes', '10.0 KiB', '4.8 MiB', '4.7 GiB'],
    ]);
    expect([0, 999, 1500, 61_000, 3_600_000, 90_000_000].map(gapText)).toEqual([
      ...['+0 ms', '+999 ms', '+1.5 s', '+1 min 1 s', '+1 h 0 min', '+1 d 1 h'],
    ]);
  });
  it('for lengths, of which the shortest are not known', () => {
    expect([0, 99, 100, 999, 1000, 61_000].map(lengthOfPast)).toEqual([
      ...['under 0.1 s', 'under 0.1 s', '100 ms', '999 ms', '1 s', '1 min 01 s'],
    ]);
  });
  it('for the end of an attempt, with its exit code once', () => {
    expect(endOfAttempt({ exitCode: 75, why: 'It failed with exit code 75. That was try 1 of 3.' })).toBe(
      'It failed with exit code 75. That was try 1 of 3.',
    );
    expect(endOfAttempt({ exitCode: 143, why: 'total' })).toBe(
      'Exit code 143: likely ended by TERM (128 + 15). total',
    );
    expect(endOfAttempt({ why: 'runner_rebooted' })).toBe('runner rebooted');
    expect(endOfAttempt({ exitCode: 0 })).toBe('Exit code 0.');
  });
  it('for a report that came too late', () => {
    const at = '2026-01-31T12:00:01.000Z';
    expect(
      refusedText({
        at,
        attempt: 1,
        report: 'finished',
        why: 'attempt_is_over',
        outcome: 'timed_out',
        exitCode: 143,
      }),
    ).toBe(
      'A report “finished” of its runner about attempt 1 (timed out, exit code 143) came too late and changed nothing.',
    );
  });
});
