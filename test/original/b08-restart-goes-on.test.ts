/** In the original a restart began every live stage anew, and turned phases that had passed into failed ones. Here it goes on where it was. */
import { describe, expect, it } from 'vitest';
import { stageRunIdOf } from '../../plugin/hosts/standalone/ids.js';
import type { Stage } from '../../src/domain/stage-plan.js';
import { aProject, aWorld, planned } from '../plugin/standalone/history.js';

const web = aProject('web', { dependencies: [{ project: 'api' }] });
const api = aProject('api');
const run = ['unit', 'quality', 'deploy', 'smoke'];
const verify = [planned('unit'), planned('lint')];

type World = ReturnType<typeof aWorld>;

const restarted = (world: World): World => aWorld('', world.log);

/** With one phase of the stage ended well, and whatever comes next promoted. */
const within = (stage: Stage): World => {
  const world = aWorld();
  const steps = [api.submit('a1', verify), api.approve('a1', run), api.deliver];
  for (const command of [web.submit('w1', verify), web.approve('w1', run), web.deliver]) {
    world.change(command);
    world.runOn();
  }
  const wanted = stageRunIdOf(api.id, stage, 0);
  for (const command of steps) {
    world.change(command);
    world.settle();
    for (let [next] = world.running(); next; [next] = world.running()) {
      world.finishPhase(next.stageRunId, next.phase, 'succeeded');
      world.settle();
      if (next.stageRunId === wanted) return world;
    }
  }
  return world;
};

/** Phases of all stage runs in the order in which they were promoted, as host keys. */
const promoted = (world: World): readonly string[] =>
  world.log.flatMap(({ event }) => (event.type === 'PhasePromoted' ? [event.data.hostKey] : []));

const stages: readonly Stage[] = ['verify', 'build', 'acceptance', 'union', 'rehearsal', 'delivered'];

describe.each(stages)('B8: a restart in the middle of %s', (stage) => {
  it('given a phase has passed, then nothing is run again, and it goes on with what is next', () => {
    const before = within(stage);
    const already = promoted(before);
    const world = restarted(before);
    world.settle();
    expect(promoted(world)).toEqual(already);
    expect(world.types(`stage_run-${stageRunIdOf(api.id, stage, 0)}`)).toContain('StagePhaseFinished');
    world.runOn();
    for (const command of [api.approve('a1', run), api.deliver]) {
      world.tryChange(command);
      world.runOn();
    }
    const all = promoted(world);
    expect(new Set(all).size).toBe(all.length);
    expect(world.types(`change-${api.id}`).filter((type) => type === 'StageTriggered')).toHaveLength(6);
    // no phase that had passed became anything else
    const ends = world.log.flatMap(({ event }) =>
      event.type === 'StageEnded' ? event.data.phases.map(({ outcome }) => outcome) : [],
    );
    expect(new Set(ends)).toEqual(new Set(['succeeded']));
  });
});

it('B8: given a restart while one consumer runs and another has passed, then only what runs is waited for', () => {
  const app = aProject('app', { dependencies: [{ project: 'api' }] });
  const world = aWorld();
  for (const project of [web, app]) {
    for (const command of [project.submit('a1'), project.approve('a1'), project.deliver]) {
      world.change(command);
      world.runOn();
    }
  }
  for (const command of [api.submit('a1'), api.approve('a1')]) {
    world.change(command);
    world.runOn();
  }
  const union = stageRunIdOf(api.id, 'union', 0);
  world.change(api.deliver);
  world.settle();
  for (const phase of ['deploy', `${web.id}/deploy`]) {
    world.finishPhase(union, phase, 'succeeded');
    world.settle();
  }
  const after = restarted(world);
  expect(after.given).toEqual([]);
  expect(after.running()).toEqual([{ stageRunId: union, phase: `${app.id}/deploy` }]);
  after.runOn();
  expect(after.past(`stage_run-${union}`).at(-1)).toEqual({
    type: 'StageRunFinished',
    data: { status: 'passed' },
  });
});
