/** Consumers whose configurations together are more than the store takes: that Union ends, and everything else goes on. */
import * as E from 'fp-ts/lib/Either.js';
import * as TE from 'fp-ts/lib/TaskEither.js';
import { filter, firstValueFrom } from 'rxjs';
import { expect, it } from 'vitest';
import type { ChangeCommand } from '../../../plugin/hosts/standalone/change.js';
import { changes } from '../../../plugin/hosts/standalone/changes.js';
import { openStandalone } from '../../../plugin/hosts/standalone/run.js';
import { defaultPhaseWays } from '../../../src/domain/phase-ways.js';
import { defaultQueuePolicy } from '../../../src/domain/queue-policy.js';
import { systemClock } from '../../../src/kernel/time.js';
import { memoryStore } from '../../../src/store/memory.js';
import { readModel } from '../../read-model.js';
import { aProject, aWorld, configured } from './history.js';

const onProblem = (problem: unknown): never => expect.fail(JSON.stringify(problem));
const never = (): never => expect.fail('no repository is asked');

const api = aProject('api');
/** Each as large as a configuration may be, in each of the four phases; five of them are more than the 1 MiB of an append. */
const consumers = ['a', 'b', 'c', 'd', 'e'].map((name) =>
  aProject(name, { dependencies: [{ project: 'api' }] }),
);
const run = ['provision', 'deploy', 'smoke', 'functional'];
const large = (command: ChangeCommand): ChangeCommand => {
  if (command.kind !== 'ApproveChange') return command;
  const steps = [{ name: 'long', run: `true ${'x'.repeat(60_000)}` }];
  const phases = configured(...run).map((phase) => (phase.skipped ? phase : { ...phase, steps }));
  return { ...command, phases };
};

it('given a Union whose consumers do not fit into one event, then it is cancelled instead of tried for ever, and its pipeline is blocked', async () => {
  const world = aWorld();
  for (const project of consumers)
    for (const command of [project.submit('a1'), large(project.approve('a1')), project.deliver]) {
      world.change(command);
      world.runOn();
    }
  for (const command of [api.submit('a1'), api.approve('a1')]) {
    world.change(command);
    world.runOn();
  }
  world.change(api.deliver);

  const store = memoryStore();
  for (const { stream, revision, id, event, metadata } of world.log) {
    const done = await store.append(
      stream,
      [{ id, event, metadata }],
      revision === 0 ? 'no_stream' : revision - 1,
    )();
    if (E.isLeft(done)) throw new Error(JSON.stringify(done.left));
  }
  const model = readModel(changes, store, { onProblem });
  const host = openStandalone({
    ...{ store, clock: systemClock, changes: model, onProblem, queuePolicy: defaultQueuePolicy },
    ...{ obsoleteJobs: 'cancel', ways: defaultPhaseWays },
    source: {
      ...{ resolve: never, merge: never, land: never, dropBranch: never, archive: never, readFile: never },
    },
    repeats: { streamOf: () => Promise.resolve(E.right(undefined)) },
    checkpoints: { load: () => TE.right(undefined), save: () => TE.right(undefined) },
  });
  const isThrough = (): boolean => {
    const change = model.view().changes[api.id];
    return change?.stages.at(-1)?.stage === 'union' && !change.moving;
  };
  await firstValueFrom(model.view$.pipe(filter(isThrough)));
  const view = model.view();
  expect(view.changes[api.id]).toMatchObject({
    promotion: { blocked: { pipelines: [{ project: 'api' }] } },
    actions: ['rerun-union'],
  });
  expect(view.changes[api.id]?.stages.at(-1)).toMatchObject({
    ...{ stage: 'union', status: 'cancelled' },
    cancelRequested: { by: 'baton', why: 'too_large' },
  });
  await host.close();
  await model.close();
  await store.close();
});
