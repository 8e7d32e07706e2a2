/** Rules for a host that says much at a time. */
import assert from 'node:assert/strict';
import type { Ack, HostCommand } from '../contract.js';
import {
  cancelled,
  finished,
  give,
  isFinish,
  isStart,
  newId,
  promoted,
  type ConformanceRule,
  type Subject,
} from './subject.js';

const BURST = 10_000;
const MOST = 300;

const count = (types: readonly string[], wanted: string): number =>
  types.filter((type) => type === wanted).length;

/** All at once; the keys of those that were accepted. Every other one must have been answered `busy`. */
const burst = async (
  subject: Subject,
  commands: ReadonlyMap<string, HostCommand>,
): Promise<readonly string[]> => {
  const acks = await Promise.all(
    [...commands].map(async ([key, command]): Promise<readonly [string, Ack]> => [
      key,
      await give(subject, command),
    ]),
  );
  for (const [, ack] of acks)
    assert.ok(
      ack.status === 'accepted' || (ack.status === 'busy' && ack.retryAfterMs > 0),
      JSON.stringify(ack),
    );
  return acks.flatMap(([key, { status }]) => (status === 'accepted' ? [key] : []));
};

const endAll = async (subject: Subject, keys: readonly string[]): Promise<void> => {
  for (const key of keys) assert.equal((await give(subject, cancelled(key))).status, 'accepted');
  for (const key of keys) assert.equal((await finished(subject, key)).outcome, 'cancelled');
};

export const burstRules: readonly ConformanceRule[] = [
  {
    title: `of ${BURST} promotions at a time as many are accepted as may live, the others are busy and write nothing; they are taken when they come again`,
    options: { slots: 0, maxQueued: MOST },
    check: async (subject) => {
      const commands = new Map(
        Array.from({ length: BURST }, (_, i) => {
          const key = `phase-${i}`;
          return [key, promoted(subject.promotion(key, 'succeeds'))] as const;
        }),
      );
      const first = await burst(subject, commands);
      assert.equal(first.length, MOST);
      // that each is whole is told by its job
      const after = await subject.recorded();
      assert.deepEqual([count(after, 'PhasePromoted'), count(after, 'PhaseFinished')], [MOST, 0]);
      await endAll(subject, first);
      for (const key of first) commands.delete(key);
      const second = await burst(subject, commands);
      assert.equal(second.length, MOST);
      await endAll(subject, second);
      for (const key of second) commands.delete(key);
      const both = await subject.recorded();
      const expected = 2 * MOST;
      assert.deepEqual(
        ['PhasePromoted', 'JobQueued', 'JobCancelled', 'PhaseFinished'].map((type) => count(both, type)),
        [expected, expected, expected, expected],
      );
      // nothing but what was accepted was told
      assert.equal(subject.host.taken.filter(({ type }) => type === 'phase.finished').length, expected);
      assert.equal(new Set(subject.host.taken.map(({ hostKey }) => hostKey)).size, expected);
      // what was busy twice is as new
      const [[key, command] = []] = [...commands];
      assert.ok(key !== undefined && command !== undefined);
      assert.equal((await give(subject, command)).status, 'accepted');
      await endAll(subject, [key]);
    },
  },
  {
    title:
      'a change of thirty jobs that is superseded twice at a time ends all of them once, and leaves nothing running',
    check: async (subject) => {
      const { host } = subject;
      const rows = Array.from({ length: 30 }, (_, i) => ({ label: `row ${i}`, filter: [] }));
      await give(subject, promoted({ ...subject.promotion('a', 'waits', 'old'), rows }));
      await host.tookThat(isStart('a'));
      const command: HostCommand = {
        type: 'change.superseded',
        ...{ commandId: newId(), actor: 'somebody', changeId: 'old', by: 'new' },
      };
      const answers = await Promise.all([give(subject, command), give(subject, command)]);
      assert.deepEqual(answers.map(({ status }) => status).sort(), ['accepted', 'duplicate']);
      const end = await finished(subject, 'a');
      assert.deepEqual(
        [end.outcome, end.jobs.length, end.jobs.every(({ outcome }) => outcome === 'cancelled')],
        ['cancelled', 30, true],
      );
      assert.equal(await subject.lives('a'), false);
      const recorded = await subject.recorded();
      assert.deepEqual(
        ['JobCancelled', 'PhaseFinished'].map((type) => count(recorded, type)),
        [30, 1],
      );
      assert.equal(host.told.filter(isFinish('a')).length, 1);
    },
  },
];
