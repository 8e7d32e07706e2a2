import { describe, expect, it } from 'vitest';
import { changes } from '../../../plugin/hosts/standalone/changes.js';
import { stageRunIdOf } from '../../../plugin/hosts/standalone/ids.js';
import { aQueuedJob } from '../../builders.js';
import { aWorld, changeId, planned, submit } from './history.js';

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
      stages: [
        {
          ...{ stageRunId: run(0), stage: 'verify', status: 'queued' },
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

  it('is plain JSON', () => {
    const world = aWorld();
    world.change(submit('a1', plan));
    world.settle();
    const view = viewOf(world);
    expect(JSON.parse(JSON.stringify(view))).toEqual(view);
  });
});
