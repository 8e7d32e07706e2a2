/** Union with consumers: who takes part, in which order, what comes of it, and what a crash does to it. */
import { describe, expect, it } from 'vitest';
import { changes } from '../../../plugin/hosts/standalone/changes.js';
import { placeOf, stageRunIdOf } from '../../../plugin/hosts/standalone/ids.js';
import { standaloneProcess } from '../../../plugin/hosts/standalone/process.js';
import type { Stage } from '../../../src/domain/stage-plan.js';
import type { Dependency } from '../../../src/events/promotion.js';
import type { Outcome } from '../../../src/events/shapes.js';
import { aQueuedJob } from '../../builders.js';
import { aProject, aWorld } from './history.js';

type World = ReturnType<typeof aWorld>;
type Project = ReturnType<typeof aProject>;

const onApi: readonly Dependency[] = [{ project: 'api' }];
const api = aProject('api');
const web = aProject('web', { dependencies: onApi });
const app = aProject('app', { dependencies: [{ project: 'api', pipeline: 'main' }] });

const union = (project: Project, n = 0): string => stageRunIdOf(project.id, 'union', n);

/** To the end of Delivered, everything well. */
const delivered = (
  world: World,
  project: Project,
  run?: readonly string[],
  sha = `of-${project.id}`,
): void => {
  world.change(project.submit(sha));
  world.runOn();
  world.change(project.approve(sha, run));
  world.runOn();
  world.change(project.deliver);
  world.runOn();
};

/** Until Union of the project has begun. */
const inUnion = (world: World, project: Project, run?: readonly string[]): void => {
  world.change(project.submit('a1'));
  world.runOn();
  world.change(project.approve('a1', run));
  world.runOn();
  world.change(project.deliver);
  world.settle();
};

const end = (world: World, run: string, phase: string, outcome: Outcome = 'succeeded'): void => {
  world.finishPhase(run, phase, outcome);
  world.settle();
};

/** Until it is delivered, while whatever else runs is left as it is. */
const deliverBeside = (world: World, project: Project): void => {
  world.change(project.submit('a1'));
  world.settle();
  end(world, stageRunIdOf(project.id, 'verify', 0), 'unit');
  world.change(project.approve('a1'));
  world.settle();
  end(world, stageRunIdOf(project.id, 'acceptance', 0), 'deploy');
  world.change(project.deliver);
  world.settle();
};

const live = (world: World): readonly string[] => world.running().map(({ phase }) => phase);

const promotedIn = (world: World, stageRunId: string) =>
  world.log.flatMap(({ event }) =>
    event.type === 'PhasePromoted' && placeOf(event.data.hostKey).stageRunId === stageRunId
      ? [event.data]
      : [],
  );

const startOf = (world: World, stageRunId: string) => {
  const [event] = world.past(`stage_run-${stageRunId}`);
  if (event?.type !== 'StageRunStarted') throw new Error('it has not started');
  return event.data;
};

const viewOf = (world: World) => {
  const view = changes.init();
  for (const recorded of world.log) changes.evolve(view, recorded);
  return view;
};

