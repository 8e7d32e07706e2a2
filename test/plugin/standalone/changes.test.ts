import * as E from 'fp-ts/lib/Either.js';
import { describe, expect, it } from 'vitest';
import { changeDecider, type ChangeCommand } from '../../../plugin/hosts/standalone/change.js';
import { changes } from '../../../plugin/hosts/standalone/changes.js';
import { stageRunIdOf } from '../../../plugin/hosts/standalone/ids.js';
import { stages } from '../../../src/domain/stage-plan.js';
import type { ChangeEvent } from '../../../src/events/catalog.js';
import { fold } from '../../../src/kernel/decider.js';
import { aQueuedJob } from '../../builders.js';
import { approve, aWorld, changeId, planned, submit } from './history.js';

const run = (n: number): string => stageRunIdOf(changeId, 'verify', n);
const plan = [planned('unit'), planned('lint', { skipped: true })];

const viewOf = (world: ReturnType<typeof aWorld>) => {
  const view = changes.init();
  for (const recorded of world.log) changes.evolve(view, recorded);
  return view;
};

describe('changes', () => {
  it('given a change submitted and nothing more, then its stage is queued and its phases wait', () => {
    const world = aWorld();
    world.change(submit('a1', plan));
    expect(viewOf(world).changes[changeId]).toEqual({
      ...{ id: changeId, title: 'Add b', branch: 'feature', pipeline: 'main' },
      ...{ enterprise: 'default', organisation: 'default', project: 'web' },
      ...{ patchset: 1, sha: 'a1', revision: 2 },
      ...{ status: 'open', moving: true, actions: ['cancel', 'delete'] },
      promotion: { status: 'proceed' },
      stages: [
        {
          ...{ stageRunId: run(0), stage: 'verify', patchset: 1, status: 'queued' },
          phases: [
            { phase: 'unit', status: 'waiting', jobs: [] },
            { phase: 'lint', status: 'skipped', jobs: [] },
          ],
        },
      ],
    });
  });

  it('given jobs queued and started, then the phase runs and names them', () => {
    const world = aWorld();
    world.change(submit('a1', plan));
    world.settle();
    const phaseRunId = world.phaseRunOf(run(0), 'unit');
    world.record('job-j1', { type: 'JobQueued', data: aQueuedJob({ phaseRunId }) });
    const [stage] = viewOf(world).changes[changeId]?.stages ?? [];
    expect(stage).toMatchObject({
      status: 'running',
      phases: [{ status: 'waiting', phaseRunId, jobs: ['j1'] }, {}],
    });
    world.record('job-j1', { type: 'JobStarted', data: { attempt: 1, pid: 1, startTime: '1', bootId: 'b' } });
    expect(viewOf(world).changes[changeId]?.stages[0]?.phases[0]?.status).toBe('running');
  });

  it('given jobs that all wait, again or still, then the stage waits for a runner; with one that a runner has it does not', () => {
    const world = aWorld();
    world.change(submit('a1', plan));
    world.settle();
    const phaseRunId = world.phaseRunOf(run(0), 'unit');
    const waits = (): boolean => viewOf(world).changes[changeId]?.stages[0]?.waiting === true;
    const assigned = (job: string, attempt: number) =>
      world.record(`job-${job}`, {
        type: 'JobAssigned',
        data: {
          ...{ attempt, runner: 'r1', slot: 0, fence: 1, baseId: 'b', bootId: 'b' },
          ...{ filterClass: 'any', rule: 'only_one' },
        },
      });
    expect(waits()).toBe(false);
    for (const job of ['j1', 'j2'])
      world.record(`job-${job}`, { type: 'JobQueued', data: aQueuedJob({ phaseRunId }) });
    expect(waits()).toBe(true);
    assigned('j1', 1);
    expect(waits()).toBe(false);
    world.record('job-j1', { type: 'JobRequeued', data: { attempt: 1, cause: 'infrastructure' } });
    expect(waits()).toBe(true);
    assigned('j1', 2);
    world.record('job-j1', { type: 'JobSucceeded', data: { attempt: 2 } });
    expect(waits()).toBe(true);
    assigned('j2', 1);
    world.record('job-j2', { type: 'JobSucceeded', data: { attempt: 1 } });
    // between the last job and the end of its phase nothing waits for a runner
    expect(waits()).toBe(false);
    expect(viewOf(world).placed).toEqual({ held: {}, live: {} });
  });

  it('given a phase that timed out, then this is its status, and the stage has failed', () => {
    const world = aWorld();
    world.change(submit('a1', plan));
    world.settle();
    world.finishPhase(run(0), 'unit', 'timed_out');
    world.settle();
    expect(viewOf(world).changes[changeId]?.stages[0]).toMatchObject({
      status: 'failed',
      phases: [{ status: 'timed_out' }, { status: 'skipped' }],
    });
  });

  it('given a second patchset, then both runs of Verify show, the newest last', () => {
    const world = aWorld();
    world.change(submit('a1', plan));
    world.change(submit('b2', plan));
    const view = viewOf(world).changes[changeId];
    expect([view?.patchset, view?.sha]).toEqual([2, 'b2']);
    expect(view?.stages.map(({ stageRunId }) => stageRunId)).toEqual([run(0), run(1)]);
  });

  it('given a whole life, then who did what, where it stands and what may be done next', () => {
    const world = aWorld();
    const now = () => viewOf(world).changes[changeId];
    world.change(submit('a1', plan));
    world.runOn();
    expect(now()).toMatchObject({
      ...{ status: 'open', moving: false, actions: ['approve', 'rerun-verify', 'delete'] },
    });
    world.refuseMerges('declined');
    world.change(approve('a1'));
    expect(now()).toMatchObject({ status: 'merging', moving: true, actions: [], approved: { by: 'baton' } });
    world.runOn();
    expect(now()).toMatchObject({ status: 'open', mergeRefused: { why: 'declined', detail: 'No.' } });
    expect(now()?.approved).toBeUndefined();
    world.refuseMerges(undefined);
    world.change(approve('a1'));
    world.runOn((phase) => (phase === 'unit' ? 'failed' : 'succeeded'));
    expect(now()).toMatchObject({
      ...{ status: 'merged', moving: false, actions: ['rerun-build'] },
      merge: { sha: 'merge-a1', targetSha: 'tip', branchDeleted: true },
    });
    expect(now()?.mergeRefused).toBeUndefined();
    world.change({ kind: 'RerunPhase', changeId, stage: 'build', phase: 'unit' });
    world.runOn();
    expect(now()).toMatchObject({ status: 'merged', actions: ['deliver', 'rerun-acceptance'] });
    world.change({ kind: 'DeliverChange', changeId });
    world.runOn();
    expect(now()).toMatchObject({ status: 'delivered', moving: false, actions: ['rerun-delivered'] });
  });

  it('given a stage that has ended, of which the change has not taken notice, then it still moves', () => {
    const world = aWorld();
    world.change(submit('a1', [planned('unit', { skipped: true })]));
    for (let command = world.given.shift(); command; command = world.given.shift())
      if (command.kind !== 'RecordStageEnded') world.perform(command);
    const view = viewOf(world);
    expect(view.changes[changeId]).toMatchObject({ moving: true, stages: [{ status: 'passed' }] });
    expect(view.unnoticed).toEqual({ [run(0)]: changeId });
  });

  it('given a phase run again, then what is kept shows with the jobs that it had', () => {
    const world = aWorld();
    world.change(submit('a1', [planned('unit'), planned('lint')]));
    world.settle();
    const phaseRunId = world.phaseRunOf(run(0), 'lint');
    world.record('job-j1', { type: 'JobQueued', data: aQueuedJob({ phaseRunId }) });
    world.runOn((phase) => (phase === 'unit' ? 'failed' : 'succeeded'));
    world.change({ kind: 'RerunPhase', changeId, stage: 'verify', phase: 'unit' });
    expect(viewOf(world).changes[changeId]?.stages[1]?.phases).toEqual([
      { phase: 'unit', status: 'waiting', jobs: [] },
      { phase: 'lint', status: 'succeeded', phaseRunId, kept: true, jobs: ['j1'] },
    ]);
  });

  it('offers exactly what the decider takes', () => {
    const world = aWorld();
    const check = (): void => {
      const past = world.past(`change-${changeId}`) as readonly ChangeEvent[];
      const takes = (command: ChangeCommand): boolean =>
        E.isRight(changeDecider.decide(command, fold(changeDecider, past)));
      const expected = [
        ...(takes(approve('a1')) ? ['approve'] : []),
        ...(takes({ kind: 'DeliverChange', changeId }) ? ['deliver'] : []),
        ...stages.flatMap((stage) =>
          takes({ kind: 'RerunStage', changeId, stage }) ? [`rerun-${stage}`] : [],
        ),
        ...(takes({ kind: 'CancelStage', changeId }) ? ['cancel'] : []),
        ...(takes({ kind: 'DeleteChange', changeId }) ? ['delete'] : []),
      ];
      expect(viewOf(world).changes[changeId]?.actions).toEqual(expected);
    };
    world.change(submit('a1'));
    for (const command of [approve('a1'), { kind: 'DeliverChange', changeId }] as const) {
      check();
      world.runOn();
      check();
      world.change(command);
    }
    check();
    world.runOn();
    check();
  });

  it('is plain JSON', () => {
    const world = aWorld();
    world.change(submit('a1', plan));
    world.settle();
    const view = viewOf(world);
    expect(JSON.parse(JSON.stringify(view))).toEqual(view);
  });
});
