/** Rules for a host that is slow, wrong or dead when it is told output: nobody else waits for it. */
import assert from 'node:assert/strict';
import { setTimeout } from 'node:timers/promises';
import type { LogBatch, ReportAnswer } from '../contract.js';
import { finished, give, isFinish, output, promoted, type ConformanceRule, type Subject } from './subject.js';

/** A phase whose output the host takes badly, beside one whose output it takes well and which ends. */
const besides = async (
  subject: Subject,
  badly: (batch: LogBatch, take: () => ReportAnswer) => ReportAnswer | Promise<ReportAnswer>,
): Promise<void> => {
  const { logs } = subject.host;
  logs.behave((batch, take) => (batch.hostKey === 'bad' ? badly(batch, take) : take()));
  await give(subject, promoted(subject.promotion('bad', 'prints')));
  await logs.told.that(({ hostKey }) => hostKey === 'bad');
  await give(subject, promoted(subject.promotion('good', 'prints')));
  assert.equal((await finished(subject, 'good')).outcome, 'succeeded');
  assert.ok((await output(subject, 'good')).bytes.length > 100_000);
};

/** Whether the host was told the end of that phase. */
const ended = ({ host }: Subject, hostKey: string): boolean => host.told.some(isFinish(hostKey));

/** Once it behaves again, all of it comes, from where it had stopped. */
const recovers = async (subject: Subject): Promise<void> => {
  const { logs } = subject.host;
  logs.behave((_, take) => take());
  const { bytes } = await output(subject, 'bad');
  const { jobId } = await logs.taken.that(({ hostKey }) => hostKey === 'bad');
  assert.deepEqual(bytes, Buffer.from(await subject.log(jobId)));
};

/** That it takes so long is what is tested; longer than what is written meanwhile would take to be told in small batches. */
const SLOW_MS = 300;

export const logFailureRules: readonly ConformanceRule[] = [
  {
    title:
      'a host that is slow to take the output of one job gets it in large batches, one at a time, and its end afterwards',
    check: async (subject) => {
      let underWay = 0;
      const most: number[] = [];
      await besides(subject, async (_, take) => {
        most.push((underWay += 1));
        await setTimeout(SLOW_MS);
        underWay -= 1;
        return take();
      });
      await finished(subject, 'bad');
      await recovers(subject);
      assert.equal(Math.max(...most), 1);
      const batches = subject.host.logs.told.all.filter(({ hostKey }) => hostKey === 'bad');
      // three full ones and the rest; the first may have come early, with little in it
      assert.ok(batches.length <= 7, `${batches.length} batches`);
    },
  },
  ...[
    {
      how: 'throws at',
      badly: (): ReportAnswer => {
        throw new Error('503');
      },
    },
    { how: 'answers nonsense to', badly: () => 'maybe' as never },
  ].map(({ how, badly }): ConformanceRule => ({
    title: `a host that ${how} the output of one job is told it again, which health shows; the end waits, and other jobs do not`,
    options: { reportRetryMs: 200 },
    check: async (subject) => {
      await besides(subject, badly);
      const { ok, logs, detail } = subject.plugin().health();
      assert.deepEqual([ok, logs.retried], [false, 1]);
      assert.match(detail, /output/);
      assert.equal(ended(subject, 'bad'), false);
      const offsets = subject.host.logs.told.all.filter(({ hostKey }) => hostKey === 'bad');
      assert.ok(offsets.every(({ offset }) => offset === 0));
      await recovers(subject);
      await finished(subject, 'bad');
      assert.equal(subject.plugin().health().logs.retried, 0);
    },
  })),
  {
    title:
      'a host that never answers to the output of one job keeps no other job waiting; it is told again in time',
    options: { reportTimeoutMs: 200, reportRetryMs: 200 },
    check: async (subject) => {
      await besides(subject, () => new Promise<never>(() => undefined));
      assert.equal(ended(subject, 'bad'), false);
      await recovers(subject);
      await finished(subject, 'bad');
    },
  },
  {
    title:
      'a host that takes no output at all is told the end all the same, after a while; the rest of the output comes when it takes some',
    options: { logPatienceMs: 500, reportRetryMs: 200 },
    check: async (subject) => {
      const { host } = subject;
      host.logs.behave(() => Promise.reject(new Error('down')));
      await give(subject, promoted(subject.promotion('bad', 'prints')));
      assert.equal((await finished(subject, 'bad')).outcome, 'succeeded');
      assert.deepEqual(host.logs.taken.all, []);
      assert.equal(subject.plugin().health().logs.waiting, 1);
      await recovers(subject);
      assert.equal(host.told.filter(isFinish('bad')).length, 1);
    },
  },
  {
    title:
      'a host that closes a phase run when it is told output is told no more of it; that is recorded once, also over a restart',
    check: async (subject) => {
      const { host } = subject;
      host.logs.behave((batch, take) => (batch.hostKey === 'a' ? 'gone' : take()));
      await give(subject, promoted(subject.promotion('a', 'prints')));
      await host.logs.told.that(({ hostKey }) => hostKey === 'a');
      await give(subject, promoted(subject.promotion('b', 'prints')));
      await finished(subject, 'b');
      await subject.restart();
      await give(subject, promoted(subject.promotion('c', 'prints')));
      await finished(subject, 'c');
      const refusals = (await subject.recorded()).filter((type) => type === 'PhaseReportRefused');
      assert.equal(refusals.length, 1);
      assert.equal(host.logs.told.all.filter(({ hostKey }) => hostKey === 'a').length, 1);
      assert.equal(ended(subject, 'a'), false);
    },
  },
];
