import { describe, expect, it } from 'vitest';
import { jobs } from '../../projections/jobs.js';
import type { Given } from '../given.js';
import { givenEvents, viewOf } from '../given.js';
import { assigned, cancelAsked, failed, queued, requeued, started, succeeded } from './stories.js';

const jobAfter = (...events: readonly Given[]) => viewOf(jobs, givenEvents(...events))['j1'];
const ended = (event: Given) => jobAfter(queued('j1'), assigned('j1'), started('j1'), event)?.summary;
const end = (event: object): Given => ({ stream: 'job-j1', ...event }) as Given;

describe('a job as it is now', () => {
  it('given a job that ran, then it has the times of its attempt and the revision of its stream', () => {
    const job = jobAfter(queued('j1'), assigned('j1'), started('j1'), succeeded('j1'));
    expect(job).toMatchObject({
      status: 'succeeded',
      queuedAt: '2026-01-01T00:00:00.000Z',
      endedAt: '2026-01-01T00:00:03.000Z',
      revision: 3,
    });
    expect(job?.attempts).toEqual([
      {
        attempt: 1,
        runner: 'r1',
        slot: 0,
        rule: 'only_match',
        queuedAt: '2026-01-01T00:00:00.000Z',
        assignedAt: '2026-01-01T00:00:01.000Z',
        startedAt: '2026-01-01T00:00:02.000Z',
        endedAt: '2026-01-01T00:00:03.000Z',
        pid: 7,
        exitCode: 0,
      },
    ]);
  });
  it('given a job whose outputs are kept apart, then it says so from the beginning; another says nothing', () => {
    const story = queued('j1');
    const split = { ...story, data: { ...story.data, output: 'split' } } as Given;
    expect(jobAfter(split)?.output).toBe('split');
    expect(Object.keys(jobAfter(story) ?? {})).not.toContain('output');
  });
  it.each([
    ['always', succeeded('j1'), true],
    ['on_failure', succeeded('j1'), false],
    ['on_failure', failed('j1', 3), true],
    ['never', failed('j1', 3), false],
  ] as const)('given keep %s, then it says what stays on the runner, and until when', (keep, last, stays) => {
    const story = queued('j1');
    const kept = { ...story, data: { ...story.data, workspace: { keep, keepMs: 60_000 } } } as Given;
    const job = jobAfter(kept, assigned('j1'), started('j1'), last);
    expect(job?.attempts[0]?.kept).toEqual(
      stays ? { folder: 'j1.1.ws', until: '2026-01-01T00:01:03.000Z' } : undefined,
    );
    // what never began left nothing
    expect(jobAfter(kept, assigned('j1'), requeued('j1'))?.attempts[0]?.kept).toBeUndefined();
  });
  it('given an attempt that infrastructure ended, then it waits again and the attempt says why', () => {
    const job = jobAfter(queued('j1'), assigned('j1'), requeued('j1'));
    expect(job?.status).toBe('queued');
    expect(job?.attempts[0]).toMatchObject({
      endedAt: '2026-01-01T00:00:02.000Z',
      why: 'no space on the runner',
    });
  });
  it('given an end, when a late report comes, then the end stands', () => {
    const job = jobAfter(
      queued('j1'),
      assigned('j1'),
      started('j1'),
      failed('j1', 3),
      started('j1'),
      succeeded('j1'),
    );
    expect(job).toMatchObject({ status: 'failed', summary: 'failed with exit code 3', revision: 5 });
  });
  it('given a report that came too late, then the job says what was refused, and is as it was', () => {
    const ended = [queued('j1'), assigned('j1'), started('j1'), failed('j1', 3)];
    const refused = end({
      type: 'JobReportRefused',
      data: {
        attempt: 1,
        report: 'finished',
        outcome: 'succeeded',
        exitCode: 0,
        why: 'job_already_finished',
      },
    });
    const { refusedReports, revision, position, ...rest } = jobAfter(...ended, refused) ?? {};
    expect(refusedReports).toEqual([
      {
        ...{ at: '2026-01-01T00:00:04.000Z', attempt: 1, report: 'finished' },
        ...{ outcome: 'succeeded', exitCode: 0, why: 'job_already_finished' },
      },
    ]);
    expect([revision, position]).toEqual([4, '5']);
    const { revision: _, position: __, ...before } = jobAfter(...ended) ?? {};
    expect(rest).toEqual(before);
  });
  it('given a final report, then its attempt says what was told, and when', () => {
    const told = end({ type: 'JobReported', data: { attempt: 1, success: false, status: 'broken' } });
    const job = jobAfter(queued('j1'), assigned('j1'), started('j1'), told, succeeded('j1'));
    expect(job?.attempts[0]?.reported).toEqual({
      ...{ at: '2026-01-01T00:00:03.000Z', success: false, status: 'broken' },
    });
  });
  it('given a log that is not collected for now, then it says why, until it goes on or ends', () => {
    const pause = end({ type: 'JobCollectionPaused', data: { attempt: 1, why: 'w', detail: 'Gone.' } });
    const resume = end({ type: 'JobCollectionResumed', data: { attempt: 1 } });
    const story = [queued('j1'), assigned('j1'), started('j1'), pause];
    expect(jobAfter(...story)).toMatchObject({
      ...{ status: 'running', revision: 3 },
      collectionPaused: { at: '2026-01-01T00:00:03.000Z', why: 'w', detail: 'Gone.' },
    });
    expect(jobAfter(...story, resume)?.collectionPaused).toBeUndefined();
    expect(jobAfter(...story, succeeded('j1'))?.collectionPaused).toBeUndefined();
  });
  it('given events of a job that was never queued, then there is no such job', () => {
    expect(jobAfter(started('j1'), succeeded('j1'))).toBeUndefined();
  });
  it('given a job named like something every object has, then it is a job like others', () => {
    const view = viewOf(
      jobs,
      givenEvents(started('constructor'), queued('__proto__'), succeeded('__proto__')),
    );
    expect(Object.keys(view)).toEqual(['__proto__']);
    expect(JSON.stringify(view)).toContain('"status":"succeeded"');
  });
});

