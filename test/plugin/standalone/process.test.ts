import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { stageRunIdOf } from '../../../plugin/hosts/standalone/ids.js';
import { standaloneProcess, type StandaloneCommand } from '../../../plugin/hosts/standalone/process.js';
import type { Recorded } from '../../../src/kernel/recorded.js';
import type { BatonEvent } from '../../../src/events/catalog.js';
import type { Outcome } from '../../../src/events/shapes.js';
import { aWorld, changeId, planned, submit } from './history.js';

const run = (n: number): string => stageRunIdOf(changeId, 'verify', n);
const kinds = (commands: readonly StandaloneCommand[]): readonly string[] =>
  commands.map((command) =>
    command.kind === 'PromotePhase' ? `PromotePhase ${command.data.phase}` : command.kind,
  );

const twoGroups = [
  planned('unit'),
  planned('lint'),
  planned('quality', { group: 1 }),
  planned('publish', { group: 2 }),
];

describe('the standalone process', () => {
  it('given a change submitted, then its stage run is started and the phases of the first group promoted', () => {
    const world = aWorld();
    world.change(submit('a1', twoGroups));
    expect(kinds(world.given)).toEqual(['StartStageRun']);
    const [start] = world.given;
    expect([start?.correlationId, start?.causationId]).toEqual([changeId, world.log.at(-1)?.id]);
    world.perform(world.given.shift() as StandaloneCommand);
    expect(kinds(world.given)).toEqual(['PromotePhase unit', 'PromotePhase lint']);
    const promotion = world.given[0];
    expect(promotion?.kind === 'PromotePhase' && promotion.data).toMatchObject({
      ...{ host: 'standalone', hostKey: `${run(0)}/unit`, attempt: 1, stage: 'verify' },
      change: { id: changeId, title: 'Add b', patchset: 1 },
    });
  });

  it('given a group has ended well, then the next group; when all have, then the run passes', () => {
    const world = aWorld();
    world.change(submit('a1', twoGroups));
    world.settle();
    world.finishPhase(run(0), 'unit', 'succeeded');
    world.settle();
    expect(world.types(`phase_run-${world.phaseRunOf(run(0), 'quality')}`)).toEqual([]);
    for (const phase of ['lint', 'quality', 'publish']) {
      world.finishPhase(run(0), phase, 'succeeded');
      world.settle();
    }
    expect(world.log.at(-1)?.event).toEqual({ type: 'StageRunFinished', data: { status: 'passed' } });
  });

  it('given one of a group failed, then its siblings run to their end and later groups never start', () => {
    const world = aWorld();
    world.change(submit('a1', twoGroups));
    world.settle();
    world.finishPhase(run(0), 'unit', 'failed');
    world.settle();
    expect(world.types(`stage_run-${run(0)}`)).toEqual(['StageRunStarted', 'StagePhaseFinished']);
    world.finishPhase(run(0), 'lint', 'succeeded');
    world.settle();
    expect(world.log.at(-1)?.event).toEqual({ type: 'StageRunFinished', data: { status: 'failed' } });
    expect(world.types(`phase_run-${world.phaseRunOf(run(0), 'quality')}`)).toEqual([]);
  });

  it('given every phase skipped, then the run passes without a promotion', () => {
    const world = aWorld();
    world.change(submit('a1', [planned('unit', { skipped: true })]));
    world.settle();
    expect(world.types(`stage_run-${run(0)}`)).toEqual(['StageRunStarted', 'StageRunFinished']);
  });

  it('given a second patchset while Verify runs, then its run waits for the end of the first', () => {
    const world = aWorld();
    world.change(submit('a1', [planned('unit')]));
    world.settle();
    world.change(submit('b2', [planned('unit')]));
    world.settle();
    expect(world.types(`stage_run-${run(1)}`)).toEqual([]);
    world.finishPhase(run(0), 'unit', 'failed');
    world.settle();
    expect(world.types(`stage_run-${run(1)}`)).toEqual(['StageRunStarted']);
    expect(world.log.find(({ stream }) => stream === `stage_run-${run(1)}`)?.event.data).toMatchObject({
      ...{ patchset: 2, source: { sha: 'b2' } },
    });
  });

  it('given a retry of one of our phases, or a phase of another host, then it changes nothing', () => {
    const world = aWorld();
    world.change(submit('a1', [planned('unit')]));
    world.perform(world.given.shift() as StandaloneCommand);
    const promote = world.given[0];
    if (promote?.kind !== 'PromotePhase') throw new Error('no promotion');
    world.settle();
    world.record('phase_run-x', { type: 'PhasePromoted', data: { ...promote.data, host: 'other' } });
    world.record('phase_run-y', { type: 'PhasePromoted', data: { ...promote.data, attempt: 2 } });
    for (const id of ['x', 'y', 'unheard-of'])
      world.record(`phase_run-${id}`, { type: 'PhaseFinished', data: { outcome: 'failed', jobs: [] } });
    expect(world.given).toEqual([]);
    world.finishPhase(run(0), 'unit', 'succeeded');
    world.settle();
    expect(world.log.at(-1)?.event).toEqual({ type: 'StageRunFinished', data: { status: 'passed' } });
  });

  it('given a prefix before every stream, then it works the same', () => {
    const world = aWorld('site_one-');
    world.change(submit('a1', [planned('unit')]));
    world.settle();
    world.finishPhase(run(0), 'unit', 'succeeded');
    world.settle();
    expect(world.types(`stage_run-${run(0)}`).at(-1)).toBe('StageRunFinished');
  });

  it('given a run that has ended, then nothing of it is remembered', () => {
    const world = aWorld();
    world.change(submit('a1', twoGroups));
    world.settle();
    for (const phase of ['unit', 'lint', 'quality', 'publish']) {
      world.finishPhase(run(0), phase, 'succeeded');
      world.settle();
    }
    const { queues, queueOfRun, phaseRuns } = world.state();
    expect([queues.size, queueOfRun.size, phaseRuns.size]).toEqual([0, 0, 0]);
  });
});

