/** Numbers as the original counted, and what is read under them. */
import { createHash } from 'node:crypto';
import * as E from 'fp-ts/lib/Either.js';
import * as TE from 'fp-ts/lib/TaskEither.js';
import { NEVER } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { changes } from '../../plugin/hosts/standalone/changes.js';
import { stageRunIdOf } from '../../plugin/hosts/standalone/ids.js';
import { numbers } from '../../plugin/hosts/standalone/numbers.js';
import { originalReads } from '../../plugin/hosts/standalone/original-reads.js';
import { jobs } from '../../projections/jobs.js';
import type { AppError } from '../../src/app/errors.js';
import type { Within } from '../../src/app/original.js';
import type { BatonEvent } from '../../src/events/catalog.js';
import { changeJson } from '../../src/http/v0/change-json.js';
import { jobJson } from '../../src/http/v0/job-json.js';
import type { Projection } from '../../src/kernel/projection.js';
import type { Recorded } from '../../src/kernel/recorded.js';
import { anEnrolment, aPromotion, aQueuedJob } from '../builders.js';
import { givenEvents, viewOf, type Given } from '../given.js';
import { aRunner } from '../http/edge.js';
import { aProject, aWorld, changeId, planned, scope, submit } from '../plugin/standalone/history.js';
import { assigned, queued, requeued, succeeded } from '../projections/stories.js';

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
const run = (n: number): string => stageRunIdOf(changeId, 'verify', n);

const right = async <A>(task: TE.TaskEither<AppError, A>): Promise<A> => {
  const found = await task();
  if (E.isLeft(found)) throw new Error(found.left.message);
  return found.right;
};

/** The reads over these events, at that time. */
const readsOf = (events: readonly Recorded<BatonEvent>[], now = '2026-01-01T00:00:00.000Z') => {
  const source = <View>(projection: Projection<View, BatonEvent>) => {
    const view = viewOf(projection, events);
    return {
      ...{ name: projection.name, view: () => view, position: () => String(events.length) },
      ...{ caughtUp: () => Promise.resolve(), waitFor: () => Promise.resolve() },
      ...{ view$: NEVER, rebuild: () => Promise.resolve(0) },
    };
  };
  return originalReads({
    ...{ jobs: source(jobs), changes: source(changes), numbers: source(numbers) },
    clock: { now: () => now },
    listRunners: () => TE.right([aRunner({ name: 'r1', current: { '0': 'j-away', '1': 'one' } })]),
  });
};

const here: Within = { enterprise: 'default' };