describe('the sentence that says how a job ended', () => {
  it('tells a guess as a guess', () => {
    expect(ended(failed('j1', 3))).toBe('failed with exit code 3');
    expect(ended(failed('j1', 143, 'TERM'))).toBe('failed with exit code 143, probably ended by TERM');
  });
  it('names who cancelled and what came of it', () => {
    const evidence = { how: 'signalled', signals: ['TERM'], exitCode: 143 };
    const job = jobAfter(
      queued('j1'),
      assigned('j1'),
      started('j1'),
      cancelAsked('j1', { by: 'alice', reason: 'wrong branch' }),
      end({ type: 'JobCancelled', data: { attempt: 1, evidence } }),
    );
    expect(job?.summary).toBe('cancelled by alice: process ended by TERM');
    expect(job?.cancelRequested).toEqual({
      at: '2026-01-01T00:00:03.000Z',
      by: 'alice',
      reason: 'wrong branch',
    });
    expect(job?.evidence).toEqual(evidence);
  });
  it('says when something survived a cancel', () => {
    const evidence = { how: 'signalled', signals: ['TERM', 'KILL'], survivors: [{ pid: 12 }, { pid: 13 }] };
    expect(ended(end({ type: 'JobCancelled', data: { attempt: 1, evidence } }))).toBe(
      'cancelled: incomplete, 2 processes survived (pid 12, 13)',
    );
  });
  it.each([
    [
      { type: 'JobCancelled', data: { evidence: { how: 'never_started' } } },
      'cancelled: nothing had started',
    ],
    [
      {
        type: 'JobTimedOut',
        data: { attempt: 1, which: 'total', evidence: { how: 'signalled', signals: ['TERM', 'KILL'] } },
      },
      'timed out: its time limit was reached, process ended by KILL after TERM',
    ],
    [
      { type: 'JobLost', data: { why: 'reboot', detail: 'the runner was rebooted' } },
      'lost: the runner was rebooted',
    ],
    [{ type: 'JobExpired', data: { why: 'queue', detail: 'it waited 5 min' } }, 'expired: it waited 5 min'],
    [{ type: 'JobUndeliverable', data: { why: 'x', detail: 'no runner' } }, 'undeliverable: no runner'],
  ])('%j', (event, sentence) => {
    expect(ended(end(event))).toBe(sentence);
  });
});
