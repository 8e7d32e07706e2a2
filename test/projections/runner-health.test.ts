import { describe, expect, it } from 'vitest';
import { runnerHealth, runnerView, runnerViews } from '../../projections/runner-health.js';
import type { RunnerEvent } from '../../src/events/catalog.js';
import type { RunnerSettingsChanged } from '../../src/events/runner.js';
import { anEnrolment } from '../builders.js';
import type { Given } from '../given.js';
import { givenEvents, viewOf } from '../given.js';
import { assigned, queued, readyRunner, requeued, started, succeeded } from './stories.js';

const r1 = (event: RunnerEvent, extra: { by?: string; reason?: string } = {}): Given => ({
  stream: 'runner-r1',
  ...event,
  ...extra,
});
const after = (...events: readonly Given[]) => runnerView(viewOf(runnerHealth, givenEvents(...events)), 'r1');
const ready = readyRunner('r1', 'debian', { slots: 2 });
const enrolled = r1({ type: 'RunnerEnrolled', data: anEnrolment() });

describe('the state of a runner', () => {
  it('is untested until a probe is recorded, then what the probe found', () => {
    expect(after(enrolled)?.state).toBe('untested');
    expect(after(...ready)?.state).toBe('ready');
    const findings = [{ check: 'disk', ok: false, consequence: 'jobs cannot be unpacked' }];
    expect(after(enrolled, r1({ type: 'RunnerProbed', data: { verdict: 'unfit', findings } }))).toMatchObject(
      {
        state: 'unfit',
        detail: 'jobs cannot be unpacked',
      },
    );
  });
  it('given an account for each slot, then that is shown, and a further slot was not looked at yet', () => {
    const data = anEnrolment({ base: '/b', slots: 2, isolated: true });
    const probed = r1({
      type: 'RunnerProbed',
      data: { verdict: 'ready', findings: [], slotBaseIds: ['a', 'b'] },
    });
    const isolated = [r1({ type: 'RunnerEnrolled', data }), probed];
    const set = (change: RunnerSettingsChanged) =>
      after(...isolated, r1({ type: 'RunnerSettingsChanged', data: change }));
    expect(after(...isolated)).toMatchObject({ state: 'ready', isolated: true });
    expect(set({ slots: 1 })?.state).toBe('ready');
    expect(set({ slots: 3 })?.state).toBe('untested');
    expect(set({ isolated: false })).not.toHaveProperty('isolated');
    expect(set({ isolated: false })?.state).toBe('untested');
  });
  it('given a trial, then it is untested whatever its probes say, until it is proved', () => {
    const onTrial = r1({ type: 'RunnerEnrolled', data: anEnrolment({ trial: true }) });
    const probed = r1({ type: 'RunnerProbed', data: { verdict: 'ready', findings: [] } });
    const slots = [{ slot: 0, user: 'ci', baseId: 'b', bytes: 10, sha256: 'x' }];
    const proved = r1({ type: 'RunnerProved', data: { bootId: 'boot', slots } });
    const awaited = {
      state: 'untested',
      detail: 'on trial: its first job is awaited (baton runner prove r1)',
    };
    expect(after(onTrial)).toMatchObject(awaited);
    expect(after(onTrial, probed)).toMatchObject(awaited);
    const runner = after(onTrial, probed, proved);
    expect(runner).toMatchObject({ state: 'ready', proved: { slots } });
    expect(runner).not.toHaveProperty('detail');
  });
  it('given a quarantine of a drained runner, when it is cleared, then it still drains', () => {
    const drained = r1({ type: 'RunnerDrained', data: {} }, { by: 'alice', reason: 'new disk' });
    const quarantined = r1({
      type: 'RunnerQuarantined',
      data: { why: 'failures', detail: 'three in a row' },
    });
    const cleared = r1({ type: 'RunnerCleared', data: { by: 'person' } });
    expect(after(...ready, drained, quarantined)).toMatchObject({
      state: 'quarantined',
      detail: 'three in a row',
    });
    expect(after(...ready, drained, quarantined, cleared)).toMatchObject({
      state: 'draining',
      detail: 'drained by alice: new disk',
    });
  });
  it('given a pause, when resumed, then it is what its last probe said', () => {
    const paused = r1({ type: 'RunnerPaused', data: { until: '2026-01-02T00:00:00.000Z' } }, { by: 'alice' });
    expect(after(...ready, paused)?.detail).toBe('paused until 2026-01-02T00:00:00.000Z by alice');
    const resumed = after(...ready, paused, r1({ type: 'RunnerResumed', data: {} }));
    expect(resumed?.state).toBe('ready');
    expect(resumed).not.toHaveProperty('detail');
  });
  it('given a host key that changed, then the found one is shown until it is trusted', () => {
    const pinned = r1({ type: 'HostKeyPinned', data: { fingerprint: 'SHA256:old', how: 'given' } });
    const changed = r1({ type: 'HostKeyChanged', data: { expected: ['SHA256:old'], found: 'SHA256:new' } });
    const trusted = r1({
      type: 'HostKeyTrusted',
      data: { fingerprint: 'SHA256:new', replaces: ['SHA256:old'] },
    });
    expect(after(...ready, pinned, changed)).toMatchObject({
      foundHostKey: 'SHA256:new',
      hostKeys: ['SHA256:old'],
    });
    const runner = after(...ready, pinned, changed, trusted);
    expect(runner?.hostKeys).toEqual(['SHA256:new']);
    expect(runner).not.toHaveProperty('foundHostKey');
  });
});

