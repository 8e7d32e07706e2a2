/** Rules for what the host says: each command any number of times, before, during and after, and more of them than fit. */
import assert from 'node:assert/strict';
import type { HostCommand, Promotion } from '../contract.js';
import {
  alive,
  cancelled,
  finished,
  give,
  isStart,
  newId,
  promoted,
  story,
  type ConformanceRule,
} from './subject.js';

const superseded = (changeId: string, by: string, commandId = newId()): HostCommand => ({
  type: 'change.superseded',
  ...{ commandId, actor: 'somebody', changeId, by },
});

export const commandRules: readonly ConformanceRule[] = [
  {
    title: 'a promotion runs once and is told in order: queued, started, finished',
    check: async (subject) => {
      const ack = await give(subject, promoted(subject.promotion('a', 'succeeds')));
      assert.equal(ack.status, 'accepted');
      const end = await finished(subject, 'a');
      assert.equal(story(subject, 'a'), '1 phase.queued, 2 phase.started, 3 phase.finished succeeded');
      assert.equal(end.exitCode, 0);
      assert.deepEqual(
        end.jobs.map(({ outcome }) => outcome),
        ['succeeded'],
      );
      assert.equal(await subject.runs('a'), 1);
    },
  },
  {
    title: 'a job that fails is told as failed, with its exit code and a sentence',
    check: async (subject) => {
      await give(subject, promoted(subject.promotion('a', 'fails')));
      const { outcome, exitCode, cause } = await finished(subject, 'a');
      assert.deepEqual({ outcome, exitCode }, { outcome: 'failed', exitCode: 3 });
      assert.match(cause, /exit code 3/);
    },
  },
  {
    title: 'the same promotion again is a duplicate and starts nothing',
    check: async (subject) => {
      const command = promoted(subject.promotion('a', 'succeeds'));
      const first = await give(subject, command);
      const again = await give(subject, command);
      await finished(subject, 'a');
      const late = await give(subject, command);
      assert.deepEqual([first.status, again.status, late.status], ['accepted', 'duplicate', 'duplicate']);
      assert.equal(await subject.runs('a'), 1);
    },
  },
  {
    title:
      'the answer to a promotion was lost: given again at the same time and under a new id, it still runs once',
    check: async (subject) => {
      const promotion = subject.promotion('a', 'succeeds');
      const command = promoted(promotion);
      const answers = await Promise.all([
        give(subject, command),
        give(subject, command),
        give(subject, promoted(promotion)),
      ]);
      assert.deepEqual(answers.map(({ status }) => status).sort(), ['accepted', 'duplicate', 'duplicate']);
      await finished(subject, 'a');
      assert.equal(await subject.runs('a'), 1);
    },
  },
  {
    title:
      'the same key with another content is rejected, whether it is the command or the phase run that is known',
    check: async (subject) => {
      const first = promoted(subject.promotion('a', 'succeeds'));
      await give(subject, first);
      const other: Promotion = { ...subject.promotion('a', 'succeeds'), phase: 'lint' };
      for (const command of [
        promoted(other, first.commandId),
        promoted(other),
        promoted(subject.promotion('b', 'succeeds'), first.commandId),
        cancelled('a', first.commandId),
      ]) {
        const ack = await give(subject, command);
        assert.ok(ack.status === 'rejected' && ack.code === 'same_key_other_body', JSON.stringify(ack));
      }
      await finished(subject, 'a');
      assert.equal(await subject.runs('b'), 0);
    },
  },
  {
    title: 'a command of an unknown type is rejected; members that are not known are ignored',
    check: async (subject) => {
      const strange = await give(subject, { type: 'phase.paused', commandId: newId(), actor: 'x' } as never);
      assert.ok(strange.status === 'rejected' && strange.code === 'unknown_command', JSON.stringify(strange));
      // what Screwdriver says of a build: its own job is among those that it waits for
      const promotion = { ...subject.promotion('a', 'succeeds'), colour: 'green', blockedBy: ['a'] };
      const command = { ...promoted(promotion), at: '2026-01-01T00:00:00Z' };
      assert.equal((await give(subject, command)).status, 'accepted');
      assert.equal((await give(subject, promoted(subject.promotion('a', 'succeeds')))).status, 'duplicate');
      await finished(subject, 'a');
    },
  },
  {
    title: 'a phase of a project on Push Jobs is declined, beside one of a project on runners that runs',
    check: async (subject) => {
      const before = await subject.recorded();
      for (const [jobDispatch, reason] of [
        ['none', 'no_job_dispatch'],
        ['v1', 'job_dispatch_v1'],
      ] as const) {
        const command = promoted({ ...subject.promotion('pushed', 'succeeds'), jobDispatch });
        for (const ack of [await give(subject, command), await give(subject, command)]) {
          assert.ok(ack.status === 'declined', JSON.stringify(ack));
          assert.equal(ack.reason, reason);
          assert.match(ack.message, /not for runners/);
          assert.match(ack.hint, /baton config migrate/);
        }
      }
      assert.deepEqual(await subject.recorded(), before);
      const other = { ...subject.promotion('a', 'succeeds'), jobDispatch: 'v2' as const };
      assert.equal((await give(subject, promoted(other))).status, 'accepted');
      await finished(subject, 'a');
      assert.equal(await subject.runs('pushed'), 0);
      // once it is moved to runners, the same phase run is taken
      const moved = promoted(subject.promotion('pushed', 'succeeds'));
      assert.equal((await give(subject, moved)).status, 'accepted');
      await finished(subject, 'pushed');
      assert.equal(await subject.runs('pushed'), 1);
    },
  },
  {
    title:
      'a promotion that cannot be used is rejected with everything that is wrong, and nothing is written',
    check: async (subject) => {
      const before = await subject.recorded();
      const good = subject.promotion('a', 'succeeds');
      const source = { kind: 'git', repository: 'https://example.org/sample.git', sha: 'HEAD' } as const;
      const bad = { ...good, phase: '$(reboot)', source, steps: [] };
      const ack = await give(subject, promoted(bad));
      assert.ok(ack.status === 'rejected' && ack.code === 'invalid', JSON.stringify(ack));
      const paths = ack.problems?.map(({ path }) => path) ?? [];
      assert.deepEqual([...paths].sort(), ['promotion.phase', 'promotion.source.sha', 'promotion.steps']);
      assert.deepEqual(await subject.recorded(), before);
    },
  },
  {
    title:
      'a cancel while it runs ends it as cancelled, and every process of it; a second cancel changes nothing',
    check: async (subject) => {
      await give(subject, promoted(subject.promotion('a', 'waits')));
      await subject.host.tookThat(isStart('a'));
      await alive(subject, 'a');
      const command = cancelled('a');
      const answers = [
        await give(subject, command),
        await give(subject, command),
        await give(subject, cancelled('a')),
      ];
      // the third may come when it has ended already
      assert.deepEqual(
        answers.slice(0, 2).map(({ status }) => status),
        ['accepted', 'duplicate'],
      );
      assert.ok(['duplicate', 'noop'].includes(answers[2]?.status ?? ''), JSON.stringify(answers[2]));
      await finished(subject, 'a');
      assert.equal(story(subject, 'a'), '1 phase.queued, 2 phase.started, 3 phase.finished cancelled');
      assert.equal(await subject.lives('a'), false);
    },
  },
  {
    title: 'a cancel before the promotion is recorded; the promotion then ends cancelled and starts nothing',
    check: async (subject) => {
      assert.equal((await give(subject, cancelled('a'))).status, 'accepted');
      assert.equal((await give(subject, cancelled('a'))).status, 'duplicate');
      assert.equal((await give(subject, promoted(subject.promotion('a', 'succeeds')))).status, 'accepted');
      const end = await finished(subject, 'a');
      assert.deepEqual([end.outcome, end.jobs], ['cancelled', []]);
      // what comes after it has ended shows that nothing of it is still on its way
      await give(subject, promoted(subject.promotion('b', 'succeeds')));
      await finished(subject, 'b');
      assert.equal(await subject.runs('a'), 0);
      assert.equal((await subject.recorded()).filter((type) => type === 'JobQueued').length, 1);
    },
  },
  {
    title: 'a cancel after the end is no error: there was nothing to cancel, and the outcome stays',
    check: async (subject) => {
      await give(subject, promoted(subject.promotion('a', 'succeeds')));
      await finished(subject, 'a');
      const before = await subject.recorded();
      const command = cancelled('a');
      for (const ack of [await give(subject, command), await give(subject, command)])
        assert.ok(ack.status === 'noop', JSON.stringify(ack));
      assert.deepEqual(await subject.recorded(), before);
      assert.equal(subject.host.takenOf('a').length, 3);
    },
  },
  {
    title:
      'a change that is superseded loses its live phase runs; others, and what is promoted later, run on',
    check: async (subject) => {
      await give(subject, promoted(subject.promotion('a', 'waits', 'old')));
      await give(subject, promoted(subject.promotion('b', 'waits', 'other')));
      await subject.host.tookThat(isStart('a'));
      const command = superseded('old', 'new');
      const answers = [await give(subject, command), await give(subject, command)];
      assert.deepEqual(
        answers.map(({ status }) => status),
        ['accepted', 'duplicate'],
      );
      assert.equal((await finished(subject, 'a')).outcome, 'cancelled');
      await give(subject, promoted(subject.promotion('c', 'succeeds', 'old')));
      await subject.release('b');
      assert.equal((await finished(subject, 'b')).outcome, 'succeeded');
      assert.equal((await finished(subject, 'c')).outcome, 'succeeded');
    },
  },
  {
    title:
      'when as many jobs live as may, a promotion is answered busy and nothing is written; a cancel is still taken',
    options: { maxQueued: 1 },
    check: async (subject) => {
      await give(subject, promoted(subject.promotion('a', 'waits')));
      await subject.host.tookThat(isStart('a'));
      const before = await subject.recorded();
      const command = promoted(subject.promotion('b', 'succeeds'));
      const ack = await give(subject, command);
      assert.ok(ack.status === 'busy' && ack.retryAfterMs > 0, JSON.stringify(ack));
      assert.deepEqual(await subject.recorded(), before);
      assert.equal((await give(subject, cancelled('a'))).status, 'accepted');
      await finished(subject, 'a');
      assert.equal((await give(subject, command)).status, 'accepted');
      assert.equal((await finished(subject, 'b')).outcome, 'succeeded');
    },
  },
];
