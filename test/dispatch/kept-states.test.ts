import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { standaloneProcess } from '../../plugin/hosts/standalone/process.js';
import { plain, revived } from '../../src/app/state-checkpoints.js';
import { cancellation } from '../../src/dispatch/cancellation.js';
import { idOf } from '../../src/dispatch/commands.js';
import { dispatcher } from '../../src/dispatch/dispatcher.js';
import { fanOut } from '../../src/dispatch/fan-out.js';
import { pauses } from '../../src/dispatch/pauses.js';
import { quarantine } from '../../src/dispatch/quarantine.js';
import { removal } from '../../src/dispatch/removal.js';
import { scheduler } from '../../src/dispatch/scheduler.js';
import { supersession } from '../../src/dispatch/supersession.js';
import { watchdog } from '../../src/dispatch/watchdog.js';
import { defaultQueuePolicy } from '../../src/domain/queue-policy.js';
import { isJobEvent, type BatonEvent } from '../../src/events/catalog.js';
import type { Process } from '../../src/kernel/process.js';
import type { Recorded } from '../../src/kernel/recorded.js';
import { givenEvents } from '../given.js';
import { anyHistory, anyHistoryOf } from '../projections/any-event.js';

/** Without what no decider of jobs writes: a second queueing, and what does not follow from where the job is. */
const likely = (events: readonly Recorded<BatonEvent>[]): readonly Recorded<BatonEvent>[] => {
  const places = new Map<string, 'waits' | 'assigned' | 'ended'>();
  return events.filter(({ stream, event }) => {
    if (!isJobEvent(event)) return true;
    const [id, place] = [idOf(stream), places.get(idOf(stream))];
    switch (event.type) {
      case 'JobQueued':
        if (place === undefined) places.set(id, 'waits');
        return place === undefined;
      case 'JobAssigned':
        if (place === 'waits') places.set(id, 'assigned');
        return place === 'waits';
      case 'JobRequeued':
        if (place === 'assigned') places.set(id, 'waits');
        return place === 'assigned';
      case 'JobStarted':
      case 'JobCancelRequested':
      case 'JobOutputSealed':
      case 'JobReported':
      case 'JobReportRefused':
        return place === 'assigned' || place === 'waits';
      default:
        if (place !== undefined) places.set(id, 'ended');
        return place === 'assigned' || place === 'waits';
    }
  });
};

const throughText = (value: unknown): unknown => revived(JSON.parse(JSON.stringify(plain(value))));

const savedOf = <C, S>({ kept }: Process<BatonEvent, C, S>, state: S): unknown =>
  throughText(kept === undefined ? state : kept.save(state));

const restored = <C, S>(process: Process<BatonEvent, C, S>, state: S): S => {
  const saved = savedOf(process, state);
  if (process.kept === undefined) return saved as S;
  return process.kept.restore(saved) ?? expect.fail('what was kept is of no use');
};

/** A state may owe what cannot be worked out from an unlikely history: then it is the same failure. */
const owedIn = <C, S>({ resume }: Process<BatonEvent, C, S>, state: S): readonly string[] => {
  try {
    return resume(state)
      .map((command) => JSON.stringify(command))
      .sort();
  } catch (error) {
    return [String(error)];
  }
};

const LATE = '2026-02-01T00:00:00.000Z';

const holdsFor = <C, S>(process: Process<BatonEvent, C, S>, histories = anyHistory): void => {
  expect(process.version).toBeGreaterThan(0);
  const fold = (state: S, events: readonly Recorded<BatonEvent>[]): S => events.reduce(process.evolve, state);
  fc.assert(
    fc.property(histories, fc.nat(60), (given, cut) => {
      const events = likely(givenEvents(...given));
      const whole = fold(process.init(), events);
      const again = fold(restored(process, fold(process.init(), events.slice(0, cut))), events.slice(cut));
      const [expected, found] = [savedOf(process, whole), savedOf(process, again)];
      if (!isDeepStrictEqual(found, expected))
        expect.fail(`${JSON.stringify(plain(found))} differs from ${JSON.stringify(plain(expected))}`);
      const late = (state: S): readonly string[] =>
        process
          .tick(state, LATE)
          .map((command) => JSON.stringify(command))
          .sort();
      expect(late(again)).toEqual(late(whole));
      expect(owedIn(process, again)).toEqual(owedIn(process, whole));
    }),
    { numRuns: 300 },
  );
};

describe('the state of a process, kept at any moment and taken up again, comes to the same and owes the same', () => {
  const policy = defaultQueuePolicy;
  it('as the scheduler', () => {
    holdsFor(scheduler({ fence: 1, policy }));
  });
  it('as the dispatcher', () => {
    holdsFor(dispatcher);
  });
  it('as the fan-out', () => {
    holdsFor(fanOut);
  });
  it('as cancellation', () => {
    holdsFor(cancellation);
  });
  it('as supersession', () => {
    holdsFor(supersession);
  });
  it('as the watchdog', () => {
    holdsFor(watchdog(policy));
  });
  it('as pauses', () => {
    holdsFor(pauses);
  });
  it('as quarantine', () => {
    holdsFor(quarantine);
  });
  it('as removal', () => {
    holdsFor(removal);
  });
  it('as the standalone host', () => {
    holdsFor(standaloneProcess, anyHistoryOf(['a', 'b', 'r1']));
  });
  it('given another policy, then the keys of jobs are others, and the state of the scheduler is of no use', () => {
    const { kept, init } = scheduler({ fence: 1, policy });
    const other = scheduler({ fence: 2, policy: { ...policy, ageingMs: policy.ageingMs + 1 } });
    expect(other.kept?.restore(kept?.save(init()))).toBeUndefined();
  });
});
