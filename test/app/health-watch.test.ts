/** At what pace is a runner looked at? With a clock that the test moves. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { NEVER } from 'rxjs';
import type { Watch } from '../../src/app/evidence.js';
import { watchHealth, type HealthWatch } from '../../src/app/health-watch.js';
import { runnerHealth, type RunnerView } from '../../projections/runner-health.js';
import { aRunner } from '../http/edge.js';

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance', 'Date'] });
});
let watch: HealthWatch | undefined;
afterEach(async () => {
  await watch?.close();
  vi.useRealTimers();
});

/** Seconds at which the runner was looked at within `seconds`, the first look at the start left out. */
const looks = async (view: Partial<RunnerView>, seconds: number): Promise<readonly number[]> => {
  const found: number[] = [];
  const runners = { r1: aRunner({ name: 'r1', ...view }) };
  const model = { ...runnerHealth.init(), runners };
  const plans: Watch[] = [];
  const begin = performance.now();
  watch = watchHealth(
    {
      name: 'runner-health',
      view: () => model,
      position: () => '1',
      view$: NEVER,
      caughtUp: () => Promise.resolve(),
      waitFor: () => Promise.resolve(),
      rebuild: () => Promise.resolve(0),
    },
    { plan: (_, plan) => void plans.push(plan) },
    () => {
      found.push(Math.round((performance.now() - begin) / 1000));
      return Promise.resolve();
    },
    () => undefined,
    {
      ...{ probeMs: 60_000, recoveryMs: 20_000, random: () => 0.5 },
      clock: { now: () => new Date().toISOString(), monotonicMs: () => performance.now() },
    },
  );
  await Promise.resolve();
  for (let n = 0; n < seconds; n++) {
    await vi.advanceTimersByTimeAsync(1000);
  }
  return found.slice(1);
};

const probed = (verdict: string, code = '') => ({
  probe: { at: '2026-01-01T00:00:00.000Z', verdict, code, findings: [] },
});
/** Whole seconds: the watch looks around once a second. */
const near = (expected: readonly number[]) =>
  expected.map((n) => expect.toSatisfy((found: number) => Math.abs(found - n) <= n * 0.05 + 2) as number);

describe('a runner is looked at', () => {
  it('each minute while it is ready, and while it drains', async () => {
    expect(await looks({ ...probed('ready'), state: 'draining' }, 200)).toEqual(near([60, 120, 181]));
  });
  it('each 20 seconds while it is in quarantine for its failures', async () => {
    const quarantine = { why: 'repeated_failures', at: '', cleanProbes: 0 };
    expect(await looks({ ...probed('ready'), state: 'quarantined', quarantine }, 65)).toEqual(
      near([20, 41, 62]),
    );
  });
  it.each([
    ['unreachable', 'refused'],
    ['unfit', ''],
  ])('with growing pauses while it is %s', async (verdict, code) => {
    expect(await looks(probed(verdict, code), 160)).toEqual(near([5, 15, 36, 77, 158]));
  });
  it.each(['permission_denied', 'host_key_changed', 'host_key_unknown', 'no_key', 'forwarding_refused'])(
    'never by itself after %s: a person has to act',
    async (code) => {
      expect(await looks(probed('unfit', code), 600)).toEqual([]);
    },
  );
});
