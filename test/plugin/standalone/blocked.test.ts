/** Which pipelines are blocked after which Unions; and what a change says of it. */
import { describe, expect, it } from 'vitest';
import {
  afterUnion,
  promotionOf,
  type BlockedSet,
  type Member,
} from '../../../plugin/hosts/standalone/blocked.js';
import { changes } from '../../../plugin/hosts/standalone/changes.js';
import { stageRunIdOf } from '../../../plugin/hosts/standalone/ids.js';
import { aProject, aWorld } from './history.js';

const member = (project: string, enterprise = 'e'): Member => ({
  ...{ enterprise, organisation: 'o', project, pipeline: 'main' },
});

type Union = readonly [passed: boolean, ...projects: string[]];

/** Sets after these Unions, as `since: project project!`; `!` has passed since. */
const after = (...unions: readonly Union[]): readonly string[] =>
  unions
    .reduce<readonly BlockedSet[]>(
      (sets, [passed, ...projects], at) =>
        afterUnion(
          sets,
          projects.map((project) => member(project)),
          passed,
          `t${at}`,
        ),
      [],
    )
    .map(
      ({ since, members }) =>
        `${since}: ${members.map(({ project, passed }) => `${project}${passed ? '!' : ''}`).join(' ')}`,
    );

describe('blocked sets', () => {
  it.each<readonly [string, readonly Union[], readonly string[]]>([
    ['one passed', [[true, 'api', 'web']], []],
    ['one failed', [[false, 'api', 'web']], ['t0: api web']],
    [
      'it passes when run again',
      [
        [false, 'api', 'web'],
        [true, 'api', 'web'],
      ],
      [],
    ],
    [
      'only one of them passed since',
      [
        [false, 'api', 'web'],
        [true, 'web'],
      ],
      ['t0: api web!'],
    ],
    [
      'each passed since, one by one',
      [
        [false, 'api', 'web'],
        [true, 'web'],
        [true, 'api', 'app'],
      ],
      [],
    ],
    [
      'two have nothing in common',
      [
        [false, 'api', 'web'],
        [false, 'db', 'job'],
      ],
      ['t0: api web', 't1: db job'],
    ],
    [
      'two overlap',
      [
        [false, 'api', 'web'],
        [false, 'db', 'web'],
      ],
      ['t0: db web api'],
    ],
    [
      'one joins two',
      [
        [false, 'a', 'b'],
        [false, 'c', 'd'],
        [false, 'b', 'c'],
      ],
      ['t0: b c a d'],
    ],
    [
      'one fails anew',
      [
        [false, 'api', 'web'],
        [true, 'web'],
        [false, 'web'],
      ],
      ['t0: web api'],
    ],
    [
      'a stranger fails with none of them',
      [
        [false, 'api'],
        [true, 'db'],
      ],
      ['t0: api'],
    ],
    [
      'what passed stays so when another fails again',
      [
        [false, 'a', 'b'],
        [true, 'a'],
        [false, 'b'],
      ],
      ['t0: b a!'],
    ],
  ])('given %s', (_, unions, sets) => {
    expect(after(...unions)).toEqual(sets);
  });

  it('given the same names in another enterprise, then these are others', () => {
    const sets = afterUnion([], [member('api')], false, 't0');
    expect(afterUnion(sets, [member('api', 'other')], true, 't1')).toEqual(sets);
  });
});

