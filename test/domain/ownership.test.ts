/** Who may drive the runners, and when may somebody else? */
import * as E from 'fp-ts/lib/Either.js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  ownership,
  type Contender,
  type Ownership,
  type OwnershipCommand,
} from '../../src/domain/ownership.js';
import type { OwnershipEvent } from '../../src/events/catalog.js';
import { fold } from '../../src/kernel/decider.js';

const run = (dispatcher: string, session: string): Contender => ({
  ...{ dispatcher, session, host: `${dispatcher}.example`, pid: 1, ttlMs: 30_000 },
});
const [a1, a2, b1, c1] = [run('a', 'a1'), run('a', 'a2'), run('b', 'b1'), run('c', 'c1')];

/** Carries the commands out in order; what is refused changes nothing. Answers the state, and how the last one ended. */
const after = (...commands: readonly OwnershipCommand[]) => {
  const events: OwnershipEvent[] = [];
  let [last, state]: [ReturnType<typeof ownership.decide>, Ownership] = [E.right([]), ownership.initial];
  for (const command of commands) {
    last = ownership.decide(command, state);
    if (E.isRight(last)) events.push(...last.right);
    state = fold(ownership, events);
  }
  return { state, last, types: E.isRight(last) ? last.right.map(({ type }) => type) : 'refused' };
};

const start = (by: Contender): OwnershipCommand => ({ kind: 'StartDispatcher', by });
const claim = (by: Contender): OwnershipCommand => ({ kind: 'ClaimShard', by });
const take = (by: Contender, force = false): OwnershipCommand => ({ kind: 'TakeShard', by, force });
const keep = ({ session }: Contender): OwnershipCommand => ({ kind: 'KeepShard', session });
const release = ({ session }: Contender): OwnershipCommand => ({ kind: 'ReleaseShard', session });

describe('the owner of the runners', () => {
  it.each<[string, readonly OwnershipCommand[], readonly string[] | 'refused', number, string]>([
    ['the first', [start(a1)], ['ShardTaken', 'DispatcherStarted'], 1, 'a1'],
    ['a later run of the same', [start(a1), start(a2)], ['DispatcherStarted'], 1, 'a2'],
    ['another beside it', [start(a1), start(b1)], 'refused', 1, 'a1'],
    [
      'another after it let go',
      [start(a1), release(a1), start(b1)],
      ['ShardTaken', 'DispatcherStarted'],
      2,
      'b1',
    ],
    ['another that claims it', [start(a1), claim(b1)], ['ShardClaimed'], 1, 'a1'],
    ['one that claims it twice', [start(a1), claim(b1), claim(b1)], [], 1, 'a1'],
    [
      'one whose claim is not answered',
      [start(a1), claim(b1), take(b1)],
      ['ShardTaken', 'DispatcherStarted'],
      2,
      'b1',
    ],
    ['one whose claim is answered', [start(a1), claim(b1), keep(a1), take(b1)], 'refused', 1, 'a1'],
    ['one that did not claim it', [start(a1), claim(b1), take(c1)], 'refused', 1, 'a1'],
    ['the slower of two claims', [start(a1), claim(b1), claim(c1), take(b1), take(c1)], 'refused', 2, 'b1'],
    [
      'one that is told to take over',
      [start(a1), take(b1, true)],
      ['ShardTaken', 'DispatcherStarted'],
      2,
      'b1',
    ],
    ['an answer without a claim', [start(a1), keep(a1)], [], 1, 'a1'],
    ['an answer that comes too late', [start(a1), claim(b1), take(b1), keep(a1)], 'refused', 2, 'b1'],
    ['an earlier run of the same', [start(a1), start(a2), keep(a1)], 'refused', 1, 'a2'],
    ['a release by who owns no more', [start(a1), take(b1, true), release(a1)], [], 2, 'b1'],
  ])('given %s', (_, commands, types, epoch, session) => {
    const found = after(...commands);
    expect([found.types, found.state.epoch, found.state.run?.session]).toEqual([types, epoch, session]);
  });

  it('given a history of the embedded store, then whoever comes first takes it', () => {
    const legacy: OwnershipEvent = { type: 'ShardTaken', data: { dispatcher: 'installation', epoch: 1 } };
    const state = fold(ownership, [legacy]);
    expect(ownership.decide(start(a1), state)).toMatchObject(
      E.right([{ data: { dispatcher: 'a', epoch: 2 } }, {}]),
    );
  });

  it('given any commands in any order, then the fence grows by one with each change of dispatcher, and by nothing else', () => {
    const by = fc.constantFrom(a1, a2, b1, c1);
    const commands = fc.oneof(
      by.map(start),
      by.map(claim),
      by.map((who) => take(who)),
      by.map((who) => take(who, true)),
      by.map(keep),
      by.map(release),
    );
    fc.assert(
      fc.property(fc.array(commands, { maxLength: 30 }), (all) => {
        let before = ownership.initial;
        for (const [i] of all.entries()) {
          const { state } = after(...all.slice(0, i + 1));
          expect(state.epoch - before.epoch).toBe(state.dispatcher === before.dispatcher ? 0 : 1);
          before = state;
        }
      }),
    );
  });
});
