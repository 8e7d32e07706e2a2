import * as E from 'fp-ts/lib/Either.js';
import * as TE from 'fp-ts/lib/TaskEither.js';
import { Subject } from 'rxjs';
import { afterEach, describe, expect, it } from 'vitest';
import type { Report, ReportAnswer } from '../../plugin/contract.js';
import { openOutbox, type Outbox, type OutboxOptions, type Refused } from '../../plugin/outbox.js';
import { memoryHost, type MemoryHost } from '../../plugin/testing.js';
import type { Checkpoint, CheckpointStore } from '../../src/app/checkpoints.js';
import type { EventStore } from '../../src/app/ports.js';
import type { BatonEvent } from '../../src/events/catalog.js';
import { memoryStore } from '../../src/store/memory.js';
import { aPromotion, asNew } from '../builders.js';

const keptCheckpoints = (): CheckpointStore & { kept: Checkpoint | undefined } => {
  const store = {
    kept: undefined as Checkpoint | undefined,
    load: () => TE.right(store.kept),
    save: (checkpoint: Checkpoint) => {
      store.kept = JSON.parse(JSON.stringify(checkpoint)) as Checkpoint;
      return TE.right(undefined);
    },
  };
  return store;
};

const open: Outbox[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((outbox) => outbox.close()));
});

/** An outbox over a store in memory; `write` records the whole life of a phase run, `tell` starts telling. */
const given = (host: MemoryHost = memoryHost(), checkpoints = keptCheckpoints(), store = memoryStore()) => {
  const written = new Subject<void>();
  const refused: Refused[] = [];
  const problems: string[] = [];
  const start = (more: Partial<OutboxOptions> = {}): Outbox => {
    const outbox = openOutbox({
      ...{ host: 'test', report: host.report, store, written, checkpoints },
      refuse: (report) => {
        refused.push(report);
        return Promise.resolve(true);
      },
      ...{ timeoutMs: 5000, mostRetryMs: 20, onProblem: (message) => problems.push(message) },
      ...more,
    });
    open.push(outbox);
    return outbox;
  };
  const append = async (stream: string, ...events: readonly BatonEvent[]): Promise<string> => {
    const done = await store.append(
      `phase_run-${stream}`,
      events.map((event) => asNew(event)),
      'any',
    )();
    written.next();
    return E.isRight(done) ? done.right.position : '';
  };
  const promoted = (id: string): BatonEvent => ({ type: 'PhasePromoted', data: aPromotion({ hostKey: id }) });
  const finished: BatonEvent = { type: 'PhaseFinished', data: { outcome: 'cancelled', jobs: [] } };
  return {
    ...{ host, checkpoints, refused, problems, store },
    start,
    promote: (id: string) => append(id, promoted(id)),
    finish: (id: string) => append(id, finished),
    whole: (id: string) => append(id, promoted(id), finished),
  };
};

const seqs = (reports: readonly Report[], hostKey: string): readonly number[] =>
  reports.filter((report) => report.hostKey === hostKey).map(({ seq }) => seq);

