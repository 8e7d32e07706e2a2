/** Rules for what the host is told: at least once, in order, and nobody waits for a host that does not answer. */
import assert from 'node:assert/strict';
import {
  cancelled,
  finished,
  give,
  isFinish,
  isStart,
  promoted,
  story,
  type ConformanceRule,
} from './subject.js';

const WHOLE_STORY = '1 phase.queued, 2 phase.started, 3 phase.finished succeeded';

export const reportRules: readonly ConformanceRule[] = [
  {
    title: 'the host may command while it answers a report, and wait for what comes of it',
    check: async (subject) => {
      const { host } = subject;
      const inside: string[] = [];
      host.behave(async (report, take) => {
        if (!isFinish('a')(report)) return take();
        // what Screwdriver does: it ends the job that has ended and starts the next one, and only then answers
        inside.push((await give(subject, cancelled('a'))).status);
        inside.push((await give(subject, promoted(subject.promotion('b', 'succeeds')))).status);
        await finished(subject, 'b');
        return take();
      });
      await give(subject, promoted(subject.promotion('a', 'succeeds')));
      await finished(subject, 'a');
      assert.deepEqual(inside, ['noop', 'accepted']);
      assert.equal(story(subject, 'b'), WHOLE_STORY);
    },
  },
  {
    title: 'the answer to a report was lost: it comes again with the same number, and the next ones follow',
    check: async (subject) => {
      const lost = new Set<number>();
      subject.host.behave((report, take) => {
        const answer = take();
        if (lost.has(report.seq)) return answer;
        lost.add(report.seq);
        throw new Error('connection reset');
      });
      await give(subject, promoted(subject.promotion('a', 'succeeds')));
      await finished(subject, 'a');
      // the last one is told again too
      await subject.host.toldThat(() => subject.host.told.length === 6);
      assert.deepEqual(
        subject.host.told.map(({ seq }) => seq),
        [1, 1, 2, 2, 3, 3],
      );
      assert.equal(story(subject, 'a'), WHOLE_STORY);
    },
  },
  {
    title: 'a report that fails is told again until it is taken: the order is kept and nothing is lost',
    check: async (subject) => {
      let failures = 0;
      subject.host.behave((_, take) => {
        if ((failures += 1) <= 3) throw new Error('503');
        return take();
      });
      await give(subject, promoted(subject.promotion('a', 'succeeds')));
      await finished(subject, 'a');
      assert.deepEqual(
        subject.host.told.map(({ seq }) => seq),
        [1, 1, 1, 1, 2, 3],
      );
    },
  },
  {
    title:
      'a host that has closed the phase run is told no more of it; that is recorded once, and the job runs on',
    check: async (subject) => {
      const { host } = subject;
      host.behave((report, take) => (report.hostKey === 'a' ? 'gone' : take()));
      await give(subject, promoted(subject.promotion('a', 'succeeds')));
      // a phase that ends after it shows that the other would have been told
      await give(subject, promoted(subject.promotion('b', 'succeeds')));
      await finished(subject, 'b');
      const ends = async (): Promise<number> =>
        (await subject.recorded()).filter((type) => type === 'PhaseFinished').length;
      await give(subject, promoted(subject.promotion('c', 'succeeds')));
      await finished(subject, 'c');
      assert.equal(await ends(), 3);
      assert.equal(await subject.runs('a'), 1);
      assert.deepEqual(
        host.told.filter(({ hostKey }) => hostKey === 'a').map(({ seq }) => seq),
        [1],
      );
      const refusals = (await subject.recorded()).filter((type) => type === 'PhaseReportRefused');
      assert.equal(refusals.length, 1);
    },
  },
  {
    title:
      'a report that comes late, to a phase that the host has closed, is refused once: never told again, and the refusal is recorded once',
    check: async (subject) => {
      const { host } = subject;
      // what Screwdriver does: an aborted build is not updated any more
      host.behave((report, take) => (isFinish('a')(report) ? 'gone' : take()));
      await give(subject, promoted(subject.promotion('a', 'waits')));
      await host.tookThat(isStart('a'));
      await give(subject, cancelled('a'));
      await host.toldThat(isFinish('a'));
      assert.equal((await give(subject, cancelled('a'))).status, 'noop');
      await subject.restart();
      await give(subject, promoted(subject.promotion('b', 'succeeds')));
      await finished(subject, 'b');
      assert.equal(host.told.filter(isFinish('a')).length, 1);
      const refusals = (await subject.recorded()).filter((type) => type === 'PhaseReportRefused');
      assert.equal(refusals.length, 1);
      assert.equal(subject.plugin().health().ok, true);
    },
  },
  {
    title:
      'a host that answers nonsense to the reports of one phase is told them again, which health shows; other phases end',
    options: { reportRetryMs: 200 },
    check: async (subject) => {
      const { host } = subject;
      host.behave((report, take) => (report.hostKey === 'a' ? ('maybe' as never) : take()));
      await give(subject, promoted(subject.promotion('a', 'succeeds')));
      await host.toldThat(() => host.told.length > 1);
      await give(subject, promoted(subject.promotion('b', 'succeeds')));
      await finished(subject, 'b');
      const { ok, reports } = subject.plugin().health();
      assert.deepEqual([ok, reports.retried], [false, 1]);
      host.behave((_, take) => take());
      await finished(subject, 'a');
      assert.equal(story(subject, 'a'), WHOLE_STORY);
      await give(subject, promoted(subject.promotion('c', 'succeeds')));
      await finished(subject, 'c');
      assert.equal(subject.plugin().health().ok, true);
    },
  },
  {
    title:
      'no slot waits for a host: where there is one only, the next job runs while the end of the last is not answered',
    options: { slots: 1 },
    check: async (subject) => {
      const { host } = subject;
      let answer: () => void = () => undefined;
      const late = new Promise<void>((resolve) => (answer = resolve));
      host.behave(async (report, take) => {
        if (isFinish('a')(report)) await late;
        return take();
      });
      await give(subject, promoted(subject.promotion('a', 'succeeds')));
      await host.toldThat(isFinish('a'));
      await give(subject, promoted(subject.promotion('b', 'succeeds')));
      assert.equal((await finished(subject, 'b')).outcome, 'succeeded');
      answer();
      await finished(subject, 'a');
    },
  },
  {
    title: 'a report that is never answered keeps nobody waiting: other phases run and are told to their end',
    check: async (subject) => {
      const { host } = subject;
      let answer: () => void = () => undefined;
      const never = new Promise<void>((resolve) => (answer = resolve));
      host.behave(async (report, take) => {
        if (report.hostKey === 'a') await never;
        return take();
      });
      await give(subject, promoted(subject.promotion('a', 'succeeds')));
      await host.toldThat(({ hostKey }) => hostKey === 'a');
      await give(subject, promoted(subject.promotion('b', 'succeeds')));
      await finished(subject, 'b');
      assert.deepEqual(host.takenOf('a'), []);
      answer();
      await finished(subject, 'a');
      assert.equal(story(subject, 'a'), WHOLE_STORY);
      assert.equal(await subject.runs('a'), 1);
    },
  },
  {
    title: 'a report that is not answered in time is told again, with the same number',
    options: { reportTimeoutMs: 200 },
    check: async (subject) => {
      let asked = 0;
      subject.host.behave((_, take) => ((asked += 1) === 1 ? new Promise(() => undefined) : take()));
      await give(subject, promoted(subject.promotion('a', 'succeeds')));
      await finished(subject, 'a');
      assert.equal(story(subject, 'a'), WHOLE_STORY);
      assert.deepEqual(
        subject.host.told.map(({ seq }) => seq),
        [1, 1, 2, 3],
      );
    },
  },
];
