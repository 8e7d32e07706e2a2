import { describe, expect, it } from 'vitest';
import { fanOut } from '../../src/dispatch/fan-out.js';
import { aPromotion } from '../builders.js';
import { givenEvents, type Given } from '../given.js';

const stream = 'phase_run-a';
const promoted: Given = { stream, type: 'PhasePromoted', data: aPromotion() };
const cancelAsked: Given = { stream, type: 'PhaseCancelRequested', data: { host: 'test', hostKey: 'key' } };

describe('fan-out', () => {
  it('given a promotion, then a job is owed for each row', () => {
    const [first] = givenEvents(promoted);
    expect(fanOut.react(fanOut.evolve(fanOut.init(), first!), first!)).toMatchObject([{ target: 'job' }]);
  });

  it('given a promotion that wants outputs apart, or several slots, then its jobs say so; others say nothing of it', () => {
    const queuedBy = (more: Parameters<typeof aPromotion>[0]) => {
      const [event] = givenEvents({ stream, type: 'PhasePromoted', data: aPromotion(more) });
      return fanOut.react(fanOut.evolve(fanOut.init(), event!), event!);
    };
    expect(queuedBy({ output: 'split' })).toMatchObject([{ command: { data: { output: 'split' } } }]);
    expect(JSON.stringify(queuedBy({}))).not.toContain('"output"');
    expect(queuedBy({ slots: 3 })).toMatchObject([{ command: { data: { slots: 3 } } }]);
    expect(JSON.stringify(queuedBy({}))).not.toContain('"slots"');
  });

  it('given a cancel that came first, then nothing is owed, even before the end that was written with the promotion is read', () => {
    const events = givenEvents(cancelAsked, promoted);
    const state = events.reduce((s, e) => fanOut.evolve(s, e), fanOut.init());
    expect(fanOut.react(state, events[1]!)).toEqual([]);
    expect(fanOut.resume(state)).toEqual([]);
  });
});