describe('who takes part in a Union', () => {
  const cases: readonly (readonly [string, Project, boolean])[] = [
    ['it names the project alone, and both go into main', web, true],
    ['it names the pipeline', app, true],
    [
      'it names another pipeline',
      aProject('old', { dependencies: [{ project: 'api', pipeline: 'v1' }] }),
      false,
    ],
    [
      'it names the organisation',
      aProject('in', { dependencies: [{ project: 'api', organisation: 'default' }] }),
      true,
    ],
    [
      'it names another organisation',
      aProject('out', { dependencies: [{ project: 'api', organisation: 'b' }] }),
      false,
    ],
    ['it names another project', aProject('far', { dependencies: [{ project: 'db' }] }), false],
    ['it names nothing', aProject('none'), false],
    ['it is of another enterprise', aProject('web', { dependencies: onApi, enterprise: 'other' }), false],
  ];
  it.each(cases)('given a delivered project, and %s', (_, project, takesPart) => {
    const world = aWorld();
    delivered(world, project);
    inUnion(world, api);
    const consumers = startOf(world, union(api)).consumers ?? [];
    expect(consumers.map(({ changeId }) => changeId)).toEqual(takesPart ? [project.id] : []);
  });

  it('given what depends on it is not delivered, then it takes no part', () => {
    const world = aWorld();
    world.change(web.submit('w1'));
    world.runOn();
    world.change(web.approve('w1'));
    world.runOn();
    inUnion(world, api);
    expect(startOf(world, union(api))).not.toHaveProperty('consumers');
  });

  it('given its own project is named, then a pipeline is no consumer of itself', () => {
    const world = aWorld();
    const loop = aProject('api', { dependencies: onApi });
    delivered(world, loop);
    inUnion(world, aProject('api', { dependencies: onApi, branch: 'later' }));
    const starts = world.log.filter(
      ({ event }) => event.type === 'StageRunStarted' && event.data.stage === 'union',
    );
    expect(starts).toHaveLength(2);
    for (const { event } of starts) expect(event.data).not.toHaveProperty('consumers');
  });

  it('given a later delivery that depends on nothing any more, then it takes no part', () => {
    const world = aWorld();
    delivered(world, web);
    delivered(world, aProject('web', { branch: 'later' }));
    inUnion(world, api);
    expect(startOf(world, union(api))).not.toHaveProperty('consumers');
  });

  it('given a delivery while the Union waits for its turn, then what is delivered when it starts takes part', () => {
    const world = aWorld();
    inUnion(world, aProject('db'));
    world.change(web.submit('w1'));
    world.settle();
    for (const project of [api, web]) {
      if (project === api) world.change(project.submit('a1'));
      while (world.running().some(({ stageRunId }) => stageRunId !== union(aProject('db'))))
        for (const { stageRunId, phase } of world.running())
          if (stageRunId !== union(aProject('db'))) end(world, stageRunId, phase);
      world.change(project.approve(project === api ? 'a1' : 'w1'));
      world.settle();
      while (world.running().some(({ stageRunId }) => stageRunId !== union(aProject('db'))))
        for (const { stageRunId, phase } of world.running())
          if (stageRunId !== union(aProject('db'))) end(world, stageRunId, phase);
      world.change(project.deliver);
      world.settle();
    }
    expect(world.types(`stage_run-${union(api)}`)).toEqual([]);
    end(world, union(aProject('db')), 'deploy');
    expect(startOf(world, union(api)).consumers).toMatchObject([{ changeId: web.id }]);
  });
});