describe('numbers', () => {
  const aRun = () => {
    const world = aWorld();
    world.change(submit('a1', [planned('unit'), planned('lint')]));
    world.settle();
    for (const [id, phase] of [
      ['j-unit', 'unit'],
      ['j-lint', 'lint'],
    ] as const)
      world.record(`job-${id}`, {
        type: 'JobQueued',
        data: aQueuedJob({
          ...{ phaseRunId: world.phaseRunOf(run(0), phase), phase, scope },
          change: { id: changeId, title: 'Add b' },
        }),
      });
    return world;
  };

  it('given two jobs of one stage run, then phase runs 1 and 2 of stage run 1, and the digests of that', () => {
    const view = viewOf(numbers, aRun().log);
    expect([view.jobs, view.stages, view.stageRuns]).toEqual([['j-unit', 'j-lint'], [1, 1], 1]);
    expect(view.live).toEqual({ 'j-unit': sha256(`11${changeId}`), 'j-lint': sha256(`12${changeId}`) });
  });

  it('given the same events at other positions, as in a copied store, then the same numbers', () => {
    const { log } = aRun();
    const elsewhere = log.map((event, n) => ({ ...event, position: `${n + 700}/3` }));
    expect(viewOf(numbers, elsewhere)).toEqual(viewOf(numbers, log));
  });

  it('given the stage runs again, then stage run 2, and numbers go on', () => {
    const world = aRun();
    for (const phase of ['unit', 'lint']) world.finishPhase(run(0), phase, 'failed');
    world.settle();
    world.change({ kind: 'RerunStage', changeId, stage: 'verify' });
    world.settle();
    const phaseRunId = world.phaseRunOf(run(1), 'unit');
    world.record('job-again', { type: 'JobQueued', data: aQueuedJob({ phaseRunId, scope }) });
    const view = viewOf(numbers, world.log);
    expect([view.jobs.length, view.stages, view.phaseRuns['again']]).toEqual([3, [1, 1, 2], 3]);
  });

  it('given another host, then each of its phase runs is a stage run of its own, and a job without a change has none in its digest', () => {
    const promoted = (id: string, hostKey: string): Given => ({
      ...{ stream: `phase_run-${id}`, type: 'PhasePromoted', data: aPromotion({ hostKey }) },
    });
    const view = viewOf(
      numbers,
      givenEvents(
        promoted('p1', 'k1'),
        promoted('p2', 'k2'),
        queued('a', { phaseRunId: 'p2' }),
        queued('b', { phaseRunId: 'p1' }),
        queued('c', { phaseRunId: 'p2' }),
      ),
    );
    expect(view.stages).toEqual([2, 1, 2]);
    expect(view.live['b']).toBe(sha256('12'));
  });

  it('given a job is tried again, then it stays; once it has ended, nothing but its numbers is left', () => {
    const story = [
      queued('a'),
      assigned('a'),
      requeued('a'),
      assigned('a', { attempt: 2 }),
      succeeded('a', 2),
    ];
    expect(Object.keys(viewOf(numbers, givenEvents(...story.slice(0, 4))).live)).toEqual(['a']);
    const { live, jobs: all, promoted } = viewOf(numbers, givenEvents(...story));
    expect([live, promoted, all]).toEqual([{}, {}, ['a']]);
  });

  it('given a runner is removed and its name enrolled again, then it has another id', async () => {
    const enrolled: Given = { stream: 'runner-r1', type: 'RunnerEnrolled', data: anEnrolment() };
    const idAfter = async (...story: readonly Given[]) =>
      (await right(readsOf(givenEvents(...story)).originalRunners(here))).value[0]?.id;
    const first = await idAfter(enrolled);
    const retired: Given = { stream: 'runner-r1', type: 'RunnerRetired', data: {} };
    expect(await idAfter(enrolled, retired)).toBe(first);
    expect(await idAfter(enrolled, retired, enrolled)).not.toBe(first);
  });
});

