/** Changesets of a pipeline: every command in every state. */
import * as E from 'fp-ts/lib/Either.js';
import { describe, expect, it } from 'vitest';
import { changesetIdOf } from '../../../plugin/hosts/standalone/ids.js';
import { pipelineDecider, type PipelineCommand } from '../../../plugin/hosts/standalone/pipeline.js';
import type { PipelineEvent } from '../../../src/events/catalog.js';
import { fold } from '../../../src/kernel/decider.js';

const pipelineId = 'p';
const join = (changeId: string): PipelineCommand => ({ kind: 'JoinChangeset', pipelineId, changeId });
const close = (changeId: string): PipelineCommand => ({ kind: 'CloseChangeset', pipelineId, changeId });

/** What the last one of these led to. */
const after = (...commands: readonly PipelineCommand[]): readonly PipelineEvent[] => {
  const past: PipelineEvent[] = [];
  let last: readonly PipelineEvent[] = [];
  for (const command of commands) {
    const decided = pipelineDecider.decide(command, fold(pipelineDecider, past));
    last = E.isRight(decided) ? decided.right : [];
    past.push(...last);
  }
  return last;
};

const nth = (changesetId: string): number =>
  [0, 1, 2].findIndex((n) => changesetIdOf(pipelineId, n) === changesetId);

const told = (events: readonly PipelineEvent[]): readonly string[] =>
  events.map(({ type, data }) =>
    type === 'ChangesetJoined'
      ? `${data.changeId} joins ${nth(data.changesetId)}`
      : `${data.changeId} closes ${nth(data.changesetId)} with ${data.changes.join(' and ')}`,
  );

const states = {
  empty: [],
  'a joined': [join('a')],
  'a and b joined': [join('a'), join('b')],
  'a was delivered': [join('a'), close('a')],
  'a was delivered, b had joined later': [join('a'), join('b'), close('a')],
  'b was delivered with a': [join('a'), join('b'), close('b')],
} as const;

const table: readonly (readonly [keyof typeof states, PipelineCommand, readonly string[]])[] = [
  ['empty', join('a'), ['a joins 0']],
  ['empty', close('a'), ['a closes 0 with a']],
  ['a joined', join('a'), []],
  ['a joined', join('b'), ['b joins 0']],
  ['a joined', close('a'), ['a closes 0 with a']],
  ['a joined', close('b'), ['b closes 0 with a and b']],
  ['a and b joined', join('a'), []],
  ['a and b joined', join('b'), []],
  ['a and b joined', close('a'), ['a closes 0 with a', 'b joins 1']],
  ['a and b joined', close('b'), ['b closes 0 with a and b']],
  ['a was delivered', join('a'), []],
  ['a was delivered', join('b'), ['b joins 1']],
  ['a was delivered', close('a'), []],
  ['a was delivered', close('b'), ['b closes 1 with b']],
  ['a was delivered, b had joined later', join('a'), []],
  ['a was delivered, b had joined later', join('b'), []],
  ['a was delivered, b had joined later', close('a'), []],
  ['a was delivered, b had joined later', close('b'), ['b closes 1 with b']],
  ['b was delivered with a', join('c'), ['c joins 1']],
  ['b was delivered with a', join('b'), []],
  ['b was delivered with a', close('b'), []],
  ['b was delivered with a', close('c'), ['c closes 1 with c']],
];

describe('a pipeline', () => {
  it.each(table)('given %s, when asked for %j, then %j', (state, command, result) => {
    expect(told(after(...states[state], command))).toEqual(result);
  });

  it('the table tells of every state', () => {
    expect(new Set(table.map(([state]) => state))).toEqual(new Set(Object.keys(states)));
  });
});