describe('the order of a Union', () => {
  it('given the own phases have passed, then all consumers run side by side, each group by group, with their own commit, scope and commands', () => {
    const world = aWorld();
    delivered(world, web, ['deploy', 'smoke'], 'w1');
    delivered(world, app, ['smoke'], 'p1');
    inUnion(world, api, ['provision', 'deploy']);
    expect(live(world)).toEqual(['provision']);
    end(world, union(api), 'provision');
    expect(live(world)).toEqual(['deploy']);
    end(world, union(api), 'deploy');
    expect(live(world)).toEqual([`${web.id}/deploy`, `${app.id}/smoke`]);
    end(world, union(api), `${web.id}/deploy`);
    expect(live(world)).toEqual([`${app.id}/smoke`, `${web.id}/smoke`]);
    end(world, union(api), `${web.id}/smoke`);
    expect(world.types(`stage_run-${union(api)}`)).not.toContain('StageRunFinished');
    end(world, union(api), `${app.id}/smoke`);
    expect(world.past(`stage_run-${union(api)}`).at(-1)?.data).toEqual({ status: 'passed' });

    const [first] = promotedIn(world, union(api)).filter(({ change }) => change?.id === web.id);
    expect(first).toMatchObject({
      ...{ stage: 'union', phase: 'deploy', pipeline: 'main', scope: web.scope },
      source: { repository: '/repo/web', sha: 'merge-w1' },
      change: { id: web.id, title: 'Change web', unionOf: api.id },
    });
    const keys = promotedIn(world, union(api)).map(({ hostKey }) => hostKey);
    expect(new Set(keys).size).toBe(5);
  });

  it('given an own phase fails, then no consumer runs', () => {
    const world = aWorld();
    delivered(world, web);
    inUnion(world, api);
    end(world, union(api), 'deploy', 'failed');
    expect(world.past(`stage_run-${union(api)}`).at(-1)?.data).toEqual({ status: 'failed' });
    expect(promotedIn(world, union(api)).map(({ phase }) => phase)).toEqual(['deploy']);
  });

  it('given a consumer fails, then its later groups never start, others run to their end, and the Union has failed', () => {
    const world = aWorld();
    delivered(world, web, ['deploy', 'smoke']);
    delivered(world, app, ['deploy', 'smoke']);
    inUnion(world, api);
    end(world, union(api), 'deploy');
    end(world, union(api), `${web.id}/deploy`, 'failed');
    end(world, union(api), `${app.id}/deploy`);
    expect(live(world)).toEqual([`${app.id}/smoke`]);
    end(world, union(api), `${app.id}/smoke`);
    expect(world.past(`stage_run-${union(api)}`).at(-1)?.data).toEqual({ status: 'failed' });
    expect(world.types(`change-${api.id}`).at(-1)).toBe('StageEnded');
    expect(world.types(`stage_run-${stageRunIdOf(api.id, 'rehearsal', 0)}`)).toEqual([]);
  });

  it('given a consumer that skips everything, then it passes at once', () => {
    const world = aWorld();
    delivered(world, web, []);
    inUnion(world, api);
    end(world, union(api), 'deploy');
    expect(world.past(`stage_run-${union(api)}`).at(-1)?.data).toEqual({ status: 'passed' });
    expect(
      viewOf(world).changes[api.id]?.stages.find(({ stage }) => stage === 'union')?.consumers,
    ).toMatchObject([{ changeId: web.id, status: 'passed', phases: [{ status: 'skipped' }, {}, {}, {}] }]);
  });

  it('given everything of change and consumer skipped, then it passes without a promotion', () => {
    const world = aWorld();
    delivered(world, web, []);
    delivered(world, api, []);
    expect(world.past(`stage_run-${union(api)}`).map(({ type }) => type)).toEqual([
      'StageRunStarted',
      'StageRunFinished',
    ]);
  });

  it('given each depends on the other, then each takes part in the Union of the other once', () => {
    const world = aWorld();
    const back = aProject('api', { dependencies: [{ project: 'web' }] });
    delivered(world, web);
    delivered(world, back);
    delivered(world, aProject('web', { dependencies: onApi, branch: 'later' }));
    const started = world.log.flatMap(({ event }) =>
      event.type === 'StageRunStarted' && event.data.stage === 'union'
        ? [(event.data.consumers ?? []).map(({ scope }) => scope.project)]
        : [],
    );
    expect(started).toEqual([[], ['web'], ['api']]);
  });
});

