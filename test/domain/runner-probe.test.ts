import * as E from 'fp-ts/lib/Either.js';
import { describe, expect, it } from 'vitest';
import type { Probed } from '../../src/domain/runner-probe.js';
import { runner } from '../../src/domain/runner.js';
import type { RunnerEvent } from '../../src/events/catalog.js';
import { anEnrolment } from '../builders.js';

describe('a probe of a runner in quarantine for its failures', () => {
  const past: readonly RunnerEvent[] = [
    { type: 'RunnerEnrolled', data: anEnrolment() },
    { type: 'RunnerQuarantined', data: { why: 'repeated_failures', detail: '' } },
  ];
  const passed = (check: string): unknown => {
    const probe: Probed = { verdict: 'ready', findings: [{ check, ok: false }], automatic: true };
    const decided = runner.decide({ kind: 'RecordProbe', probe }, past.reduce(runner.evolve, runner.initial));
    const recovery = E.isRight(decided) && decided.right.find(({ type }) => type === 'RecoveryProbed');
    return recovery && recovery.data;
  };

  it.each(['sessions', 'clock'])('given that %s is not well, then it counts as clean', (check) => {
    expect(passed(check)).toEqual({ passed: true });
  });
  it('given that disk space is short, then it does not', () => {
    expect(passed('disk_free')).toEqual({ passed: false, detail: 'not well: disk_free' });
  });
});

describe('a probe that stumbled over a host key', () => {
  const enrolled: RunnerEvent = { type: 'RunnerEnrolled', data: anEnrolment({ jump: 'user@gate' }) };
  const ready: RunnerEvent = {
    type: 'RunnerProbed',
    data: { verdict: 'ready', findings: [], code: '', baseId: '', bootId: '' },
  };
  const recordedOf = (past: readonly RunnerEvent[], found: Partial<Probed>): readonly string[] => {
    const probe: Probed = { verdict: 'unreachable', findings: [], code: 'host_key_unknown', ...found };
    const decided = runner.decide({ kind: 'RecordProbe', probe }, past.reduce(runner.evolve, runner.initial));
    return E.isRight(decided) ? decided.right.map(({ type }) => type) : [];
  };

  it.each([
    [{ type: 'HostKeyPinned', data: { fingerprint: 'SHA256:a', how: 'approved' } }, 'foundHostKey'],
    [{ type: 'JumpHostKeyPinned', data: { fingerprint: 'SHA256:a', how: 'approved' } }, 'foundJumpHostKey'],
  ] satisfies [RunnerEvent, keyof Probed][])(
    'given %j since it began, then nothing of it counts; given another key, then that has changed',
    (accepted, where) => {
      const past = [enrolled, accepted, ready];
      expect(recordedOf(past, { [where]: 'SHA256:a' })).toEqual([]);
      expect(recordedOf(past, { [where]: 'SHA256:b' })).toContain('RunnerQuarantined');
    },
  );
});

describe('a probe of a runner whose slots have folders of their own', () => {
  const enrolled: RunnerEvent = {
    type: 'RunnerEnrolled',
    data: anEnrolment({ base: '/b', slots: 2, isolated: true }),
  };
  const ready: Probed = { verdict: 'ready', findings: [], bootId: 'boot' };
  const all: Probed = { ...ready, baseId: 'b0', slotBaseIds: ['b0', 'b1'] };
  const recorded = (past: readonly RunnerEvent[], probe: Probed) => {
    const decided = runner.decide({ kind: 'RecordProbe', probe }, past.reduce(runner.evolve, runner.initial));
    return E.isRight(decided) ? decided.right.map(({ data }) => data) : [];
  };
  const probed: RunnerEvent = {
    type: 'RunnerProbed',
    data: { verdict: 'ready', findings: [], baseId: 'b0', bootId: 'boot', slotBaseIds: ['b0', 'b1'] },
  };

  it('is recorded with all of them, and again when one has changed', () => {
    expect(recorded([enrolled], all)).toMatchObject([{ baseId: 'b0', slotBaseIds: ['b0', 'b1'] }]);
    expect(recorded([enrolled, probed], all)).toEqual([]);
    expect(recorded([enrolled, probed], { ...all, slotBaseIds: ['b0', 'x'] })).toMatchObject([
      { baseId: 'b0', slotBaseIds: ['b0', 'x'] },
    ]);
  });
  it('given what an attempt saw of one slot, then only that one changes', () => {
    expect(recorded([enrolled, probed], { ...ready, baseId: 'x', slot: 1 })).toMatchObject([
      { baseId: 'b0', slotBaseIds: ['b0', 'x'] },
    ]);
    expect(recorded([enrolled, probed], { ...ready, baseId: 'x', slot: 0 })).toMatchObject([
      { baseId: 'x', slotBaseIds: ['x', 'b1'] },
    ]);
  });
  it('given slots that were not looked at yet, then nobody who saw one of them says that it is ready', () => {
    const more: RunnerEvent = { type: 'RunnerSettingsChanged', data: { slots: 3 } };
    for (const probe of [{ ...ready, baseId: 'x', slot: 1 }, ready, all])
      expect(recorded([enrolled, probed, more], probe)).toEqual([]);
    const three = { ...all, slotBaseIds: ['b0', 'b1', 'b2'] };
    expect(recorded([enrolled, probed, more], three)).toMatchObject([{ slotBaseIds: ['b0', 'b1', 'b2'] }]);
  });
});
