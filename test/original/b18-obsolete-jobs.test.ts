/** In the original a new patchset, a superseding change and a deletion left useless jobs running. Here a setting says what becomes of them. */
import { describe, expect, it } from 'vitest';
import { changes } from '../../plugin/hosts/standalone/changes.js';
import { stageRunIdOf } from '../../plugin/hosts/standalone/ids.js';
import type { StandaloneCommand } from '../../plugin/hosts/standalone/process.js';
import type { ChangeCommand, ObsoleteJobs } from '../../plugin/hosts/standalone/change.js';
import { aProject, aWorld, planned } from '../plugin/standalone/history.js';

const older = aProject('web', { branch: 'older' });
const newer = aProject('web', { branch: 'newer' });
const twoGroups = [planned('unit'), planned('quality', { group: 1 })];
const verify = (n: number): string => stageRunIdOf(older.id, 'verify', n);
const build = stageRunIdOf(older.id, 'build', 1);

type World = ReturnType<typeof aWorld>;

const submit = (world: World, sha: string, obsolete: ObsoleteJobs): void => {
  world.change({ ...older.submit(sha, twoGroups), obsolete } as ChangeCommand);
  world.settle();
};

const types = (world: World, run: string, phase: string): readonly string[] =>
  world.types(`phase_run-${world.phaseRunOf(run, phase)}`);

/** Jobs that run, and have not been told to end. */
const left = (world: World): readonly string[] =>
  world
    .running()
    .filter(({ stageRunId, phase }) => !types(world, stageRunId, phase).includes('PhaseCancelRequested'))
    .map(({ stageRunId, phase }) => `${stageRunId}/${phase}`);

describe('B18: a new patchset while Verify of the one before runs', () => {
  it('given cancel, then what ran is cancelled and the new one begins when it has ended', () => {
    const world = aWorld();
    submit(world, 'a1', 'cancel');
    submit(world, 'b2', 'cancel');
    expect(left(world)).toEqual([]);
    world.finishPhase(verify(0), 'unit', 'cancelled');
    world.settle();
    expect(left(world)).toEqual([`${verify(1)}/unit`]);
    expect(world.types(`stage_run-${verify(0)}`).at(-1)).toBe('StageRunCancelled');
  });

  it('given finish, then it goes on through all its groups, and the new one begins when it has ended', () => {
    const world = aWorld();
    submit(world, 'a1', 'finish');
    submit(world, 'b2', 'finish');
    expect(left(world)).toEqual([`${verify(0)}/unit`]);
    world.finishPhase(verify(0), 'unit', 'succeeded');
    world.settle();
    expect(left(world)).toEqual([`${verify(0)}/quality`]);
    const view = changes.init();
    for (const recorded of world.log) changes.evolve(view, recorded);
    expect(view.changes[older.id]?.stages).toMatchObject([{ status: 'running' }, { status: 'queued' }]);
    expect(view.changes[older.id]?.stages[0]).not.toHaveProperty('cancelRequested');
    expect(world.types(`stage_run-${verify(1)}`)).toEqual([]);
    world.finishPhase(verify(0), 'quality', 'failed');
    world.settle();
    expect(world.types(`stage_run-${verify(0)}`).at(-1)).toBe('StageRunFinished');
    // the end of the old one is nothing to the change: only the new one counts
    expect(world.tryChange(older.approve('b2', ['unit'], 2))?.code).toBe('stage_not_over');
    world.runOn();
    expect(world.tryChange(older.approve('b2', ['unit'], 2))).toBeUndefined();
  });

  it('given finish and a third, then the second, which only waits, ends without having begun', () => {
    const world = aWorld();
    for (const sha of ['a1', 'b2', 'c3']) submit(world, sha, 'finish');
    expect(world.types(`stage_run-${verify(1)}`)).toEqual(['StageRunCancelled']);
    world.runOn();
    expect([0, 2].map((n) => world.types(`stage_run-${verify(n)}`).at(-1))).toEqual([
      'StageRunFinished',
      'StageRunFinished',
    ]);
  });

  it('given finish, then a person may still end both, what runs and what waits', () => {
    const world = aWorld();
    submit(world, 'a1', 'finish');
    submit(world, 'b2', 'finish');
    world.change({ kind: 'CancelStage', changeId: older.id });
    world.settle();
    expect(left(world)).toEqual([]);
    world.runOn(() => 'cancelled');
    expect([0, 1].map((n) => world.types(`stage_run-${verify(n)}`).at(-1))).toEqual([
      'StageRunCancelled',
      'StageRunCancelled',
    ]);
  });
});