describe('a Union that is ended or run again', () => {
  const stage = 'union';

  it('given a cancel, then every phase of every consumer is cancelled, and nothing more starts', () => {
    const world = aWorld();
    delivered(world, web, ['deploy', 'smoke']);
    delivered(world, app, ['deploy', 'smoke']);
    inUnion(world, api);
    end(world, union(api), 'deploy');
    world.change({ kind: 'CancelStage', changeId: api.id });
    world.settle();
    for (const { id } of [web, app])
      expect(world.types(`phase_run-${world.phaseRunOf(union(api), `${id}/deploy`)}`)).toEqual([
        'PhasePromoted',
        'PhaseCancelRequested',
      ]);
    world.runOn(() => 'cancelled');
    expect(world.types(`stage_run-${union(api)}`).at(-1)).toBe('StageRunCancelled');
    expect(promotedIn(world, union(api))).toHaveLength(3);
  });

  it('given the whole stage is run again, then own phases and consumers run once more', () => {
    const world = aWorld();
    delivered(world, web);
    inUnion(world, api);
    end(world, union(api), 'deploy');
    end(world, union(api), `${web.id}/deploy`, 'failed');
    world.change({ kind: 'RerunStage', changeId: api.id, stage });
    world.runOn();
    expect(promotedIn(world, union(api, 1)).map(({ change }) => change?.id)).toEqual([api.id, web.id]);
    expect(world.types(`change-${api.id}`).filter((type) => type === 'StageTriggered')).toHaveLength(7);
  });

  it('given the phase of a consumer is run again, then only this one runs and what comes after it', () => {
    const world = aWorld();
    delivered(world, web, ['deploy', 'smoke']);
    delivered(world, app, ['deploy']);
    inUnion(world, api);
    end(world, union(api), 'deploy');
    end(world, union(api), `${web.id}/deploy`, 'failed');
    end(world, union(api), `${app.id}/deploy`);
    const rerun = { kind: 'RerunPhase', changeId: api.id, stage, phase: 'deploy' } as const;
    expect(world.tryChange(rerun)?.code).toBe('phase_not_to_rerun');
    expect(world.tryChange({ ...rerun, consumer: app.id })?.code).toBe('phase_not_to_rerun');
    expect(world.tryChange({ ...rerun, consumer: 'unheard-of' })?.code).toBe('phase_not_to_rerun');
    world.change({ ...rerun, consumer: web.id });
    world.settle();
    expect(live(world)).toEqual([`${web.id}/deploy`]);
    const kept = world.past(`stage_run-${union(api, 1)}`).slice(1);
    expect(kept.map(({ type, data }) => [type, (data as { consumer?: string }).consumer])).toEqual([
      ['StagePhaseKept', undefined],
      ['StagePhaseKept', app.id],
    ]);
    const view = viewOf(world).changes[api.id]?.stages.at(-1);
    expect(view).toMatchObject({
      phases: [{}, { phase: 'deploy', kept: true }, {}, {}],
      consumers: [
        { changeId: web.id, status: 'running' },
        { changeId: app.id, status: 'passed', phases: [{}, { status: 'succeeded', kept: true }, {}, {}] },
      ],
    });
    world.runOn();
    expect(world.past(`stage_run-${union(api, 1)}`).at(-1)?.data).toEqual({ status: 'passed' });
    expect(promotedIn(world, union(api, 1)).map(({ phase }) => phase)).toEqual(['deploy', 'smoke']);
  });

  it('given the consumer was delivered anew meanwhile, then it takes part as it is now, from its first phase', () => {
    const world = aWorld();
    delivered(world, web, ['provision', 'deploy']);
    inUnion(world, api);
    end(world, union(api), 'deploy');
    end(world, union(api), `${web.id}/provision`);
    end(world, union(api), `${web.id}/deploy`, 'failed');
    const later = aProject('web', { dependencies: onApi, branch: 'later' });
    delivered(world, later, ['provision', 'deploy']);
    world.change({ kind: 'RerunPhase', changeId: api.id, stage, phase: 'deploy', consumer: web.id });
    world.settle();
    expect(live(world)).toEqual([`${later.id}/provision`]);
    expect(world.types(`stage_run-${union(api, 1)}`)).toEqual(['StageRunStarted', 'StagePhaseKept']);
    world.runOn();
    expect(world.past(`stage_run-${union(api, 1)}`).at(-1)?.data).toEqual({ status: 'passed' });
  });
});

