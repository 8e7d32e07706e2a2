import * as E from 'fp-ts/lib/Either.js';
import { describe, expect, it } from 'vitest';
import { handle, type Envelope } from '../../src/app/handle.js';
import type { EventStore } from '../../src/app/ports.js';
import { job, type JobCommand } from '../../src/domain/job.js';
import { systemClock } from '../../src/kernel/time.js';
import { memoryStore } from '../../src/store/memory.js';
import { anAssignment, aQueuedJob } from '../builders.js';

const envelope = (commandId: string, bodySha256 = 'body'): Envelope => ({
  commandId,
  bodySha256,
  actor: 'ann',
  reason: 'why',
});
const queue: JobCommand = { kind: 'QueueJob', data: aQueuedJob() };
const ids = {
  queue: '11111111-1111-5111-8111-111111111111',
  cancel: '22222222-2222-5222-8222-222222222222',
};
const on = (store: EventStore) => (command: JobCommand, from: Envelope) =>
  handle({ store, clock: systemClock }, 'job-1', job, command, from);
const countOf = async (store: EventStore): Promise<number> => {
  const all = await store.readAll('start')();
  return E.isRight(all) ? all.right.length : -1;
};

describe('handle', () => {
  it('writes what was decided, with actor, reason, cause and body digest', async () => {
    const store = memoryStore();
    await on(store)(queue, envelope(ids.queue));
    const read = await store.readStream('job-1')();
    expect(E.isRight(read) && read.right[0]?.metadata).toMatchObject({
      actor: 'ann',
      reason: 'why',
      commandId: ids.queue,
      bodySha256: 'body',
      schema: 1,
    });
  });
  it('answers a repeat from what was recorded, although the decider would refuse it now', async () => {
    const store = memoryStore();
    const first = await on(store)(queue, envelope(ids.queue));
    const second = await on(store)(queue, envelope(ids.queue));
    expect(E.isRight(second) && second.right.repeated).toBe(true);
    expect(E.isRight(first) && E.isRight(second) && second.right.position === first.right.position).toBe(
      true,
    );
    expect(await countOf(store)).toBe(1);
  });
  it('refuses the same command id with another body', async () => {
    const store = memoryStore();
    await on(store)(queue, envelope(ids.queue));
    const other = await on(store)(queue, envelope(ids.queue, 'another'));
    expect(E.isLeft(other) && other.left.kind === 'failed' && other.left.error.code).toBe(
      'idempotency_conflict',
    );
  });
  it('refuses when the stream has another revision than is expected, unless it is a repeat', async () => {
    const store = memoryStore();
    const first = await on(store)(queue, envelope(ids.queue));
    const cancel: JobCommand = { kind: 'CancelJob' };
    const late = await on(store)(cancel, { ...envelope(ids.cancel), expectedRevision: 3 });
    expect(E.isLeft(late) && late.left.kind === 'failed' && late.left.error.reason).toBe('revision_changed');
    expect(await countOf(store)).toBe(1);
    const repeat = await on(store)(queue, { ...envelope(ids.queue), expectedRevision: 3 });
    expect(E.isRight(first) && E.isRight(repeat) && repeat.right.repeated).toBe(true);
    const right = await on(store)(cancel, { ...envelope(ids.cancel), expectedRevision: 0 });
    expect(E.isRight(right) && right.right.events.length).toBeGreaterThan(0);
  });
  it('decides anew when somebody else wrote between load and append', async () => {
    const store = memoryStore();
    await on(store)(queue, envelope(ids.queue));
    let raced = false;
    const racing: EventStore = {
      ...store,
      append: (stream, events, expected) => async () => {
        if (!raced) {
          raced = true;
          await on(store)(
            { kind: 'AssignJob', data: anAssignment() },
            envelope('33333333-3333-5333-8333-333333333333'),
          );
        }
        return store.append(stream, events, expected)();
      },
    };
    // decided for a queued job it would be over at once; by now it is assigned, so only the wish is written
    const done = await on(racing)({ kind: 'CancelJob' }, envelope(ids.cancel));
    expect(E.isRight(done) && done.right.events.map(({ event }) => event.type)).toEqual([
      'JobCancelRequested',
    ]);
  });
  it('takes an append whose answer was lost as done', async () => {
    const store = memoryStore();
    let lost = false;
    const losing: EventStore = {
      ...store,
      append: (stream, events, expected) => async () => {
        const answer = await store.append(stream, events, expected)();
        if (lost) return answer;
        lost = true;
        return E.left({ code: 'store_unavailable', why: 'timeout', message: 'no answer' });
      },
    };
    const failed = await on(losing)(queue, envelope(ids.queue));
    expect(E.isLeft(failed)).toBe(true);
    const again = await on(losing)(queue, envelope(ids.queue));
    expect(E.isRight(again) && again.right.repeated).toBe(true);
    expect(await countOf(store)).toBe(1);
  });
});
