/** Rules for the output of jobs: all of it, in order, while they run, and before the end. */
import assert from 'node:assert/strict';
import {
  cancelled,
  finished,
  give,
  isFinish,
  output,
  promoted,
  story,
  TOKEN,
  type ConformanceRule,
} from './subject.js';

const MOST_BYTES = 65_536;

export const logRules: readonly ConformanceRule[] = [
  {
    title:
      'output comes in order, without gaps and repeats: it is the kept log, byte for byte, with secrets masked',
    check: async (subject) => {
      const { logs } = subject.host;
      await give(subject, promoted(subject.promotion('a', 'prints')));
      await finished(subject, 'a');
      const { bytes, text } = await output(subject, 'a');
      const [{ jobId } = { jobId: '' }] = logs.told.all;
      assert.ok(bytes.length > 2 * MOST_BYTES);
      assert.deepEqual(bytes, Buffer.from(await subject.log(jobId)));
      let end = 0;
      for (const { offset, bytes: piece } of logs.told.all) {
        assert.equal(offset, end);
        assert.ok(piece.length <= MOST_BYTES);
        end += piece.length;
      }
      assert.equal(text, bytes.toString());
      assert.ok(text.endsWith('[masked]\ncaf\u00e9, 5 \u20ac and \ufffd'), text.slice(-80));
      assert.ok(!text.includes(TOKEN));
      assert.deepEqual(
        logs.told.all.map(({ final }) => final),
        logs.told.all.map((_, i) => i === logs.told.all.length - 1),
      );
    },
  },
  {
    title: 'batches are of whole lines, and know the number of the first',
    check: async (subject) => {
      const { logs } = subject.host;
      await give(subject, promoted(subject.promotion('a', 'prints')));
      await finished(subject, 'a');
      for (const { text, line, continues } of logs.told.all) {
        assert.equal(continues, false);
        assert.ok(line > 3000 || text.startsWith(`${line}: `), text.slice(0, 20));
      }
    },
  },
  {
    title: 'output comes while the job runs, after the start and before the end',
    check: async (subject) => {
      const { host } = subject;
      const order: string[] = [];
      host.behave((report, take) => {
        order.push(report.type);
        return take();
      });
      host.logs.behave(({ text, final }, take) => {
        order.push(`${text.trim()}${final ? ' final' : ''}`);
        return take();
      });
      await give(subject, promoted(subject.promotion('a', 'waits')));
      await host.logs.taken.that(({ text }) => text === 'began\n');
      await subject.release('a');
      await finished(subject, 'a');
      assert.deepEqual(order.slice(0, 3), ['phase.queued', 'phase.started', 'began']);
      assert.ok(order.slice(3, -1).join(' ').replace(' final', '').startsWith('released'), order.join());
      assert.equal(order.at(-1), 'phase.finished');
      assert.match(order.at(-2) ?? '', /final$/);
    },
  },
  {
    title: 'the host may command while it takes output, and wait for what comes of it',
    check: async (subject) => {
      const { host } = subject;
      const inside: string[] = [];
      host.logs.behave(async (batch, take) => {
        if (batch.hostKey === 'a' && inside.length === 0) {
          inside.push((await give(subject, promoted(subject.promotion('b', 'succeeds')))).status);
          await finished(subject, 'b');
          inside.push((await give(subject, cancelled('a'))).status);
        }
        return take();
      });
      await give(subject, promoted(subject.promotion('a', 'waits')));
      assert.equal((await finished(subject, 'a')).outcome, 'cancelled');
      assert.deepEqual(inside, ['accepted', 'accepted']);
    },
  },
  {
    title: 'after a restart output goes on where the host was, and is whole',
    check: async (subject) => {
      const { host } = subject;
      await give(subject, promoted(subject.promotion('a', 'waits')));
      const { jobId } = await host.logs.taken.that(({ text }) => text === 'began\n');
      await subject.restart();
      await subject.release('a');
      await finished(subject, 'a');
      assert.equal((await output(subject, 'a')).text, 'began\nreleased\n');
      assert.deepEqual((await output(subject, 'a')).bytes, Buffer.from(await subject.log(jobId)));
      assert.equal(story(subject, 'a'), '1 phase.queued, 2 phase.started, 3 phase.finished succeeded');
    },
  },
  {
    title: 'a host without logs.stream is told no output, and its ends wait for none',
    options: { capabilities: ['cancel', 'supersede', 'secrets', 'http.mount'] },
    check: async (subject) => {
      await give(subject, promoted(subject.promotion('a', 'prints')));
      await subject.host.tookThat(isFinish('a'));
      assert.deepEqual(subject.host.logs.told.all, []);
      assert.deepEqual(subject.plugin().health().missing, ['logs.stream']);
    },
  },
];