describe('the outbox', () => {
  it('tells what was recorded before it was opened, and what comes afterwards', async () => {
    const { host, start, whole } = given();
    await whole('a');
    const outbox = start();
    await outbox.open();
    expect(outbox.waiting()).toBe(1);
    expect(host.told).toEqual([]);
    outbox.go();
    await outbox.settled(await whole('b'));
    expect([seqs(host.taken, 'a'), seqs(host.taken, 'b')]).toEqual([
      [1, 2],
      [1, 2],
    ]);
  });

  it('given a checkpoint, then a new one goes on behind what was taken', async () => {
    const { host, start, promote, finish } = given();
    const first = start();
    await first.open();
    first.go();
    await first.settled(await promote('a'));
    await first.close();
    const second = start();
    await second.open();
    second.go();
    await second.settled(await finish('a'));
    expect(seqs(host.told, 'a')).toEqual([1, 2]);
  });

  it('given that the checkpoint was lost, then everything is told again under the same numbers, and the host knows it', async () => {
    const { host, checkpoints, start, whole } = given();
    const first = start();
    await first.open();
    first.go();
    const position = await whole('a');
    await first.settled(position);
    await first.close();
    checkpoints.kept = undefined;
    const second = start();
    await second.open();
    second.go();
    await second.settled(position);
    expect(seqs(host.told, 'a')).toEqual([1, 2, 1, 2]);
    expect(seqs(host.taken, 'a')).toEqual([1, 2]);
  });

  it('given a checkpoint of another store, then it is not used, and that is said', async () => {
    const checkpoints = keptCheckpoints();
    checkpoints.kept = { name: 'reports-test', version: 1, position: '999', view: { runs: {}, jobs: {} } };
    const { host, start, whole, problems } = given(memoryHost(), checkpoints);
    const position = await whole('a');
    const outbox = start();
    await outbox.open();
    outbox.go();
    await outbox.settled(position);
    expect(seqs(host.taken, 'a')).toEqual([1, 2]);
    expect(problems.join()).toContain('another store');
  });

  it.each([
    [
      'throws at once',
      () => {
        throw new Error('no');
      },
    ],
    ['rejects', () => Promise.reject(new Error('no'))],
    ['answers something else', () => 'maybe' as ReportAnswer],
  ])('given a host that %s, then the report is told again and only then the next', async (_, wrong) => {
    const { host, start, whole } = given();
    let left = 3;
    host.behave((_report, take) => (left-- > 0 ? wrong() : take()));
    const outbox = start();
    await outbox.open();
    outbox.go();
    await outbox.settled(await whole('a'));
    expect(seqs(host.told, 'a')).toEqual([1, 1, 1, 1, 2]);
    expect(outbox.retried()).toBe(0);
  });

  it('given a dead host, then it stops reading: what waits in memory is bounded, and nothing is lost', async () => {
    const { host, start, whole, store } = given();
    let alive = false;
    host.behave((_, take) => {
      if (!alive) throw new Error('down');
      return take();
    });
    const runs = 2600;
    let position = '';
    for (let i = 0; i < runs; i++) position = await whole(`run-${i}`);
    let read = 0;
    const counting: EventStore = {
      ...store,
      readAll: (from, options) => {
        const page = store.readAll(from, options);
        return async () => {
          const answer = await page();
          read += E.isRight(answer) ? answer.right.length : 0;
          return answer;
        };
      },
    };
    const outbox = start({ store: counting });
    await outbox.open();
    outbox.go();
    await host.toldThat(() => host.told.length > 2000);
    // two events for each phase run; one page of 500 may be under way when the bound is reached
    expect(outbox.waiting()).toBeLessThanOrEqual(1250);
    expect(read).toBeLessThan(runs);
    alive = true;
    await outbox.settled(position);
    expect(host.taken).toHaveLength(2 * runs);
  }, 60_000);

  it('given a refusal that cannot be written, then the report is told again and the refusal tried again', async () => {
    const { host, start, whole } = given();
    host.behave(() => 'gone');
    let tries = 0;
    const outbox = start({ refuse: () => Promise.resolve((tries += 1) > 2) });
    await outbox.open();
    outbox.go();
    await outbox.settled(await whole('a'));
    expect([tries, seqs(host.told, 'a')]).toEqual([3, [1, 1, 1]]);
  });

  it('closes although the host never answers, and tells the host so', async () => {
    const { host, start, promote } = given();
    let aborted = false;
    const outbox = start({
      report: (report, { signal }) => {
        signal.addEventListener('abort', () => (aborted = true));
        void host.report(report, { signal });
        return new Promise(() => undefined);
      },
    });
    await outbox.open();
    outbox.go();
    await promote('a');
    await host.toldThat(() => true);
    await outbox.close();
    expect(aborted).toBe(true);
  });
});