describe('what a change says of its promotion', () => {
  const sets = afterUnion([], [member('api'), member('web')], false, 't0');
  const blocked = {
    since: 't0',
    pipelines: ['api', 'web'].map((project) => ({
      ...{ organisation: 'o', project, pipeline: 'main', passed: false },
    })),
  };
  const reason = 'pipeline_union_failure';
  it.each([
    ['open', undefined, { status: 'caution', reason, blocked }],
    ['merging', undefined, { status: 'caution', reason, blocked }],
    ['merged', undefined, { status: 'caution', reason, blocked }],
    ['superseded', 'later', { status: 'disabled', reason: 'change_superseded' }],
    ['delivered', undefined, { status: 'disabled', reason: 'change_delivered', blocked }],
    ['delivered', 'later', { status: 'disabled', reason: 'change_delivered' }],
    ['deleted', undefined, { status: 'disabled' }],
  ] as const)(
    'given it is %s, superseded by %s, in a blocked pipeline',
    (status, supersededBy, promotion) => {
      const change = { ...member('web'), status, ...(supersededBy === undefined ? {} : { supersededBy }) };
      expect(promotionOf(sets, change)).toEqual(promotion);
    },
  );

  it('given its pipeline is not blocked, then it may proceed', () => {
    expect(promotionOf(sets, { ...member('db'), status: 'open' })).toEqual({ status: 'proceed' });
  });
});

describe('from the events of a Union', () => {
  const api = aProject('api');
  const web = aProject('web', { dependencies: [{ project: 'api' }] });
  const later = aProject('web', { branch: 'later', dependencies: [{ project: 'api' }] });
  const union = stageRunIdOf(api.id, 'union', 0);

  const failed = () => {
    const world = aWorld();
    for (const project of [web, api]) {
      for (const command of [project.submit('a1'), project.approve('a1'), project.deliver]) {
        world.change(command);
        world.runOn((phase) => (phase === `${web.id}/deploy` ? 'failed' : 'succeeded'));
      }
    }
    world.change(later.submit('b1'));
    world.runOn();
    const promotions = (...projects: readonly { readonly id: string }[]) => {
      const view = changes.init();
      for (const recorded of world.log) changes.evolve(view, recorded);
      return projects.map(({ id }) => view.changes[id]?.promotion);
    };
    return { world, promotions };
  };

  it('given a consumer failed, then changes of both pipelines say so, and none is kept from being delivered', () => {
    const { world, promotions } = failed();
    const pipelines = [
      { project: 'api', passed: false },
      { project: 'web', passed: false },
    ];
    expect(promotions(api, web, later)).toMatchObject([
      { status: 'disabled', reason: 'change_delivered', blocked: { pipelines } },
      { status: 'disabled', reason: 'change_delivered', blocked: { pipelines } },
      { status: 'caution', reason: 'pipeline_union_failure', blocked: { pipelines } },
    ]);
    world.change(later.approve('b1'));
    world.runOn();
    expect(world.tryChange(later.deliver)).toBeUndefined();
  });

  it('given the Union is run again and passes, then nobody is blocked any more', () => {
    const { world, promotions } = failed();
    world.change({ kind: 'RerunStage', changeId: api.id, stage: 'union' });
    world.runOn();
    expect(promotions(api, web, later)).toEqual([
      { status: 'disabled', reason: 'change_delivered' },
      { status: 'disabled', reason: 'change_delivered' },
      { status: 'proceed' },
    ]);
  });

  it('given a Union that was cancelled before it began, then its own pipeline has not passed', () => {
    const world = aWorld();
    const db = aProject('db');
    for (const project of [db, api]) {
      world.change(project.submit('a1'));
      world.settle();
      world.finishPhase(stageRunIdOf(project.id, 'verify', 0), 'unit', 'succeeded');
      world.settle();
      world.change(project.approve('a1'));
      world.settle();
      world.finishPhase(stageRunIdOf(project.id, 'acceptance', 0), 'deploy', 'succeeded');
      world.settle();
      world.change(project.deliver);
      world.settle();
    }
    world.change({ kind: 'CancelStage', changeId: api.id });
    world.settle();
    expect(world.types(`stage_run-${union}`)).toEqual(['StageRunCancelled']);
    const view = changes.init();
    for (const recorded of world.log) changes.evolve(view, recorded);
    expect(view.changes[api.id]?.promotion.blocked?.pipelines).toMatchObject([
      { project: 'api', passed: false },
    ]);
    expect(view.changes[db.id]?.promotion).not.toHaveProperty('blocked');
  });
});