describe('what a person and the record make of a runner', () => {
  const later = (...events: readonly RunnerEvent[]) => after(...ready, ...events.map((one) => r1(one)));
  it('given other slots and labels, then it still is what its probe said; another host was not probed yet', () => {
    expect(later({ type: 'RunnerSettingsChanged', data: { slots: 5, labels: ['gpu'] } })).toMatchObject({
      ...{ state: 'ready', slots: 5, labels: ['gpu'] },
    });
    const moved = later({ type: 'RunnerSettingsChanged', data: { host: 'h2', jump: 'gate@j' } });
    expect(moved).toMatchObject({ state: 'untested', host: 'h2', jump: 'gate@j', jumpHostKeys: [] });
    expect(moved).not.toHaveProperty('probe');
  });
  it('given enterprises that it is kept for, then they are shown, until it takes jobs of all again', () => {
    const kept = { type: 'RunnerSettingsChanged', data: { enterprises: ['acme'] } } as const;
    expect(later(kept)).toMatchObject({ state: 'ready', enterprises: ['acme'] });
    const forAll = { type: 'RunnerSettingsChanged', data: { enterprises: [] } } as const;
    expect(later(kept, forAll)).not.toHaveProperty('enterprises');
  });
  it('given a quarantine for failures, then its clean probes in a row are counted until it is cleared', () => {
    const struck = { type: 'RunnerQuarantined', data: { why: 'repeated_failures', detail: 'd' } } as const;
    const probe = (passed: boolean) => ({ type: 'RecoveryProbed', data: { passed } }) as const;
    expect(later(struck, probe(true), probe(false), probe(true), probe(true))).toMatchObject({
      state: 'quarantined',
      quarantine: { why: 'repeated_failures', cleanProbes: 2 },
    });
    const cleared = later(struck, probe(true), { type: 'RunnerCleared', data: { by: 'probe' } });
    expect(cleared?.state).toBe('ready');
    expect(cleared).not.toHaveProperty('quarantine');
  });
  it('given its removal was asked for, then it is removing, then retired, and its key is shown no more', () => {
    const asked = { type: 'RunnerRemovalRequested', data: { cancelJobs: true } } as const;
    expect(later(asked)).toMatchObject({ state: 'removing', detail: 'is being removed by baton' });
    const gone = later(
      asked,
      { type: 'RunnerRetired', data: {} },
      {
        type: 'RunnerKeyRemoved',
        data: { secretRef: 'runner/r1' },
      },
    );
    expect(gone?.state).toBe('retired');
    expect(gone).not.toHaveProperty('publicKey');
  });
});