describe('the view of a Union', () => {
  it('given a consumer runs, then it is shown under the stage with its phases and jobs', () => {
    const world = aWorld();
    delivered(world, web, ['deploy', 'smoke'], 'w1');
    inUnion(world, api);
    const consumer = () =>
      viewOf(world).changes[api.id]?.stages.find((run) => run.stage === 'union')?.consumers?.[0];
    expect(consumer()).toMatchObject({
      ...{ changeId: web.id, organisation: 'default', project: 'web', pipeline: 'main', sha: 'merge-w1' },
      status: 'waiting',
    });
    end(world, union(api), 'deploy');
    const phaseRunId = world.phaseRunOf(union(api), `${web.id}/deploy`);
    world.record('job-j1', jobOf(world, union(api), web.id, phaseRunId));
    expect(consumer()).toMatchObject({
      status: 'running',
      phases: [{}, { phaseRunId, jobs: ['j1'] }, {}, {}],
    });
    end(world, union(api), `${web.id}/deploy`, 'timed_out');
    expect(consumer()).toMatchObject({
      status: 'failed',
      phases: [{ status: 'skipped' }, { status: 'timed_out' }, { status: 'not_run' }, { status: 'skipped' }],
    });
  });

  it('given an own phase fails, then its consumers have not run', () => {
    const world = aWorld();
    delivered(world, web);
    inUnion(world, api, ['deploy', 'smoke']);
    end(world, union(api), 'deploy', 'failed');
    const { phases, consumers } = viewOf(world).changes[api.id]?.stages.at(-1) ?? {};
    expect(consumers).toMatchObject([{ status: 'not_run' }]);
    expect(phases?.map(({ status }) => status)).toEqual(['skipped', 'failed', 'not_run', 'skipped']);
  });
});

const jobOf = (world: World, run: string, consumer: string, phaseRunId: string) => {
  const promoted = promotedIn(world, run).find(({ change }) => change?.id === consumer);
  if (!promoted) throw new Error('it was not promoted');
  return {
    type: 'JobQueued',
    data: aQueuedJob({ phaseRunId, ...(promoted.change && { change: promoted.change }) }),
  } as const;
};

/** Deliveries of both, one after the other, of which one fails at first; whatever was done already is refused. */
const story = (world: World): void => {
  const flaky = (): ((phase: string) => Outcome) => (phase) =>
    phase === `${web.id}/deploy` && world.types(`stage_run-${union(api, 1)}`).length === 0
      ? 'failed'
      : 'succeeded';
  for (const project of [web, api]) {
    if (world.types(`change-${project.id}`).length === 0) world.change(project.submit('a1'));
    world.runOn(flaky());
    for (const command of [project.approve('a1', ['deploy', 'smoke']), project.deliver]) {
      world.tryChange(command);
      world.runOn(flaky());
    }
  }
  world.tryChange({
    ...{ kind: 'RerunPhase', changeId: api.id, stage: 'union', phase: 'deploy', consumer: web.id },
  });
  world.runOn(flaky());
};

const factsOf = (world: World): readonly string[] =>
  world.log.map(({ stream, event }) => `${stream} ${JSON.stringify(event)}`).toSorted();

describe('a crash', () => {
  it('given one after any event of a life with consumers, then it ends as without one: nothing is promoted twice, nothing that had passed runs again', () => {
    const whole = aWorld();
    story(whole);
    expect(whole.past(`stage_run-${union(api, 1)}`).at(-1)?.data).toEqual({ status: 'passed' });
    expect(whole.types(`change-${api.id}`)).toContain('PhaseRerunTriggered');
    // what one append writes is there as a whole or not at all
    const together = new Set(['PatchsetAdded', 'StageTriggered', 'StagePhaseKept']);
    for (let length = 3; length < whole.log.length; length++) {
      if (together.has(whole.log[length]?.event.type ?? '')) continue;
      const crashed = aWorld('', whole.log.slice(0, length));
      story(crashed);
      expect(factsOf(crashed), `crash after event ${length}`).toEqual(factsOf(whole));
    }
  });

  it('given the state is read from the log at any point, then it owes what the running process owed, under the same ids', () => {
    const whole = aWorld();
    story(whole);
    let state = standaloneProcess.init();
    const owedBefore = new Set<string>();
    for (const recorded of whole.log) {
      state = standaloneProcess.evolve(state, recorded);
      for (const { commandId } of standaloneProcess.react(state, recorded)) owedBefore.add(commandId);
      for (const command of standaloneProcess.resume(state))
        expect(owedBefore.has(command.commandId), `${command.kind} after ${recorded.event.type}`).toBe(true);
    }
  });
});