const resumed = (log: readonly Recorded<BatonEvent>[]): readonly StandaloneCommand[] => {
  const state = log.reduce(standaloneProcess.evolve, standaloneProcess.init());
  return standaloneProcess.resume(state);
};
const byId = (commands: readonly StandaloneCommand[]) =>
  [...new Map(commands.map((command) => [command.commandId, command])).values()].toSorted((a, b) =>
    a.commandId < b.commandId ? -1 : 1,
  );

describe('resume', () => {
  const outcomes = fc.constantFrom<Outcome>('succeeded', 'succeeded', 'succeeded', 'failed', 'cancelled');
  /** Each step: perform one of the given commands, lose nothing; or end a phase; or submit again. */
  const steps = fc.array(fc.tuple(fc.nat(9), fc.nat(9), outcomes), { minLength: 5, maxLength: 60 });

  it('given a crash after any event, then it owes exactly what react gave and nobody performed, under the same ids', () => {
    fc.assert(
      fc.property(steps, (script) => {
        const world = aWorld();
        world.change(submit('s0', twoGroups));
        const running: { stageRunId: string; phase: string }[] = [];
        let submitted = 1;
        for (const [what, pick, outcome] of script) {
          if (what < 6 && world.given.length > 0) {
            const [command] = world.given.splice(pick % world.given.length, 1);
            if (!command) continue;
            if (command.kind === 'PromotePhase') {
              const [stageRunId = '', phase = ''] = command.data.hostKey.split('/');
              running.push({ stageRunId, phase });
            }
            world.perform(command);
          } else if (what < 9 && running.length > 0) {
            const [ended] = running.splice(pick % running.length, 1);
            if (ended) world.finishPhase(ended.stageRunId, ended.phase, outcome);
          } else if (what === 9) world.change(submit(`s${submitted++}`, twoGroups));
          expect(byId(resumed(world.log))).toEqual(byId(world.given));
        }
      }),
      { numRuns: 200 },
    );
  });

  it('given a command performed twice, then the second time changes nothing', () => {
    const world = aWorld();
    world.change(submit('a1', [planned('unit')]));
    const [start] = world.given;
    world.settle();
    const length = world.log.length;
    world.perform(start as StandaloneCommand);
    expect(world.log).toHaveLength(length);
  });
});