describe('B18: a deletion while Verify runs', () => {
  it.each([
    ['cancel', [], 'StageRunCancelled'],
    ['finish', [`${verify(0)}/unit`], 'StageRunFinished'],
  ] as const)('given %s, then of what ran goes on: %j', (obsolete, runs, end) => {
    const world = aWorld();
    submit(world, 'a1', 'cancel');
    world.change({ kind: 'DeleteChange', changeId: older.id, obsolete });
    world.settle();
    expect(left(world)).toEqual(runs);
    world.runOn(() => (obsolete === 'cancel' ? 'cancelled' : 'succeeded'));
    expect(world.types(`stage_run-${verify(0)}`).at(-1)).toBe(end);
    expect(world.types(`change-${older.id}`).at(-1)).toBe('StageEnded');
  });
});

/** The older change runs its Build once more, behind that of the newer one; then the newer one goes on to Acceptance. */
const passedBy = (policy: ObsoleteJobs): World => {
  const world = aWorld();
  world.obsoleteJobs(policy);
  for (const project of [older, newer]) {
    world.change(project.submit('a1'));
    world.runOn();
  }
  world.change(older.approve('a1', ['unit', 'deploy']));
  world.runOn(() => 'failed');
  world.change(newer.approve('a1', ['unit', 'deploy']));
  world.settle();
  world.change({ kind: 'RerunStage', changeId: older.id, stage: 'build' });
  world.settle();
  world.finishPhase(stageRunIdOf(newer.id, 'build', 0), 'unit', 'succeeded');
  return world;
};

describe('B18: a later change begins Acceptance while the older one runs Build', () => {
  const acceptance = `${stageRunIdOf(newer.id, 'acceptance', 0)}/deploy`;

  it.each([
    ['cancel', [acceptance], 'StageRunCancelled'],
    ['finish', [`${build}/unit`, acceptance], 'StageRunFinished'],
  ] as const)('given %s, then of both goes on: %j', (policy, runs, end) => {
    const world = passedBy(policy);
    world.settle();
    expect(left(world)).toEqual(runs);
    world.runOn(() => (policy === 'cancel' ? 'cancelled' : 'succeeded'));
    expect(world.types(`stage_run-${build}`).at(-1)).toBe(end);
    // whatever became of it: its Acceptance never begins
    expect(world.types(`change-${older.id}`).slice(-3)).toContain('ChangeSuperseded');
    expect(world.types(`stage_run-${stageRunIdOf(older.id, 'acceptance', 0)}`)).toEqual([]);
  });

  it('given finish, and its Acceptance waits behind that of the newer one already, then it never begins', () => {
    const world = passedBy('finish');
    // everything happens but this: the older one has not heard yet that it is superseded
    const held: StandaloneCommand[] = [];
    const settleBut = (): void => {
      for (let command = world.given.shift(); command; command = world.given.shift())
        if (command.kind === 'SupersedeChange') held.push(command);
        else world.perform(command);
    };
    settleBut();
    world.finishPhase(build, 'unit', 'succeeded');
    settleBut();
    const waiting = stageRunIdOf(older.id, 'acceptance', 0);
    expect(world.types(`change-${older.id}`).at(-1)).toBe('StageTriggered');
    for (const command of held) world.perform(command);
    world.runOn();
    expect(world.types(`stage_run-${waiting}`)).toEqual(['StageRunCancelled']);
  });
});