describe('stage queues of changes and pipelines', () => {
  const later = aProject('api', { branch: 'later' });
  const stageOf = (project: Project, stage: Stage): string => stageRunIdOf(project.id, stage, 0);
  const begun = (world: World, stage: Stage) =>
    [api, later, web].map((project) => world.types(`stage_run-${stageOf(project, stage)}`).length > 0);

  it('given two changes of a pipeline and one of another, then Verify of all runs, Build and Acceptance of the second of the pipeline waits', () => {
    const world = aWorld();
    const all = [api, later, web];
    for (const project of all) world.change(project.submit('a1'));
    world.settle();
    expect(begun(world, 'verify')).toEqual([true, true, true]);
    world.runOn();
    for (const project of all) world.change(project.approve('a1', ['unit', 'deploy']));
    world.settle();
    expect(begun(world, 'build')).toEqual([true, false, true]);
    end(world, stageOf(api, 'build'), 'unit');
    expect(begun(world, 'build')).toEqual([true, true, true]);
    expect(begun(world, 'acceptance')).toEqual([true, false, false]);
    end(world, stageOf(later, 'build'), 'unit');
    end(world, stageOf(web, 'build'), 'unit');
    expect(begun(world, 'acceptance')).toEqual([true, false, true]);
    end(world, stageOf(api, 'acceptance'), 'deploy');
    expect(begun(world, 'acceptance')).toEqual([true, true, true]);
    // it has begun Acceptance: the older one is passed by
    expect(world.types(`change-${api.id}`).at(-1)).toBe('ChangeSuperseded');
    expect(world.types(`change-${web.id}`)).not.toContain('ChangeSuperseded');
  });
});

describe('stage queues of one enterprise', () => {
  it('given two projects of an enterprise in Union, then one waits; given another enterprise, then none does', () => {
    const world = aWorld();
    const other = aProject('far', { enterprise: 'other' });
    inUnion(world, aProject('db'));
    const rest: readonly Project[] = [api, other];
    for (const project of rest) deliverBeside(world, project);
    expect(world.types(`stage_run-${union(api)}`)).toEqual([]);
    expect(world.types(`stage_run-${union(other)}`)).toEqual(['StageRunStarted']);
    end(world, union(aProject('db')), 'deploy');
    expect(world.types(`stage_run-${union(api)}`)).toEqual(['StageRunStarted']);
    // Rehearsal has a queue of its own: the first goes on there while the second is in Union
    expect(world.types(`stage_run-${stageRunIdOf(aProject('db').id, 'rehearsal', 0)}`)).toEqual([
      'StageRunStarted',
    ]);
  });

  it.each(['rehearsal', 'delivered'] as const)('given two changes come to %s, then one waits', (stage) => {
    const world = aWorld();
    const db = aProject('db');
    const until = (project: Project): void => {
      const run = stageRunIdOf(project.id, stage, 0);
      for (let more = true; more;) {
        const next = world.running().find((one) => one.stageRunId !== stageRunIdOf(db.id, stage, 0));
        more = next !== undefined && world.types(`stage_run-${run}`).length === 0;
        if (more && next) end(world, next.stageRunId, next.phase);
      }
    };
    for (const project of [db, api]) {
      deliverBeside(world, project);
      until(project);
    }
    expect(world.types(`stage_run-${stageRunIdOf(db.id, stage, 0)}`)).toEqual(['StageRunStarted']);
    expect(world.types(`stage_run-${stageRunIdOf(api.id, stage, 0)}`)).toEqual([]);
    end(world, stageRunIdOf(db.id, stage, 0), 'deploy');
    expect(world.types(`stage_run-${stageRunIdOf(api.id, stage, 0)}`)).toEqual(['StageRunStarted']);
  });
});
