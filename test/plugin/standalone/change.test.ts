import * as E from 'fp-ts/lib/Either.js';
import { describe, expect, it } from 'vitest';
import { changeDecider, type ChangeCommand } from '../../../plugin/hosts/standalone/change.js';
import { stageRunIdOf } from '../../../plugin/hosts/standalone/ids.js';
import type { ChangeEvent } from '../../../src/events/catalog.js';
import { fold } from '../../../src/kernel/decider.js';
import { changeId, planned, source, submit } from './history.js';

const after = (events: readonly ChangeEvent[], command: ChangeCommand) =>
  changeDecider.decide(command, fold(changeDecider, events));

const events = (decided: ReturnType<typeof after>): readonly ChangeEvent[] => {
  if (E.isLeft(decided)) throw new Error(decided.left.message);
  return decided.right;
};

const opened = events(after([], submit('a1')));

describe('SubmitPatchset', () => {
  it('given no change, then it is opened with patchset 1 and Verify is triggered', () => {
    expect(opened.map(({ type }) => type)).toEqual(['ChangeOpened', 'PatchsetAdded', 'StageTriggered']);
    expect(opened[2]?.data).toMatchObject({
      stage: 'verify',
      patchset: 1,
      queueKey: `verify:${changeId}`,
      stageRunId: stageRunIdOf(changeId, 'verify', 0),
    });
  });

  it('given an open change and another sha, then patchset 2 and another run of Verify', () => {
    const next = events(after(opened, submit('b2', [planned('unit')])));
    expect(next.map(({ type, data }) => [type, data])).toEqual([
      ['PatchsetAdded', { number: 2, source: source('b2') }],
      [
        'StageTriggered',
        {
          ...{ stage: 'verify', patchset: 2, queueKey: `verify:${changeId}`, plan: [planned('unit')] },
          stageRunId: stageRunIdOf(changeId, 'verify', 1),
        },
      ],
    ]);
  });

  it('given the sha of the latest patchset, then refused: same_patchset', () => {
    expect(after(opened, submit('a1'))).toMatchObject(E.left({ code: 'same_patchset' }));
  });

  it('given the sha of an earlier patchset, then it is a new one', () => {
    const second = [...opened, ...events(after(opened, submit('b2')))];
    expect(events(after(second, submit('a1')))[0]?.data).toMatchObject({ number: 3 });
  });

  it('given the same branch of another repository, then refused: other_repository', () => {
    const command = { ...submit('b2'), source: source('b2', '/repo/other') } as ChangeCommand;
    expect(after(opened, command)).toMatchObject(E.left({ code: 'other_repository' }));
  });
});

describe('TriggerStage', () => {
  it('given an open change, then Verify once more for the same patchset', () => {
    const again = after(opened, { kind: 'TriggerStage', changeId, stage: 'verify', plan: [] });
    expect(events(again)[0]?.data).toMatchObject({
      patchset: 1,
      stageRunId: stageRunIdOf(changeId, 'verify', 1),
    });
  });

  it('given no change, then refused: change_unknown', () => {
    const command = { kind: 'TriggerStage', changeId, stage: 'verify', plan: [] } as const;
    expect(after([], command)).toMatchObject(E.left({ code: 'change_unknown' }));
  });
});