describe('reads', () => {
  const inWeb = { scope: { enterprise: 'default', organisation: 'default', project: 'web' } };

  it('given two enterprises, then each sees its own queue, and finds nothing of the other', async () => {
    const reads = readsOf(givenEvents(queued('one', inWeb), queued('two')));
    const [mine] = (await right(reads.originalQueue(here))).value;
    expect(mine?.job.id).toBe('one');
    const theirs = (await right(reads.originalQueue({ enterprise: 'acme' }))).value;
    expect(theirs.map(({ phaseRun }) => phaseRun)).toEqual([2]);
    expect(E.isLeft(await reads.originalJob(here, theirs[0]?.id ?? '')())).toBe(true);
    expect(E.isLeft(await reads.originalPhaseRun(here, 2)())).toBe(true);
    expect(E.isLeft(await reads.originalJob({ ...here, sees: () => false }, mine?.id ?? '')())).toBe(true);
    // the slot before holds a job that is not seen
    expect((await right(reads.originalRunners(here))).value[0]?.job).toMatchObject({ id: 'one' });
    const hidden = await right(reads.originalRunners({ enterprise: 'acme' }));
    expect(hidden.value[0]?.job).toBe('hidden');
    expect(await right(reads.originalOrganisations(here))).toEqual([{ name: 'default', projects: 1 }]);
  });

  it('given an old job that was queued again, then its time in state is that of the state (B15)', async () => {
    const story = [queued('one', inWeb), assigned('one'), requeued('one'), assigned('one', { attempt: 2 })];
    const later = story.map((event) => ({ ...event, afterMs: 3_600_000 }));
    const timeAfter = async (count: number) => {
      const reads = readsOf(givenEvents(...later.slice(0, count)), '2026-01-01T04:00:00.000Z');
      const { value, now } = await right(reads.originalQueue(here));
      return value.map((one) => jobJson(one, now)).map(({ status, timeInState }) => [status, timeInState]);
    };
    expect(await timeAfter(1)).toEqual([['pending', '04:00:00']]);
    expect(await timeAfter(3)).toEqual([['pending', '02:00:00']]);
    expect(await timeAfter(4)).toEqual([['running', '01:00:00']]);
  });

  it('given a consumer in a Union, then its run stands beside the own ones, with the address under which it is queued (B13)', async () => {
    const web = aProject('web', { dependencies: [{ project: 'api' }] });
    const api = aProject('api');
    const world = aWorld();
    for (const project of [web, api]) {
      world.change(project.submit('a1'));
      world.runOn();
      world.change(project.approve('a1'));
      world.runOn();
      world.change(project.deliver);
      if (project === web) world.runOn();
      else world.settle();
    }
    const union = stageRunIdOf(api.id, 'union', 0);
    world.finishPhase(union, 'deploy', 'succeeded');
    world.settle();
    const key = `${web.id}/deploy`;
    expect(world.running()).toEqual([{ stageRunId: union, phase: key }]);
    world.record('job-consumer', {
      type: 'JobQueued',
      data: aQueuedJob({
        ...{ phaseRunId: world.phaseRunOf(union, key), phase: 'deploy', stage: 'union' },
        ...{ scope: web.scope, pipeline: 'main' },
        change: { id: web.id, title: 'Change web', unionOf: api.id },
      }),
    });
    const reads = readsOf(world.log);
    const shown = changeJson('/api/v0/e', (await right(reads.originalChange(here, api.id))).value, true);
    const [job] = (await right(reads.originalQueue(here))).value;
    const details = shown.stages
      .find(({ stage }) => stage === 'union')
      ?.phases.find(({ name }) => name === 'deploy')?.run_details;
    expect(details).toMatchObject([
      {
        status: 'idle',
        description: 'web - {}',
        href: '/api/v0/e/default/orgs/default/projects/web/pipelines/main/phase_runs/1',
        job_href: `/api/v0/e/default/jobs/${job?.id ?? ''}`,
      },
    ]);
    expect((await right(reads.originalJob(here, job?.id ?? ''))).value.job.id).toBe('consumer');
    expect(shown).toMatchObject({
      ...{ state: 'merged', merge_sha: 'merge-a1', delivered_by: 'baton', approved_by: 'baton' },
      promotion: { status: 'disabled', reason: 'change_delivered' },
      patchsets: [{ sequence_number: 1, sha: 'a1' }],
    });
  });

  it('given a Union that failed, then its projects are blocked; and a superseded change names the later one', async () => {
    const web = aProject('web', { dependencies: [{ project: 'api' }] });
    const api = aProject('api');
    const later = aProject('api', { branch: 'later' });
    const world = aWorld();
    for (const project of [web, api]) {
      world.change(project.submit('a1'));
      world.runOn();
      world.change(project.approve('a1'));
      world.runOn();
      if (project === web) {
        world.change(project.deliver);
        world.runOn();
      }
    }
    world.change(later.submit('b1'));
    world.runOn();
    world.change(later.approve('b1'));
    world.runOn();
    const superseded = await right(readsOf(world.log).originalChange(here, api.id));
    expect(changeJson('/api/v0/e', superseded.value, true)).toMatchObject({
      ...{ state: 'merged', promotion: { status: 'disabled', reason: 'change_superseded' } },
      superseding_change: { id: later.id, topic: 'later' },
      _links: {},
    });
    world.change(later.deliver);
    world.runOn((phase) => (phase === `${web.id}/deploy` ? 'failed' : 'succeeded'));
    expect(await right(readsOf(world.log).originalBlocked(here))).toEqual(['api', 'web']);
    expect(await right(readsOf(world.log).originalBlocked({ enterprise: 'acme' }))).toEqual([]);
  });
});
