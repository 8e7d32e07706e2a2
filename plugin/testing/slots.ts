/** Rules for jobs that take several slots of their runner: they get all of them, and nobody keeps them waiting for ever. */
import assert from 'node:assert/strict';
import { alive, finished, give, isStart, promoted, type ConformanceRule } from './subject.js';

export const slotRules: readonly ConformanceRule[] = [
  {
    title:
      'a job that takes several slots begins when they are free, before what was promoted after it, and has them alone, over a restart, too',
    options: { slots: 2 },
    check: async (subject) => {
      const { host } = subject;
      await give(subject, promoted(subject.promotion('a', 'waits')));
      await alive(subject, 'a');
      const heavy = { ...subject.promotion('b', 'waits'), slots: 2 };
      assert.equal((await give(subject, promoted(heavy))).status, 'accepted');
      // given the slot that is free, this one would keep the other waiting
      await give(subject, promoted(subject.promotion('c', 'waits')));
      await subject.release('a');
      await host.tookThat(isStart('b'));
      await alive(subject, 'b');
      await subject.restart();
      assert.equal(await subject.runs('c'), 0);
      assert.equal((await give(subject, promoted(heavy))).status, 'duplicate');
      await subject.release('b');
      await host.tookThat(isStart('c'));
      await subject.release('c');
      for (const key of ['a', 'b', 'c']) {
        assert.equal((await finished(subject, key)).outcome, 'succeeded');
        assert.equal(await subject.runs(key), 1);
      }
    },
  },
  {
    title: 'a number of slots that no runner can have is rejected, and nothing is written',
    options: { slots: 1 },
    check: async (subject) => {
      for (const slots of [0, 65, 1.5]) {
        const ack = await give(subject, promoted({ ...subject.promotion('a', 'succeeds'), slots }));
        assert.ok(ack.status === 'rejected' && ack.code === 'invalid', JSON.stringify(ack));
        assert.deepEqual(
          ack.problems?.map(({ path }) => path),
          ['promotion.slots'],
        );
      }
      assert.ok(!(await subject.recorded()).includes('PhasePromoted'));
    },
  },
];
