import { describe, expect, it } from 'vitest';
import { timelineEntry, unreadableEntry } from '../../projections/timeline.js';
import { aPromotion } from '../builders.js';
import type { Given } from '../given.js';
import { givenEvents } from '../given.js';
import { assigned, cancelAsked, queued, requeued, started } from './stories.js';

const sentences = (...events: readonly Given[]) =>
  givenEvents(...events).map((recorded) => timelineEntry(recorded).sentence);

describe('the timeline of a job', () => {
  it('tells each event in words', () => {
    const run = 'phase_run-run-1';
    const output = {
      ...{ name: 'log', sourceBytes: 9, sourceSha256: 'a' },
      ...{ storedBytes: 7, storedSha256: 'b', truncated: true },
    };
    expect(
      sentences(
        { stream: run, type: 'PhasePromoted', data: aPromotion() },
        queued('j', { filter: [{ key: 'os', op: 'in', values: ['linux', 'bsd'] }] }),
        assigned('j', { slot: 2 }),
        requeued('j'),
        assigned('j', { attempt: 2, runner: 'r2' }),
        started('j', 2),
        cancelAsked('j', { by: 'alice', reason: 'wrong' }),
        { stream: 'job-j', type: 'JobOutputSealed', data: { attempt: 2, outputs: [output] } },
        {
          stream: 'job-j',
          type: 'JobCancelled',
          data: { attempt: 2, evidence: { how: 'signalled', signals: ['TERM'] } },
        },
        { stream: run, type: 'PhaseFinished', data: { outcome: 'timed_out', jobs: [] } },
        { stream: 'job-j', type: 'JobCollectionPaused', data: { attempt: 1, why: 'w', detail: 'Gone.' } },
        { stream: 'job-j', type: 'JobCollectionResumed', data: { attempt: 1 } },
        { stream: 'job-j', type: 'JobRemainsEnded', data: { attempt: 1, evidence: { how: 'revoked' } } },
      ),
    ).toEqual([
      'phase unit of verify was promoted by the host test, attempt 1',
      'queued with priority 0, needs os in linux|bsd',
      'attempt 1 was assigned to r1, slot 2 (rule: only_match)',
      'attempt 1 ended and the job was queued again (infrastructure): no space on the runner',
      'attempt 2 was assigned to r2, slot 0 (rule: only_match)',
      'attempt 2 started as process 7',
      'a cancel was asked for',
      'the log of attempt 2 is complete: log 7 bytes, cut at the limit',
      'cancelled: process ended by TERM',
      'the phase ended: timed out',
      'the log of attempt 1 is not collected for now: Gone.',
      'the log of attempt 1 is collected again',
      'what attempt 1 had left on its runner is no more: kept from starting',
    ]);
  });
  it('tells of a job that is tried again, and of reports that came too late', () => {
    const told = (type: string, data: object) => sentences({ stream: 'job-j', type, data } as Given)[0];
    const late = { attempt: 1, report: 'finished', why: 'job_already_finished' };
    expect([
      told('JobRequeued', {
        ...{ attempt: 1, cause: 'policy', why: 'failed', exitCode: 3, delayMs: 5000 },
        detail: 'It failed with exit code 3. That was try 1 of 3.',
      }),
      told('JobReportRefused', { ...late, outcome: 'succeeded', exitCode: 0 }),
      told('JobReportRefused', { ...late, outcome: 'timed_out', exitCode: 143 }),
      told('JobReportRefused', { ...late, report: 'started', why: 'attempt_is_over' }),
      told('JobReportRefused', { ...late, report: 'job', why: 'cancel_requested' }),
    ]).toEqual([
      'attempt 1 ended and the job was queued again (policy, exit code 3), to be tried again after 5 s: It failed with exit code 3. That was try 1 of 3.',
      'a report of attempt 1 that came after the end was refused: exit code 0',
      'a report of attempt 1 that came after the end was refused: timed out, exit code 143',
      'a report of attempt 1 that came when the job had moved on was refused: started',
      'a report of attempt 1 that came after a cancel was asked for was refused: told by the job itself',
    ]);
  });
  it('tells of what a job reported, and of an end that follows from it, or lacks it', () => {
    const told = (type: string, data: object) => sentences({ stream: 'job-j', type, data } as Given)[0];
    expect([
      told('JobReported', { attempt: 1, success: true, status: 'finished' }),
      told('JobReported', { attempt: 2, success: false, status: 'broken' }),
      told('JobFailed', { attempt: 2, exitCode: 0, reported: 'broken' }),
      told('JobSucceeded', { attempt: 1, unreported: true }),
    ]).toEqual([
      'attempt 1 reported that it succeeded (finished)',
      'attempt 2 reported that it failed (broken)',
      'failed: it reported that (broken), and ended with exit code 0',
      'succeeded with exit code 0, without a final report',
    ]);
  });
  it('says who, when, where and why', () => {
    const [, asked] = givenEvents(queued('j'), cancelAsked('j', { by: 'alice', reason: 'wrong' }));
    expect(asked && timelineEntry(asked)).toEqual({
      ...{ position: '2', at: '2026-01-01T00:00:01.000Z', stream: 'job-j', revision: 1 },
      ...{ type: 'JobCancelRequested', by: 'alice', reason: 'wrong', sentence: 'a cancel was asked for' },
    });
  });
  it('given a type without a sentence of its own, then its name in words', () => {
    expect(sentences({ stream: 'runner-r1', type: 'RunnerDrained', data: {} })).toEqual(['runner drained']);
  });
  it('given an event that cannot be read, then it is shown all the same', () => {
    const [first] = givenEvents(queued('j'));
    const raw = { ...first!, event: { type: 'JobTeleported', data: {} } };
    expect(unreadableEntry(raw)).toMatchObject({
      type: 'JobTeleported',
      sentence: 'an event of type JobTeleported, which this version cannot read',
    });
  });
});
