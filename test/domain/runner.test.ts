import { describe, expect, it } from 'vitest';
import { runner } from '../../src/domain/runner.js';
import type { RunnerEvent } from '../../src/events/catalog.js';
import { fold } from '../../src/kernel/decider.js';
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
  it('given a retired runner, when another is enrolled under its name, then it is, and nothing of the former one holds', () => {
    const again: RunnerEvent = { type: 'RunnerEnrolled', data: anEnrolment({ host: 'h2' }) };
    given([enrolled, pinned, { type: 'RunnerRetired', data: {} }])
      .when({ kind: 'EnrolRunner', data: anEnrolment({ host: 'h2' }) })
      .then([again]);
    const former: readonly RunnerEvent[] = [
      ...[enrolled, attributes, probed, pinned],
      { type: 'RunnerQuarantined', data: { why: 'host_key_changed', detail: '' } },
      { type: 'SlotQuarantined', data: { slot: 0, why: '', jobId: 'a', survivors: [] } },
      { type: 'RunnerRemovalRequested', data: { cancelJobs: true } },
      { type: 'RunnerRetired', data: {} },
    ];
    expect(fold(runner, [...former, again])).toEqual(fold(runner, [again]));
  });
  it('given a name that was taken again, when a key of the former runner is gone, then that is recorded once; its own stays', () => {
    const key = (secretRef: string): RunnerEvent => ({
      type: 'RunnerEnrolled',
      data: anEnrolment({ auth: { kind: 'key', secretRef, publicKey: 'k' } }),
    });
    const lives: readonly RunnerEvent[] = [
      key('runner/r1'),
      { type: 'RunnerRetired', data: {} },
      key('runner/r1/2'),
    ];
    const gone: RunnerEvent = { type: 'RunnerKeyRemoved', data: { secretRef: 'runner/r1' } };
    given(lives).when({ kind: 'RecordKeyRemoved', secretRef: 'runner/r1' }).then([gone]);
    given([...lives, gone])
      .when({ kind: 'RecordKeyRemoved', secretRef: 'runner/r1' })
      .then([]);
    given(lives).when({ kind: 'RecordKeyRemoved', secretRef: 'runner/r1/2' }).then([]);
  });
});

describe('an account for each slot', () => {
  it.each([undefined, 'baton'])('given the folder %s, then refused: it must be absolute', (base) => {
    const data = anEnrolment({ isolated: true, ...(base === undefined ? {} : { base }) });
    given([]).when({ kind: 'EnrolRunner', data }).thenRefused('base_not_absolute');
    const shared: RunnerEvent = { type: 'RunnerEnrolled', data: { ...data, isolated: false } };
    given([shared])
      .when({ kind: 'ChangeSettings', data: { isolated: true } })
      .thenRefused('base_not_absolute');
  });
  it('given an absolute one, then it can be set, and is set once', () => {
    const shared: RunnerEvent = { type: 'RunnerEnrolled', data: anEnrolment({ base: '/b' }) };
    const set: RunnerEvent = { type: 'RunnerSettingsChanged', data: { isolated: true } };
    given([shared])
      .when({ kind: 'ChangeSettings', data: { isolated: true } })
      .then([set]);
    given([shared, set])
      .when({ kind: 'ChangeSettings', data: { isolated: true } })
      .then([]);
  });
  it.each<[string, RunnerEvent, boolean]>([
    ['more slots', { type: 'RunnerSettingsChanged', data: { slots: 3 } }, true],
    ['fewer slots', { type: 'RunnerSettingsChanged', data: { slots: 1 } }, false],
    ['one account', { type: 'RunnerSettingsChanged', data: { isolated: false } }, true],
    ['other labels', { type: 'RunnerSettingsChanged', data: { labels: ['x'] } }, false],
  ])('given %s later, then whether it counts as untested: %s', (_, event, isUntested) => {
    const isolated = anEnrolment({ base: '/b', slots: 2, isolated: true });
    const state = fold(runner, [{ type: 'RunnerEnrolled', data: isolated }, probed, event]);
    expect(state.status === 'enrolled' && state.probe === undefined).toBe(isUntested);
  });
});

