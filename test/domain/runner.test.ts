import { describe, it } from 'vitest';
import { runner } from '../../src/domain/runner.js';
import type { Probed } from '../../src/domain/runner-probe.js';
import { anEnrolment } from '../builders.js';
import { givenFor } from '../given.js';

const given = givenFor(runner);
const enrolled = { type: 'RunnerEnrolled', data: anEnrolment() } as const;
const pinned = { type: 'HostKeyPinned', data: { fingerprint: 'SHA256:a', how: 'given' } } as const;
const ready: Probed = {
  verdict: 'ready',
  findings: [],
  baseId: 'b',
  bootId: 'boot',
  attributes: { os: 'linux' },
};
const probed = {
  type: 'RunnerProbed',
  data: { verdict: 'ready', findings: [], code: '', baseId: 'b', bootId: 'boot' },
} as const;
const attributes = { type: 'RunnerAttributesChanged', data: { attributes: { os: 'linux' } } } as const;

describe('EnrolRunner', () => {
  it('given nothing, when enrolled with a host key, then both are recorded', () => {
    given([])
      .when({ kind: 'EnrolRunner', data: anEnrolment(), hostKey: 'SHA256:a' })
      .then([enrolled, pinned]);
  });
  it('given a runner, when enrolled again, then refused: runner_exists', () => {
    given([enrolled]).when({ kind: 'EnrolRunner', data: anEnrolment() }).thenRefused('runner_exists');
  });
  it('given a retired runner, when enrolled again, then refused: history speaks of that name', () => {
    given([enrolled, { type: 'RunnerRetired', data: {} }])
      .when({ kind: 'EnrolRunner', data: anEnrolment() })
      .thenRefused('runner_retired');
  });
});

describe('RecordProbe', () => {
  it('given no probe, when one is recorded, then verdict and attributes are', () => {
    given([enrolled]).when({ kind: 'RecordProbe', probe: ready }).then([attributes, probed]);
  });
  it('given a probe, when the next finds the same, then nothing is recorded', () => {
    given([enrolled, attributes, probed]).when({ kind: 'RecordProbe', probe: ready }).then([]);
  });
  it('given a probe, when the machine was restarted, then that is recorded', () => {
    given([enrolled, attributes, probed])
      .when({ kind: 'RecordProbe', probe: { ...ready, bootId: 'boot2' } })
      .then([{ ...probed, data: { ...probed.data, bootId: 'boot2' } }]);
  });
  it('given a pinned host key, when another is met, then it is told and the runner quarantined', () => {
    given([enrolled, pinned])
      .when({
        kind: 'RecordProbe',
        probe: { verdict: 'unfit', findings: [], code: 'host_key_changed', foundHostKey: 'SHA256:b' },
      })
      .thenTypes(['HostKeyChanged', 'RunnerQuarantined', 'RunnerProbed']);
  });
});

describe('TrustHostKey', () => {
  it('given a quarantine for a changed key, when the key is trusted, then the runner is cleared', () => {
    given([
      enrolled,
      pinned,
      { type: 'HostKeyChanged', data: { expected: ['SHA256:a'], found: 'SHA256:b' } },
      { type: 'RunnerQuarantined', data: { why: 'host_key_changed', detail: '' } },
    ])
      .when({ kind: 'TrustHostKey', fingerprint: 'SHA256:b', hop: 'runner' })
      .then([
        { type: 'HostKeyTrusted', data: { fingerprint: 'SHA256:b', replaces: ['SHA256:a'] } },
        { type: 'RunnerCleared', data: { by: 'person' } },
      ]);
  });
});

describe('PinHostKey', () => {
  it('given a pinned key, when another is to be pinned, then refused: a change needs trust by name', () => {
    given([enrolled, pinned])
      .when({ kind: 'PinHostKey', fingerprint: 'SHA256:b', how: 'approved' })
      .thenRefused('host_key_pinned');
  });
});
