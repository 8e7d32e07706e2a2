import { describe, expect, it } from 'vitest';
import type { ChangeView } from '../../src/app/change-view.js';
import { stageText } from '../../src/cli/change-text.js';
import {
  openRun,
  openStage,
  runsOf,
  runStatus,
  stepsOf,
  titleOf,
  type StageRun,
} from '../../src/web/changes/stages.js';
import {
  blockedText,
  containedIn,
  deedsOf,
  listed,
  pipelineText,
  placeOf,
  standingOf,
  waitsFor,
  whyNot,
} from '../../src/web/changes/words.js';

const deed = { by: 'ada', at: '2026-01-31T12:00:00.000Z' };

const run = (stage: string, status: StageRun['status'], stageRunId = stage): StageRun => ({
  ...{ stage, status, stageRunId, patchset: 1, phases: [] },
});

const aChange = (more: Partial<ChangeView>): ChangeView => ({
  ...{ id: 'one', title: 'Try', branch: 'feature', pipeline: 'main', enterprise: 'acme' },
  ...{ organisation: 'shop', project: 'web', patchset: 1, sha: 'a'.repeat(40), status: 'open' },
  ...{ moving: false, actions: [], promotion: { status: 'proceed' }, stages: [], revision: 1 },
  ...more,
});

const gatesOf = (more: Partial<ChangeView>): readonly string[] =>
  stepsOf(aChange(more)).flatMap((step) => (step.kind === 'gate' ? [step.state.kind] : []));

describe('the steps of a change', () => {
  it('are six stages, with approve after Verify and deliver after Acceptance', () => {
    const names = stepsOf(aChange({})).map((step) => (step.kind === 'gate' ? `(${step.gate})` : step.stage));
    expect(names.join(' ')).toBe('verify (approve) build acceptance (deliver) union rehearsal delivered');
  });

  it('have gates that wait, are open, move, are passed, or never come', () => {
    expect(gatesOf({})).toEqual(['waits', 'waits']);
    expect(gatesOf({ actions: ['approve'] })).toEqual(['open', 'waits']);
    expect(gatesOf({ status: 'merging', approved: deed })).toEqual(['moving', 'waits']);
    expect(gatesOf({ status: 'merged', approved: deed })).toEqual(['passed', 'waits']);
    expect(gatesOf({ status: 'merged', approved: deed, actions: ['deliver'] })).toEqual(['passed', 'open']);
    expect(gatesOf({ status: 'delivered', approved: deed, delivered: deed })).toEqual(['passed', 'passed']);
    expect(gatesOf({ status: 'superseded', approved: deed })).toEqual(['passed', 'never']);
    expect(gatesOf({ status: 'deleted', deleted: deed })).toEqual(['never', 'never']);
  });

  it('have all runs of their stage, oldest first', () => {
    const change = aChange({ stages: [run('verify', 'failed', 'v1'), run('verify', 'passed', 'v2')] });
    expect(runsOf(change, 'verify').map(({ stageRunId }) => stageRunId)).toEqual(['v1', 'v2']);
    expect(runsOf(change, 'build')).toEqual([]);
  });
});

describe('the stage that is open', () => {
  const change = aChange({ stages: [run('verify', 'passed'), run('build', 'running')] });

  it('is that of the newest run until the reader chooses another, which may not have begun', () => {
    expect(openStage(change, undefined)).toBe('build');
    expect(openStage(change, 'verify')).toBe('verify');
    expect(openStage(change, 'union')).toBe('union');
  });

  it('is no gate and nothing that is no stage, and Verify where there is none yet', () => {
    expect(openStage(change, 'approve')).toBe('build');
    expect(openStage(change, 'nonsense')).toBe('build');
    expect(openStage(aChange({}), undefined)).toBe('verify');
  });

  it('shows its newest run, or the one chosen if it has it', () => {
    const runs = [run('verify', 'failed', 'v1'), run('verify', 'passed', 'v2')];
    expect(openRun(runs, undefined)?.stageRunId).toBe('v2');
    expect(openRun(runs, 'v1')?.stageRunId).toBe('v1');
    expect(openRun(runs, 'b1')?.stageRunId).toBe('v2');
    expect(openRun([], 'v1')).toBeUndefined();
  });

  it('is cancelling only while it has not ended', () => {
    const cancelRequested = { ...deed, why: 'asked' };
    expect(runStatus({ status: 'running', cancelRequested })).toBe('cancelling');
    expect(runStatus({ status: 'cancelled', cancelRequested })).toBe('cancelled');
    expect(titleOf('verify')).toBe('Verify');
  });
});

