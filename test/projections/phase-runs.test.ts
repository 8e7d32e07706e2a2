import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { phaseKeyOf, phaseRuns } from '../../projections/phase-runs.js';
import { aPromotion } from '../builders.js';
import { givenEvents, viewOf, type Given } from '../given.js';

const row = { label: '', filter: [] };
const promoted = (run: string, rows = 1): Given => ({
  stream: `phase_run-${run}`,
  type: 'PhasePromoted',
  data: aPromotion({ hostKey: run, rows: Array.from({ length: rows }, () => row) }),
});
const finished = (run: string): Given => ({
  stream: `phase_run-${run}`,
  type: 'PhaseFinished',
  data: { outcome: 'succeeded', jobs: [] },
});

describe('phase-runs', () => {
  it('given promotions, then their jobs count from the promotion on, before any is queued', () => {
    const view = viewOf(phaseRuns, givenEvents(promoted('a', 3), promoted('b')));
    const { scope, change } = aPromotion();
    const more = { scope, ...(change === undefined ? {} : { changeId: change.id }) };
    expect(view).toMatchObject({
      rows: 4,
      live: {
        a: { host: 'test', hostKey: 'a', attempt: 1, rows: 3, ...more },
        b: { host: 'test', hostKey: 'b', attempt: 1, rows: 1, ...more },
      },
    });
  });

  it('given that all have ended, then only the numbers of their last attempts are left', () => {
    const again = aPromotion({ hostKey: 'a', attempt: 3 });
    const second = aPromotion({ hostKey: 'a', attempt: 2 });
    const events = givenEvents(
      ...[promoted('a', 3), promoted('b'), finished('b'), finished('a')],
      { stream: 'phase_run-c', type: 'PhasePromoted', data: again },
      { stream: 'phase_run-d', type: 'PhasePromoted', data: second },
      ...[finished('c'), finished('d')],
    );
    const last = { [phaseKeyOf('test', 'a')]: 3, [phaseKeyOf('test', 'b')]: 1 };
    expect(viewOf(phaseRuns, events)).toEqual({ live: {}, rows: 0, last });
  });

  it('given promotions of the standalone host, then their keys are not kept: nobody asks for them', () => {
    const events = givenEvents({
      stream: 'phase_run-a',
      type: 'PhasePromoted',
      data: aPromotion({ host: 'standalone' }),
    });
    expect(viewOf(phaseRuns, events).last).toEqual({});
  });

  it('the count is always that of the live ones, whatever a damaged history says', () => {
    const any = fc
      .tuple(fc.constantFrom('a', 'b', '__proto__'), fc.boolean(), fc.nat(4))
      .map(([run, ends, rows]) => (ends ? finished(run) : promoted(run, rows)));
    fc.assert(
      fc.property(fc.array(any, { maxLength: 30 }), (history) => {
        const { live, rows } = viewOf(phaseRuns, givenEvents(...history));
        expect(rows).toBe(Object.values(live).reduce((sum, run) => sum + run.rows, 0));
      }),
    );
  });
});