describe('RecordProof', () => {
  const slots = [{ slot: 0, user: 'ci', baseId: 'b', bytes: 10, sha256: 'x' }];
  const proof = { bootId: 'boot', slots };
  const proved = { type: 'RunnerProved', data: proof } as const;
  const onTrial = { type: 'RunnerEnrolled', data: anEnrolment({ trial: true }) } as const;

  it('given a trial, when every slot has run a job, then it is over', () => {
    given([onTrial]).when({ kind: 'RecordProof', proof }).then([proved]);
    expect(fold(runner, [onTrial])).toMatchObject({ trial: true });
    expect(fold(runner, [onTrial, proved])).toMatchObject({ trial: false });
  });
  it('given a proof, when the next sees the same accounts and folders, then nothing is recorded; others are', () => {
    const again = { ...proof, bootId: 'boot2', slots: [{ ...slots[0]!, bytes: 11 }] };
    given([enrolled, proved]).when({ kind: 'RecordProof', proof: again }).then([]);
    const moved = { ...proof, slots: [{ ...slots[0]!, baseId: 'c' }] };
    given([enrolled, proved])
      .when({ kind: 'RecordProof', proof: moved })
      .then([{ type: 'RunnerProved', data: moved }]);
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

const changedKey = [
  { type: 'HostKeyChanged', data: { expected: ['SHA256:a'], found: 'SHA256:b' } },
  { type: 'RunnerQuarantined', data: { why: 'host_key_changed', detail: '' } },
  {
    type: 'RunnerProbed',
    data: { verdict: 'unfit', findings: [], code: 'host_key_changed', baseId: '', bootId: '' },
  },
] as const;

describe('trust', () => {
  it('given a key that was found, when another is named, then refused, and both are told', () => {
    given([enrolled, pinned, ...changedKey])
      .when({ kind: 'TrustHostKey', fingerprint: 'SHA256:c', hop: 'runner' })
      .thenRefused({ code: 'host_key_not_found', found: 'SHA256:b', pinned: ['SHA256:a'] });
  });
  it('given no other key was found, when one is named, then refused: nobody has seen it', () => {
    given([enrolled, pinned])
      .when({ kind: 'TrustHostKey', fingerprint: 'SHA256:b', hop: 'runner' })
      .thenRefused('host_key_not_found');
  });
  it('given a changed key, when the quarantine is to be cleared, then refused: that takes trust', () => {
    given([enrolled, pinned, ...changedKey])
      .when({ kind: 'ClearRunner', by: 'person' })
      .thenRefused({ code: 'trust_needed', found: 'SHA256:b' });
  });
  it('given the old key is shown again, when the quarantine is cleared, then it is over', () => {
    given([enrolled, pinned, ...changedKey, probed])
      .when({ kind: 'ClearRunner', by: 'person' })
      .thenTypes(['RunnerCleared']);
  });
});

describe('pause and resume', () => {
  const paused = { type: 'RunnerPaused', data: { until: '2026-01-01T01:00:00.000Z' } } as const;
  it('given a pause, when its own end comes, then it is resumed', () => {
    given([enrolled, paused])
      .when({ kind: 'ResumeRunner', ifUntil: paused.data.until })
      .thenTypes(['RunnerResumed']);
  });
  it('given a pause that was made longer, when the end of the first comes, then nothing happens', () => {
    given([enrolled, paused, { type: 'RunnerPaused', data: { until: '2026-01-01T02:00:00.000Z' } }])
      .when({ kind: 'ResumeRunner', ifUntil: paused.data.until })
      .then([]);
  });
  it('given a draining runner, when drained again, then nothing changes', () => {
    given([enrolled, { type: 'RunnerDrained', data: {} }])
      .when({ kind: 'DrainRunner' })
      .then([]);
  });
});

describe('ChangeSettings', () => {
  it('given a runner kept for an enterprise, when it is kept for all again, then that is recorded once', () => {
    const kept = { ...enrolled, data: anEnrolment({ enterprises: ['acme'] }) } as const;
    const forAll = { type: 'RunnerSettingsChanged', data: { enterprises: [] } } as const;
    const command = { kind: 'ChangeSettings', data: forAll.data } as const;
    given([kept]).when(command).then([forAll]);
    given([kept, forAll]).when(command).then([]);
    given([enrolled]).when(command).then([]);
  });

  it('given the same slots, when set with other labels, then only the labels are recorded', () => {
    given([enrolled])
      .when({ kind: 'ChangeSettings', data: { slots: 1, labels: ['gpu'] } })
      .then([{ type: 'RunnerSettingsChanged', data: { labels: ['gpu'] } }]);
  });
  it('given what it has already, when set, then nothing is recorded', () => {
    given([enrolled])
      .when({ kind: 'ChangeSettings', data: { slots: 1, port: 22 } })
      .then([]);
  });
  it('given another host, when it is probed next, then the verdict is recorded even when it is the same', () => {
    given([enrolled, attributes, probed, { type: 'RunnerSettingsChanged', data: { host: 'h2' } }])
      .when({ kind: 'RecordProbe', probe: ready })
      .thenTypes(['RunnerProbed']);
  });
  it('given a jump host with a key, when another is set, then the key of the first is not accepted there', () => {
    given([
      enrolled,
      { type: 'RunnerSettingsChanged', data: { jump: 'g@one' } },
      { type: 'JumpHostKeyPinned', data: { fingerprint: 'SHA256:one', how: 'given' } },
    ])
      .when({ kind: 'ChangeSettings', data: { jump: 'g@two' }, jumpHostKey: 'SHA256:two' })
      .thenTypes(['RunnerSettingsChanged', 'JumpHostKeyPinned']);
  });
  it('given no jump host, when a key of one is to be accepted, then refused', () => {
    given([enrolled])
      .when({ kind: 'PinJumpHostKey', fingerprint: 'SHA256:one', how: 'approved' })
      .thenRefused('no_jump_host');
  });
});

describe('removal', () => {
  const removing = { type: 'RunnerRemovalRequested', data: { cancelJobs: false } } as const;
  it('given it is under way, when drained or set, then refused', () => {
    given([enrolled, removing]).when({ kind: 'DrainRunner' }).thenRefused('runner_removing');
    given([enrolled, removing])
      .when({ kind: 'ChangeSettings', data: { slots: 2 } })
      .thenRefused('runner_removing');
  });
  it('given it waits for jobs, when asked again with their cancel, then that is recorded too', () => {
    given([enrolled, removing])
      .when({ kind: 'RequestRemoval', cancelJobs: true })
      .then([{ type: 'RunnerRemovalRequested', data: { cancelJobs: true } }]);
    given([enrolled, removing]).when({ kind: 'RequestRemoval', cancelJobs: false }).then([]);
  });
  it('given it is over, when its key is gone, then that is recorded once and nothing else is taken', () => {
    const retired = { type: 'RunnerRetired', data: {} } as const;
    const gone = { type: 'RunnerKeyRemoved', data: { secretRef: 'runner/r1' } } as const;
    given([enrolled, retired]).when({ kind: 'RecordKeyRemoved', secretRef: 'runner/r1' }).then([gone]);
    given([enrolled, retired, gone]).when({ kind: 'RecordKeyRemoved', secretRef: 'runner/r1' }).then([]);
    given([enrolled, retired]).when({ kind: 'DrainRunner' }).thenRefused('runner_retired');
  });
});