describe('a change in words', () => {
  it('is where its live run is, else where its newest is', () => {
    expect(placeOf(aChange({}))).toBeUndefined();
    const live = aChange({ stages: [run('verify', 'running', 'v1'), run('verify', 'queued', 'v2')] });
    expect(placeOf(live)).toEqual({ stage: 'Verify', status: 'queued' });
    expect(placeOf(aChange({ stages: [run('build', 'failed')] }))).toEqual({
      ...{ stage: 'Build', status: 'failed' },
    });
  });

  it('says what it waits for, and nothing of one that moves or is through', () => {
    expect(waitsFor(aChange({ actions: ['approve', 'rerun-verify', 'delete'] }))).toBe('waits for approval');
    expect(waitsFor(aChange({ status: 'merged', actions: ['deliver'] }))).toBe('waits for delivery');
    expect(waitsFor(aChange({ moving: true, actions: ['cancel'] }))).toBeUndefined();
    const failed = { stages: [run('verify', 'failed')], actions: ['rerun-verify', 'delete'] };
    expect(waitsFor(aChange(failed))).toBe('waits for a better patchset');
    const build = { stages: [run('build', 'failed')], actions: ['rerun-build'] };
    expect(waitsFor(aChange({ ...build, status: 'merged' }))).toBe('waits for somebody to run it again');
    const through = { stages: [run('delivered', 'passed')], actions: ['rerun-delivered'] };
    expect(waitsFor(aChange({ ...through, status: 'delivered' }))).toBeUndefined();
  });

  it('says why a deed must wait', () => {
    expect(whyNot(aChange({ actions: ['approve'] }), 'approve')).toBeUndefined();
    expect(whyNot(aChange({ stages: [run('verify', 'running')] }), 'approve')).toBe(
      'Verify has not ended yet.',
    );
    expect(whyNot(aChange({ stages: [run('verify', 'failed')] }), 'approve')).toBe('Verify has failed.');
    expect(whyNot(aChange({}), 'deliver')).toBe('It is not approved.');
    expect(whyNot(aChange({ status: 'merged' }), 'deliver')).toBe('Acceptance has not begun.');
    expect(whyNot(aChange({ status: 'merging' }), 'delete')).toBe('The merge is on its way.');
    expect(deedsOf({ status: 'merged' })).toEqual(['deliver']);
    expect(deedsOf({ status: 'superseded' })).toEqual([]);
  });

  it('names blocked pipelines, with the organisation of others, and those still to pass', () => {
    const web = { organisation: 'shop', project: 'web', pipeline: 'main', passed: true };
    const base = { organisation: 'infra', project: 'base', pipeline: 'main', passed: false };
    expect(pipelineText(aChange({}), base)).toBe('infra/base:main');
    expect(listed(['a', 'b', 'c'])).toBe('a, b and c');
    expect(blockedText(aChange({}), { since: deed.at, pipelines: [web, base] })).toBe(
      'Union of web:main and infra/base:main has not passed. Still to pass: infra/base:main.',
    );
    const neither = { since: deed.at, pipelines: [{ ...web, passed: false }, base] };
    expect(blockedText(aChange({}), neither)).toBe('Union of web:main and infra/base:main has not passed.');
  });

  it('contains what it superseded, and what that had superseded, and nothing else', () => {
    const superseded = [
      { id: 'two', title: '2', supersededBy: 'one' },
      { id: 'three', title: '3', supersededBy: 'two' },
      { id: 'elsewhere', title: '4', supersededBy: 'other' },
    ];
    expect(containedIn('one', superseded).map(({ id }) => id)).toEqual(['two', 'three']);
    expect(containedIn('three', superseded)).toEqual([]);
  });
});

describe('a stage whose jobs all wait for a runner', () => {
  const change = aChange({ moving: true, stages: [{ ...run('verify', 'running'), waiting: true }] });

  it('says so, with the words of the command line', () => {
    expect(stageText(change)).toBe('verify waiting for a runner');
    const place = placeOf(change);
    expect(`${place?.stage} ${place?.status.replaceAll('_', ' ')}`.toLowerCase()).toBe(stageText(change));
    expect(standingOf(change)).toBe('It waits for a runner.');
    expect(standingOf(aChange({ moving: true, stages: [run('verify', 'running')] }))).toBe(
      'It goes on by itself.',
    );
  });

  it('is cancelling once its end has been asked for', () => {
    const [stage] = change.stages;
    const cancelled = stage && { ...stage, cancelRequested: { ...deed, why: 'asked' } };
    expect(cancelled && runStatus(cancelled)).toBe('cancelling');
  });
});
