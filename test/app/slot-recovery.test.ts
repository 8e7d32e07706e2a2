import * as E from 'fp-ts/lib/Either.js';
import { describe, expect, it } from 'vitest';
import type { ProcessFate, RunnerTarget } from '../../src/app/ports.js';
import { slotsToClear } from '../../src/app/slot-recovery.js';
import { runner, type RunnerCommand } from '../../src/domain/runner.js';
import type { RunnerEvent } from '../../src/events/catalog.js';
import type { Survivor } from '../../src/events/shapes.js';

const target: RunnerTarget = {
  ...{ name: 'r1', host: 'r1.example.org', port: 22, user: 'ci', base: '.baton', hostKeys: [] },
  auth: { kind: 'agent' },
};
const named = (pid: number): Survivor => ({ pid, startTime: '7', bootId: 'boot', pidNamespace: '1' });
const soiled = (slot: number, jobId: string, survivors?: readonly Survivor[]): RunnerEvent => ({
  type: 'SlotQuarantined',
  data: { slot, jobId, why: '', ...(survivors === undefined ? {} : { survivors }) },
});
const after = (...events: readonly RunnerEvent[]) =>
  events.reduce(
    runner.evolve,
    runner.evolve(runner.initial, {
      type: 'RunnerEnrolled',
      data: {
        ...{ name: 'r1', host: 'r1', port: 22, user: 'ci', slots: 2, labels: [] },
        auth: { kind: 'agent' },
      },
    }),
  );
/** Slots that are cleared, when the processes fare as told by pid. */
const cleared = async (fates: Readonly<Record<number, ProcessFate>>, ...events: readonly RunnerEvent[]) => {
  const transport = {
    alive: (_: RunnerTarget, processes: readonly { readonly pid: number }[]) => () =>
      Promise.resolve(E.right(processes.map(({ pid }) => fates[pid] ?? 'unknown'))),
  };
  return (await slotsToClear(transport, () => target, after(...events))).map(({ slot }) => slot);
};

describe('slotsToClear', () => {
  it.each<readonly [string, Readonly<Record<number, ProcessFate>>, readonly number[]]>([
    ['all gone', { 8: 'gone', 9: 'gone' }, [0]],
    ['one alive', { 8: 'gone', 9: 'alive' }, []],
    ['one that cannot be seen', { 8: 'gone', 9: 'unknown' }, []],
  ])('given %s, then so', async (_, fates, slots) => {
    expect(await cleared(fates, soiled(0, 'a', [named(8), named(9)]))).toEqual(slots);
  });
  it('given what an older version recorded, then a person has to look', async () => {
    expect(await cleared({ 8: 'gone' }, soiled(0, 'a'))).toEqual([]);
    expect(await cleared({ 8: 'gone' }, soiled(0, 'a', [named(8)]), soiled(0, 'b'))).toEqual([]);
    expect(await cleared({ 8: 'gone' }, soiled(0, 'a', [{ pid: 8 }]))).toEqual([]);
  });
  it('given two slots, then each for itself', async () => {
    const events = [soiled(0, 'a', [named(8)]), soiled(1, 'b', [named(9)])];
    expect(await cleared({ 8: 'alive', 9: 'gone' }, ...events)).toEqual([1]);
  });
});

it('given slots with accounts of their own, then each is looked at from its own', async () => {
  const asked: string[] = [];
  const transport = {
    alive:
      ({ user }: RunnerTarget) =>
      () => {
        asked.push(user);
        return Promise.resolve(E.right(['gone' as const]));
      },
  };
  const ownAccount = (slot: number): RunnerTarget => ({ ...target, user: `ci-${slot}` });
  const events = [soiled(0, 'a', [named(8)]), soiled(1, 'b', [named(9)])];
  expect(await slotsToClear(transport, ownAccount, after(...events))).toHaveLength(2);
  expect(asked).toEqual(['ci-0', 'ci-1']);
});

it('given a job that held several slots, then it is looked for once, from the account in which it ran', async () => {
  let asked: string[] = [];
  let fate: ProcessFate = 'alive';
  const transport = {
    alive:
      ({ user }: RunnerTarget) =>
      () => {
        asked.push(user);
        return Promise.resolve(E.right([user === 'ci-0' ? fate : ('gone' as const)]));
      },
  };
  const ownAccount = (slot: number): RunnerTarget => ({ ...target, user: `ci-${slot}` });
  const also: RunnerEvent = {
    type: 'SlotQuarantined',
    data: { slot: 1, jobId: 'a', why: '', survivors: [named(8)], ranIn: 0 },
  };
  const both = after(soiled(0, 'a', [named(8)]), also);
  expect(await slotsToClear(transport, ownAccount, both)).toEqual([]);
  expect(asked).toEqual(['ci-0']);
  [asked, fate] = [[], 'gone'];
  expect((await slotsToClear(transport, ownAccount, both)).map(({ slot }) => slot)).toEqual([0, 1]);
  expect(asked).toEqual(['ci-0']);
});

describe('ClearSlot by a probe', () => {
  const command: RunnerCommand = {
    ...{ kind: 'ClearSlot', slot: 0, by: 'probe', jobs: ['a'], gone: [named(8)] },
  };
  it('given the survivors that it looked for, then cleared with them as evidence', () => {
    expect(runner.decide(command, after(soiled(0, 'a', [named(8)])))).toEqual(
      E.right([{ type: 'SlotCleared', data: { slot: 0, by: 'probe', gone: [named(8)] } }]),
    );
  });
  it('given a job that left something there meanwhile, then not', () => {
    const events = [soiled(0, 'a', [named(8)]), soiled(0, 'b', [named(9)])];
    expect(runner.decide(command, after(...events))).toEqual(E.right([]));
  });
  it('given a slot that a person has cleared, then nothing', () => {
    const byPerson: RunnerEvent = { type: 'SlotCleared', data: { slot: 0, by: 'person' } };
    expect(runner.decide(command, after(soiled(0, 'a', [named(8)]), byPerson))).toEqual(E.right([]));
  });
});
