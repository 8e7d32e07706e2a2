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
