/** Rules for the life of the plugin: what runs outlives it, and stopping is safe however it is asked. */
import assert from 'node:assert/strict';
import { finished, give, isStart, promoted, story, type ConformanceRule } from './subject.js';

export const lifeRules: readonly ConformanceRule[] = [
  {
    title: 'a restart finds the job again and does not run it a second time, although nobody says anything',
    check: async (subject) => {
      await give(subject, promoted(subject.promotion('a', 'waits')));
      await subject.host.tookThat(isStart('a'));
      await subject.restart();
      assert.equal(subject.plugin().health().live.jobs, 1);
      await subject.release('a');
      await finished(subject, 'a');
      assert.equal(story(subject, 'a'), '1 phase.queued, 2 phase.started, 3 phase.finished succeeded');
      assert.equal(await subject.runs('a'), 1);
    },
  },
  {
    title:
      'what the host did not take before a restart it is told afterwards, in order and under the same numbers',
    check: async (subject) => {
      const { host } = subject;
      host.behave(() => Promise.reject(new Error('down')));
      await give(subject, promoted(subject.promotion('a', 'waits')));
      await host.toldThat(({ hostKey }) => hostKey === 'a');
      await subject.restart();
      assert.deepEqual(host.taken, []);
      host.behave((_, take) => take());
      await subject.release('a');
      await finished(subject, 'a');
      assert.equal(story(subject, 'a'), '1 phase.queued, 2 phase.started, 3 phase.finished succeeded');
    },
  },
  {
    title: 'draining takes no new phase, lets what runs end and tells it, and then accepts nothing',
    check: async (subject) => {
      await give(subject, promoted(subject.promotion('a', 'waits')));
      await subject.host.tookThat(isStart('a'));
      const plugin = subject.plugin();
      const stopping = plugin.stop({ mode: 'drain', deadlineMs: 60_000 });
      const ack = await give(subject, promoted(subject.promotion('b', 'succeeds')));
      assert.ok(ack.status === 'rejected' && ack.code === 'stopping', JSON.stringify(ack));
      await subject.release('a');
      await stopping;
      assert.equal(story(subject, 'a'), '1 phase.queued, 2 phase.started, 3 phase.finished succeeded');
      const late = await give(subject, promoted(subject.promotion('b', 'succeeds')));
      assert.ok(late.status === 'rejected' && late.code === 'not_started', JSON.stringify(late));
      assert.equal(plugin.health().state, 'stopped');
      await plugin.stop({ mode: 'detach', deadlineMs: 0 });
    },
  },
  {
    title: 'a drain that has to wait too long is cut short by its deadline, and by a detach; the job runs on',
    check: async (subject) => {
      await give(subject, promoted(subject.promotion('a', 'waits')));
      await subject.host.tookThat(isStart('a'));
      const draining = subject.plugin().stop({ mode: 'drain', deadlineMs: 3_600_000 });
      await subject.plugin().stop({ mode: 'detach', deadlineMs: 0 });
      await draining;
      await subject.restart();
      await subject.plugin().stop({ mode: 'drain', deadlineMs: 50 });
      await subject.restart();
      await subject.release('a');
      assert.equal((await finished(subject, 'a')).outcome, 'succeeded');
      assert.equal(await subject.runs('a'), 1);
    },
  },
  {
    title: 'stopping with cancel ends what lives as cancelled, tells it, and leaves nothing behind',
    check: async (subject) => {
      await give(subject, promoted(subject.promotion('a', 'waits')));
      await subject.host.tookThat(isStart('a'));
      await subject.plugin().stop({ mode: 'cancel', deadlineMs: 60_000 });
      assert.equal(story(subject, 'a'), '1 phase.queued, 2 phase.started, 3 phase.finished cancelled');
      await subject.restart();
      assert.deepEqual(subject.plugin().health().live, { phaseRuns: 0, jobs: 0 });
    },
  },
];
