import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ChangeCommand } from '../../../plugin/hosts/standalone/change.js';
import { changeIdOf, pipelineIdOf, stageRunIdOf } from '../../../plugin/hosts/standalone/ids.js';
import { standaloneProcess, type StandaloneCommand } from '../../../plugin/hosts/standalone/process.js';
import { stages } from '../../../src/domain/stage-plan.js';
import type { Recorded } from '../../../src/kernel/recorded.js';
import type { BatonEvent } from '../../../src/events/catalog.js';
import type { Outcome } from '../../../src/events/shapes.js';
import {
  approve,
  aProject,
  aWorld,
  changeId,
  configured,
  mergeOf,
  planned,
  scope,
  submit,
} from './history.js';

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
    expect(world.past(`stage_run-${run(0)}`).at(-1)).toEqual({
      ...{ type: 'StageRunFinished', data: { status: 'passed' } },
    });
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
    expect(world.past(`stage_run-${run(0)}`).at(-1)).toEqual({
      ...{ type: 'StageRunFinished', data: { status: 'failed' } },
    });
    expect(world.types(`phase_run-${world.phaseRunOf(run(0), 'quality')}`)).toEqual([]);
  });

  it('given every phase skipped, then the run passes without a promotion', () => {
    const world = aWorld();
    world.change(submit('a1', [planned('unit', { skipped: true })]));
    world.settle();
    expect(world.types(`stage_run-${run(0)}`)).toEqual(['StageRunStarted', 'StageRunFinished']);
  });

  it('given a second patchset while Verify runs, then the old run is cancelled and the new one starts when it has ended', () => {
    const world = aWorld();
    world.change(submit('a1', twoGroups));
    world.settle();
    world.finishPhase(run(0), 'unit', 'succeeded');
    world.settle();
    world.change(submit('b2', [planned('unit')]));
    world.settle();
    expect(world.types(`stage_run-${run(1)}`)).toEqual([]);
    const asked = `phase_run-${world.phaseRunOf(run(0), 'lint')}`;
    expect(world.types(asked)).toEqual(['PhasePromoted', 'PhaseCancelRequested']);
    expect(world.types(`phase_run-${world.phaseRunOf(run(0), 'unit')}`).at(-1)).toBe('PhaseFinished');
    world.finishPhase(run(0), 'lint', 'cancelled');
    world.settle();
    expect(world.past(`stage_run-${run(0)}`).at(-1)).toEqual({
      ...{ type: 'StageRunCancelled', data: { changeId, stage: 'verify', why: 'new_patchset' } },
    });
    expect(world.types(`stage_run-${run(1)}`)).toEqual(['StageRunStarted']);
    expect(world.past(`stage_run-${run(1)}`)[0]?.data).toMatchObject({
      ...{ patchset: 2, source: { sha: 'b2' } },
    });
  });

  it('given a third patchset, then the waiting run of the second ends at once and never starts', () => {
    const world = aWorld();
    for (const sha of ['a1', 'b2', 'c3']) {
      world.change(submit(sha));
      world.settle();
    }
    expect(world.types(`stage_run-${run(1)}`)).toEqual(['StageRunCancelled']);
    world.runOn(() => 'cancelled');
    expect(world.types(`stage_run-${run(2)}`)).toContain('StageRunStarted');
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
    expect(world.past(`stage_run-${run(0)}`).at(-1)).toEqual({
      ...{ type: 'StageRunFinished', data: { status: 'passed' } },
    });
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

/** Everything a person could do now is done, until nothing can be done any more. */
const toTheEnd = (world: ReturnType<typeof aWorld>, sha = 'a1'): void => {
  world.runOn();
  if (!world.tryChange(approve(sha, ['unit', 'publish', 'deploy', 'smoke']))) world.runOn();
  if (!world.tryChange({ kind: 'DeliverChange', changeId })) world.runOn();
};

const stagesOf = (world: ReturnType<typeof aWorld>): readonly string[] =>
  world
    .past(`change-${changeId}`)
    .flatMap((event) =>
      event.type === 'StageTriggered'
        ? [event.data.stage]
        : event.type === 'StageEnded'
          ? [`${event.data.stage} ${event.data.status}`]
          : [event.type],
    );

describe('from Verify to Delivered', () => {
  it('given an approval, then the merge, Build and Acceptance; given a delivery, then Union, Rehearsal and Delivered', () => {
    const world = aWorld();
    world.change(submit('a1'));
    world.runOn();
    world.change(approve('a1'));
    expect(world.given.at(-1)).toMatchObject({ kind: 'PerformMerge', source: mergeOf('a1') });
    world.runOn();
    world.change({ kind: 'DeliverChange', changeId });
    world.runOn();
    expect(stagesOf(world)).toEqual([
      ...['ChangeOpened', 'PatchsetAdded', 'verify', 'verify passed'],
      ...['MergeIntended', 'ChangeMerged', 'build', 'build passed', 'acceptance', 'acceptance passed'],
      ...['ChangeDelivered', 'union', 'union passed', 'rehearsal', 'rehearsal passed', 'delivered'],
      'delivered passed',
    ]);
    const shas = world.log.flatMap(({ event }) =>
      event.type === 'StageRunStarted' ? [`${event.data.stage} ${event.data.source.sha}`] : [],
    );
    expect(shas[0]).toBe('verify a1');
    expect(new Set(shas.slice(1).map((text) => text.split(' ')[1]))).toEqual(new Set(['merge-a1']));
    expect(world.types(`pipeline-${pipelineIdOf(scope, 'main')}`)).toEqual([
      'ChangesetJoined',
      'ChangesetClosed',
    ]);
  });

  it('given a stage that runs a phase otherwise, then it is promoted so there and only there', () => {
    const world = aWorld();
    world.change(submit('a1'));
    world.runOn();
    const row = { label: '', filter: [{ key: 'labels', op: 'all' as const, values: ['live'] }] };
    const deploy = configured('deploy').find(({ phase }) => phase === 'deploy');
    if (deploy === undefined) expect.fail('no such phase');
    const workspace = { cache: 'npm' };
    world.change({
      ...approve('a1'),
      overrides: [
        { stage: 'delivered', phases: [{ ...deploy, rows: [row], priority: 7, slots: 2, workspace }] },
      ],
    } as ChangeCommand);
    world.runOn();
    world.change({ kind: 'DeliverChange', changeId });
    world.runOn();
    const promoted = world.log.flatMap(({ event }) =>
      event.type === 'PhasePromoted' && event.data.phase === 'deploy' ? [event.data] : [],
    );
    expect(
      promoted.map(({ stage, rows, priority, slots, workspace: found }) => [
        stage,
        rows[0]?.filter.length,
        priority,
        slots,
        found,
      ]),
    ).toEqual([
      ...['acceptance', 'union', 'rehearsal'].map((stage) => [stage, 0, 0, undefined, undefined]),
      ['delivered', 1, 7, 2, workspace],
    ]);
  });

  it('given a merge that was refused, then the change is open, and may be approved again', () => {
    const world = aWorld();
    world.change(submit('a1'));
    world.runOn();
    world.refuseMerges('target_moved');
    world.change(approve('a1'));
    world.runOn();
    expect(stagesOf(world).slice(-2)).toEqual(['MergeIntended', 'MergeRefused']);
    world.refuseMerges(undefined);
    toTheEnd(world);
    expect(stagesOf(world).at(-1)).toBe('delivered passed');
  });

  it('given a later change begins Acceptance, then the older one is superseded and what it runs is cancelled', () => {
    const world = aWorld();
    const later = changeIdOf(scope, 'main', 'later');
    world.change(submit('a1'));
    world.change(submit('b2', [planned('unit')], 'later'));
    world.runOn();
    world.change(approve('a1'));
    world.runOn(() => 'failed');
    world.change({ kind: 'RerunStage', changeId, stage: 'build' });
    world.settle();
    // the older one waits for its Build when the later one has gone past it
    world.finishPhase(stageRunIdOf(changeId, 'build', 1), 'unit', 'failed');
    world.settle();
    world.change(approve('b2', ['unit', 'deploy'], { changeId: later }));
    world.runOn();
    expect(stagesOf(world).at(-1)).toBe('ChangeSuperseded');
    expect(world.tryChange({ kind: 'RerunStage', changeId, stage: 'build' })?.code).toBe('change_superseded');
    world.change({ kind: 'DeliverChange', changeId: later });
    world.runOn();
    expect(world.log.findLast(({ event }) => event.type === 'ChangesetClosed')?.event.data).toMatchObject({
      ...{ changeId: later, changes: [later] },
    });
  });

  it('given a later change is delivered, then an older delivered one goes on but does not run again', () => {
    const world = aWorld();
    const later = changeIdOf(scope, 'main', 'later');
    world.change(submit('a1'));
    toTheEnd(world);
    world.change(submit('b2', [planned('unit')], 'later'));
    world.runOn();
    world.change(approve('b2', ['unit'], { changeId: later }));
    world.runOn();
    expect(world.types(`change-${changeId}`)).not.toContain('ChangeSuperseded');
    expect(world.tryChange({ kind: 'RerunStage', changeId, stage: 'delivered' })).toBeUndefined();
    world.runOn();
    world.change({ kind: 'DeliverChange', changeId: later });
    world.runOn();
    expect(world.types(`change-${changeId}`).at(-1)).toBe('ChangeSuperseded');
    expect(world.tryChange({ kind: 'RerunStage', changeId, stage: 'delivered' })?.code).toBe(
      'change_superseded',
    );
  });

  it('given a cancelled stage, then nothing more is promoted, and it ends when what runs has', () => {
    const world = aWorld();
    world.change(submit('a1', twoGroups));
    world.settle();
    world.change({ kind: 'CancelStage', changeId });
    world.settle();
    expect(world.running().map(({ phase }) => phase)).toEqual(['unit', 'lint']);
    world.runOn(() => 'cancelled');
    expect(stagesOf(world).slice(-1)).toEqual(['verify cancelled']);
    expect(world.types(`phase_run-${world.phaseRunOf(run(0), 'quality')}`)).toEqual([]);
  });

  it('given a cancel that comes when all has ended well, then the stage has passed', () => {
    const world = aWorld();
    world.change(submit('a1', [planned('unit')]));
    world.settle();
    world.finishPhase(run(0), 'unit', 'succeeded');
    world.change({ kind: 'CancelStage', changeId });
    world.runOn();
    expect(stagesOf(world).at(-1)).toBe('verify passed');
  });

  it('given a deleted change, then what ran for it is cancelled', () => {
    const world = aWorld();
    world.change(submit('a1'));
    world.settle();
    world.change({ kind: 'DeleteChange', changeId });
    world.settle();
    expect(world.types(`phase_run-${world.phaseRunOf(run(0), 'unit')}`).at(-1)).toBe('PhaseCancelRequested');
    world.runOn(() => 'cancelled');
    expect(stagesOf(world).at(-1)).toBe('verify cancelled');
  });

  it('given a phase that failed is run again, then those that had ended are kept, and what comes after it runs', () => {
    const world = aWorld();
    world.change(submit('a1', twoGroups));
    world.runOn((phase) => (phase === 'quality' ? 'failed' : 'succeeded'));
    world.change({ kind: 'RerunPhase', changeId, stage: 'verify', phase: 'quality' });
    world.settle();
    expect(world.running()).toEqual([{ stageRunId: run(1), phase: 'quality' }]);
    const kept = world.past(`stage_run-${run(1)}`).slice(1);
    expect(kept.map(({ type, data }) => [type, (data as { phase?: string }).phase])).toEqual([
      ['StagePhaseKept', 'unit'],
      ['StagePhaseKept', 'lint'],
    ]);
    expect(kept[0]?.data).toMatchObject({ phaseRunId: world.phaseRunOf(run(0), 'unit') });
    world.runOn();
    expect(stagesOf(world).at(-1)).toBe('verify passed');
    expect(world.types(`phase_run-${world.phaseRunOf(run(1), 'publish')}`)).toContain('PhaseFinished');
    expect(world.types(`phase_run-${world.phaseRunOf(run(1), 'unit')}`)).toEqual([]);
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

/** Per stream, in no order: phases that run together end in any. */
const factsOf = (world: ReturnType<typeof aWorld>): readonly string[] =>
  world.log.map(({ stream, event }) => `${stream} ${JSON.stringify(event)}`).toSorted();

/** Each plays many lives; on a busy machine that takes a while, which says nothing of what is tested. */
const PATIENCE_MS = 60_000;

describe('resume', () => {
  it('given a crash after any event of a whole life, then it ends as without one', () => {
    const whole = aWorld();
    whole.change(submit('a1'));
    toTheEnd(whole);
    expect(whole.log.length).toBeGreaterThan(60);
    for (let length = 3; length < whole.log.length; length++) {
      // in the middle of an append no server can crash: a stage is triggered together with what led to it
      if (whole.log[length]?.event.type === 'StageTriggered') continue;
      const crashed = aWorld('', whole.log.slice(0, length));
      toTheEnd(crashed);
      expect(factsOf(crashed), `crash after event ${length}`).toEqual(factsOf(whole));
    }
  });

  const outcomes = fc.constantFrom<Outcome>('succeeded', 'succeeded', 'succeeded', 'failed', 'cancelled');
  /** Each step: perform one of the given commands, lose nothing; or end a phase; or do what a person might; or crash. */
  const steps = fc.array(fc.tuple(fc.nat(11), fc.nat(99), outcomes), { minLength: 5, maxLength: 120 });
  /** Two of one pipeline, and one that takes part in their Unions as they do in its. */
  const depends = { dependencies: [{ project: 'web' }, { project: 'app' }] };
  const projects = [
    aProject('web', depends),
    aProject('web', { ...depends, branch: 'other' }),
    aProject('app', depends),
  ];

  const byAPerson = (world: ReturnType<typeof aWorld>, pick: number, n: number): void => {
    const project = projects[n % projects.length];
    if (!project) return;
    const { id } = project;
    const patchset = world.past(`change-${id}`).filter(({ type }) => type === 'PatchsetAdded').length;
    const stage = stages[(n + pick) % stages.length] ?? 'verify';
    const consumer = projects.at(-1)?.id ?? '';
    const obsolete = n % 2 === 0 ? 'cancel' : 'finish';
    const commands: readonly ChangeCommand[] = [
      { ...project.submit(`s${n}`, twoGroups), obsolete } as ChangeCommand,
      project.approve(`s${n}`, ['unit', 'quality', 'deploy'], patchset),
      project.deliver,
      { kind: 'RerunStage', changeId: id, stage },
      { kind: 'RerunPhase', changeId: id, stage, phase: 'unit' },
      { kind: 'CancelStage', changeId: id },
      { kind: 'DeleteChange', changeId: id, obsolete },
      { kind: 'RerunPhase', changeId: id, stage: 'union', phase: 'deploy', consumer },
    ];
    // most are refused most of the time; those that get on are tried more often
    const command = commands[[0, 1, 1, 1, 2, 2, 2, 3, 4, 5, 6, 7][pick % 12] ?? 0];
    if (command) world.tryChange(command);
  };

  /** How far they have come before anything happens by chance: handed in, or near the end, or one has failed in the Union of another. */
  const beginnings = [0, 1, 2, 3].map((far) => {
    const world = aWorld();
    const run = ['unit', 'quality', 'deploy', 'smoke'];
    const [web, other, app] = projects;
    for (const project of projects) world.change(project.submit('s0', twoGroups));
    if (!web || !other || !app || far === 0) return world.log;
    world.runOn();
    for (const project of [app, web]) {
      world.change(project.approve('s0', run));
      world.runOn();
    }
    if (far === 1) return world.log;
    world.change(app.deliver);
    world.runOn();
    world.change(web.deliver);
    if (far === 3) world.runOn((phase) => (phase === `${app.id}/deploy` ? 'failed' : 'succeeded'));
    return world.log;
  });

  const play = (script: readonly (readonly [number, number, Outcome])[], far: number, crashes: boolean) => {
    let world = aWorld('', beginnings[far]);
    for (const [n, [what, pick, outcome]] of script.entries()) {
      const running = world.running();
      const ended = running[pick % Math.max(1, running.length)];
      if (what < 6 && world.given.length > 0) {
        const [command] = world.given.splice(pick % world.given.length, 1);
        if (command) world.perform(command);
      } else if (what < 9 && ended) world.finishPhase(ended.stageRunId, ended.phase, outcome);
      else if (what === 9 || what === 10) byAPerson(world, pick, n + 1);
      else if (what === 11 && crashes) world = aWorld('', world.log);
    }
    return world;
  };

  it(
    'given a crash after any event, then it owes what react gave and nobody performed, under the same ids',
    () => {
      fc.assert(
        fc.property(steps, fc.nat(3), (script, far) => {
          const world = play(script, far, false);
          const owed = byId(resumed(world.log));
          const given = byId(world.given);
          expect(given).toEqual(expect.arrayContaining([...owed]));
          // Whatever else was given was for a run that is cancelled meanwhile, and changes nothing that counts.
          const cancelled = world.log.flatMap(({ event }) =>
            event.type === 'StageCancelRequested' ? [event.data.stageRunId] : [],
          );
          const stale = given.filter(({ commandId }) => !owed.some((other) => other.commandId === commandId));
          for (const command of stale) {
            const about = JSON.stringify(command);
            expect(
              cancelled.some((stageRunId) => about.includes(stageRunId)),
              about,
            ).toBe(true);
          }
        }),
        { numRuns: 150 },
      );
    },
    PATIENCE_MS,
  );

  it(
    'given anything and crashes in between, then in the end nothing is owed, and every stage run has one end',
    () => {
      fc.assert(
        fc.property(steps, fc.nat(3), (script, far) => {
          const world = play(script, far, true);
          world.runOn();
          expect(resumed(world.log)).toEqual([]);
          const { queues, endings, merges, closings, phaseRuns } = world.state();
          expect([queues.size, endings.size, merges.size, closings.size, phaseRuns.size]).toEqual([
            0, 0, 0, 0, 0,
          ]);
          for (const { id } of projects) {
            const past = world.past(`change-${id}`);
            const triggered = past.flatMap((event) =>
              event.type === 'StageTriggered' || event.type === 'PhaseRerunTriggered'
                ? [event.data.stageRunId]
                : [],
            );
            expect(new Set(triggered).size).toBe(triggered.length);
            for (const stageRunId of triggered) {
              const types = world.types(`stage_run-${stageRunId}`);
              expect(types.filter((type) => /^StageRun(Finished|Cancelled)$/.test(type))).toHaveLength(1);
              expect(types.filter((type) => type === 'StageRunStarted').length).toBeLessThanOrEqual(1);
            }
            const ends = past.filter(({ type }) => type === 'StageEnded');
            expect(ends).toHaveLength(triggered.length);
          }
        }),
        { numRuns: 150 },
      );
    },
    PATIENCE_MS,
  );

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
