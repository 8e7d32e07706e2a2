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