describe('a name that another runner has after the first was retired', () => {
  const former = [
    ...ready,
    r1({ type: 'HostKeyPinned', data: { fingerprint: 'SHA256:old', how: 'given' } }),
    ...[queued('a'), assigned('a'), succeeded('a'), queued('b'), assigned('b')],
    r1({ type: 'RunnerQuarantined', data: { why: 'repeated_failures', detail: 'd' } }),
    r1({ type: 'SlotQuarantined', data: { slot: 1, why: '', jobId: 'a' } }),
    r1({ type: 'RunnerRemovalRequested', data: { cancelJobs: false } }),
    r1({ type: 'RunnerRetired', data: {} }),
  ];
  const auth = { kind: 'key', secretRef: 'runner/r1/2', publicKey: 'ssh-ed25519 NEW' } as const;
  const again = r1({ type: 'RunnerEnrolled', data: anEnrolment({ host: 'h2', auth }) });

  it('shows nothing of the former one but the job that it has not let go of', () => {
    const fresh = after(again);
    const runner = after(...former, again);
    expect(runner).toEqual({ ...fresh, current: { 0: 'b' }, revision: runner?.revision });
    expect(after(...former, again, succeeded('b'))?.current).toEqual({});
  });
  it('keeps its own key when one of the former runner is removed at last', () => {
    const gone = r1({ type: 'RunnerKeyRemoved', data: { secretRef: 'runner/r1' } });
    expect(after(...former, again, gone)).toMatchObject({ state: 'untested', publicKey: 'ssh-ed25519 NEW' });
  });
});

describe('what a runner does', () => {
  it('holds a slot from the assignment to the end', () => {
    const running = [...ready, queued('a'), assigned('a', { slot: 1 }), started('a')];
    expect(after(...running)?.current).toEqual({ 1: 'a' });
    expect(after(...running, requeued('a'))?.current).toEqual({});
    const done = after(...running, succeeded('a'));
    expect(done?.current).toEqual({});
    expect(done?.lastOutcomes).toEqual([
      { jobId: 'a', outcome: 'succeeded', at: '2026-01-01T00:00:06.000Z', ranMs: 1000 },
    ]);
  });
  it('tells how long the last attempt ran, and nothing of one that had not started', () => {
    const twice = [queued('a'), assigned('a'), started('a'), requeued('a'), assigned('a')];
    expect(after(...ready, ...twice, succeeded('a'))?.lastOutcomes[0]).not.toHaveProperty('ranMs');
    const again = after(...ready, ...twice, started('a', 2), { ...succeeded('a', 2), afterMs: 5000 });
    expect(again?.lastOutcomes[0]).toMatchObject({ jobId: 'a', ranMs: 5000 });
  });
  it('remembers the last 20 outcomes, newest first', () => {
    const many = Array.from({ length: 25 }, (_, i) => [
      queued(`j${i}`),
      assigned(`j${i}`),
      succeeded(`j${i}`),
    ]).flat();
    const outcomes = after(...ready, ...many)?.lastOutcomes ?? [];
    expect(outcomes.map(({ jobId }) => jobId)).toEqual(Array.from({ length: 20 }, (_, i) => `j${24 - i}`));
  });
  it('given a slot that is taken again before the first holder ended, when that one ends, then the slot stays taken', () => {
    const runner = after(...ready, queued('a'), assigned('a'), queued('b'), assigned('b'), succeeded('a'));
    expect(runner?.current).toEqual({ 0: 'b' });
  });
  it('given several runners, then they are told by name', () => {
    const view = viewOf(runnerHealth, givenEvents(...readyRunner('b', 'x'), ...readyRunner('a', 'x')));
    expect(runnerViews(view).map(({ name }) => name)).toEqual(['a', 'b']);
  });
});
