/** What a runner's state rests on, in words. */
import { describe, expect, it } from 'vitest';
import type { RunnerAsOf } from '../../src/app/evidence.js';
import { evidenceText, nextText, pauseText, warningsOf } from '../../src/web/runners/evidence.js';

const at = '2026-01-31T12:00:00.000Z';
const now = Date.parse(at) + 40_000;
const seen = { at, ok: true, code: 'ready', findings: [] };
const probe = { at, verdict: 'ready', findings: [] };

describe('evidenceText', () => {
  it('tells what the last look found, how old that is, and what it measured', () => {
    const evidence = { ...seen, latencyMs: 12.4, skewSeconds: 1, load: 0.31 };
    expect(evidenceText({ evidence }, now)).toBe('probe ok 40 s ago, 12 ms, clock +1 s, load 0.3');
    expect(evidenceText({ evidence }, now + 1000)).toMatch(/^probe ok 41 s ago/);
    expect(evidenceText({ evidence: { ...seen, latencyMs: 0.2, skewSeconds: -3 } }, now)).toBe(
      'probe ok 40 s ago, 1 ms, clock −3 s',
    );
    expect(evidenceText({ evidence: { ...seen, skewSeconds: 0 } }, now)).toBe(
      'probe ok 40 s ago, clock as here',
    );
  });

  it('tells why a look failed', () => {
    expect(evidenceText({ evidence: { ...seen, ok: false, code: 'host_key_changed' } }, now)).toBe(
      'probe failed 40 s ago: host key changed',
    );
  });

  it('says so where nobody has looked, ever or since the server started', () => {
    expect(evidenceText({ evidence: null }, now)).toBe('never probed');
    expect(evidenceText({ evidence: null, probe }, now)).toBe(
      'not looked at since the server started; recorded ready 40 s ago',
    );
  });

  it('has of the past only what was recorded', () => {
    expect(evidenceText({ probe }, now, true)).toBe('recorded ready 40 s before');
    expect(evidenceText({ probe }, undefined, true)).toBe(`recorded ready at ${at}`);
    expect(evidenceText({}, now)).toBe('never probed');
  });
});

describe('pauseText', () => {
  it('counts down to the end of a pause that has one', () => {
    const pausedUntil = '2026-01-31T13:00:00.000Z';
    expect(pauseText({ pausedUntil }, now)).toBe('the pause ends in 59 min 20 s');
    expect(pauseText({ pausedUntil }, now + 3_600_000)).toBeUndefined();
    expect(pauseText({ pausedUntil }, undefined)).toBeUndefined();
    expect(pauseText({}, now)).toBeUndefined();
  });
});

describe('nextText', () => {
  it('counts down to the next probe, and says when nothing comes by itself', () => {
    const watch = { kind: 'probe', next: '2026-01-31T12:01:00.000Z' } as const;
    expect(nextText({ watch }, now)).toBe('next probe in 20 s');
    expect(nextText({ watch }, now + 60_000)).toBe('next probe now');
    expect(nextText({ watch: { kind: 'person' } }, now)).toContain('until somebody acts');
    expect(nextText({ watch: { kind: 'off' } }, now)).toBe('no probe is planned');
    expect(nextText({}, now)).toBeUndefined();
  });
});

describe('warningsOf', () => {
  const plain: Parameters<typeof warningsOf>[0] = { hostKeys: ['SHA256:a'], quarantinedSlots: [] };
  const told = (more: Partial<RunnerAsOf>) => warningsOf({ ...plain, ...more });

  it('tells of keys, slots and rules that the state does not name', () => {
    expect(told({})).toEqual([]);
    expect(told({ foundHostKey: 'SHA256:b' })).toEqual([
      'The machine shows another host key than the accepted one.',
    ]);
    expect(told({ foundHostKey: 'SHA256:b', hostKeys: [] })[0]).toContain('accepted yet');
    expect(told({ foundJumpHostKey: 'SHA256:b', jumpHostKeys: ['SHA256:a'] })[0]).toMatch(/^The jump host/);
    expect(told({ quarantinedSlots: [2, 0], incompatible: 'too old' })).toEqual([
      'too old',
      'Slots 0, 2 in quarantine.',
    ]);
  });
});
