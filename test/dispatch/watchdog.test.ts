import { describe, expect, it } from 'vitest';
import { watchdog } from '../../src/dispatch/watchdog.js';
import { plusMillis } from '../../src/kernel/time.js';
import { anAssignment, aQueuedJob } from '../builders.js';
import { givenEvents, type Given } from '../given.js';

const process = watchdog({ startMs: 120_000 });
const stream = 'job-j';
const queued = (limits: object = {}): Given => ({
  stream,
  type: 'JobQueued',
  data: aQueuedJob({ limits: { cancelGraceMs: 5000, logBytes: 1, ...limits } }),
});
const assigned: Given = { stream, type: 'JobAssigned', data: anAssignment() };
const started: Given = {
  stream,
  type: 'JobStarted',
  data: { attempt: 1, pid: 1, startTime: '1', bootId: 'boot' },
};
const cancelAsked: Given = { stream, type: 'JobCancelRequested', data: {} };

/** Effects that are asked for so long after the last event. */
const after = (ms: number, ...events: readonly Given[]) => {
  const recorded = givenEvents(...events);
  const state = recorded.reduce((s, e) => process.evolve(s, e), process.init());
  const at = plusMillis(recorded.at(-1)?.metadata.recordedAt ?? '', ms);
  return process.tick(state, at).map((command) => (command.target === 'effect' ? command.effect : command));
};

describe('the watchdog', () => {
  it('has an attempt revoked that has not started within its limit, or else within that of the installation', () => {
    expect(after(120_000, queued(), assigned)).toEqual([]);
    expect(after(120_001, queued(), assigned)).toEqual(['revoke']);
    expect(after(1001, queued({ startMs: 1000 }), assigned)).toEqual(['revoke']);
    expect(after(120_001, queued(), assigned, started)).toEqual([]);
    expect(after(120_001, queued())).toEqual([]);
  });
  it('asks again for an end that is overdue after a cancel, and ends nothing by itself', () => {
    expect(after(35_000, queued(), assigned, started, cancelAsked)).toEqual([]);
    expect(after(35_001, queued(), assigned, started, cancelAsked)).toEqual(['end']);
    // the cancel of an attempt that never started is a cancel all the same
    expect(after(200_000, queued(), assigned, cancelAsked)).toEqual(['end']);
  });
  it('asks for an end when the runner should have ended the job by its total limit', () => {
    const limited = queued({ totalMs: 60_000 });
    expect(after(95_000, limited, assigned, started)).toEqual([]);
    expect(after(95_001, limited, assigned, started)).toEqual(['end']);
    expect(after(1e9, queued(), assigned, started)).toEqual([]);
  });
});
