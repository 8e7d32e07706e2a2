/** Which commands are offered for a runner, and what becomes of many. */
import { describe, expect, it } from 'vitest';
import type { RunnerAsOf } from '../../src/app/evidence.js';
import { offersFor, type Hands } from '../../src/web/runners/acts.js';
import { looksFirst, refusalOf, resultOf, summaryOf } from '../../src/web/runners/bulk.js';
import { untilOf } from '../../src/web/runners/until.js';

const ready: RunnerAsOf = {
  ...{ name: 'build-01', host: 'h', port: 22, user: 'u', slots: 2, labels: [], hostKeys: ['SHA256:a'] },
  ...{ auth: 'key', attributes: {}, state: 'ready', current: {}, quarantinedSlots: [], lastOutcomes: [] },
  revision: 1,
};
const admin: Hands = { operator: true, admin: true };
const operator: Hands = { operator: true, admin: false };
const words = (runner: Partial<RunnerAsOf>, hands = admin) =>
  offersFor({ ...ready, ...runner }, hands).map(({ word }) => word);

describe('offersFor', () => {
  it('offers each what their role may do', () => {
    expect(words({}, { operator: false, admin: false })).toEqual([]);
    expect(words({}, operator)).toEqual(['Test', 'Drain…', 'Pause…']);
    expect(words({})).toEqual(['Test', 'Drain…', 'Pause…', 'Prove', 'Remove…']);
  });

  it('offers first what ends the trouble', () => {
    const quarantine = { why: 'repeated_failures', at: '2026-01-31T12:00:00Z', cleanProbes: 0 };
    expect(words({ state: 'quarantined', quarantine })[0]).toBe('Clear quarantine…');
    expect(words({ state: 'paused' })[0]).toBe('Resume…');
    expect(words({ quarantinedSlots: [1, 0] }).slice(0, 2)).toEqual(['Clear slot 0…', 'Clear slot 1…']);
  });

  it('lets an administrator trust a changed key, and offers no way around that', () => {
    const changed = {
      ...{ state: 'quarantined' as const, foundHostKey: 'SHA256:b' },
      quarantine: { why: 'host_key_changed', at: '2026-01-31T12:00:00Z', cleanProbes: 0 },
    };
    expect(words(changed)[0]).toBe('Trust host key…');
    expect(words(changed)).not.toContain('Clear quarantine…');
    expect(words(changed, operator)).not.toContain('Trust host key…');
    expect(words({ foundHostKey: 'SHA256:b', hostKeys: [] }, operator)[0]).toBe('Accept host key…');
  });

  it('offers nothing for one that is gone, and a look only at one that goes', () => {
    expect(words({ state: 'retired' })).toEqual([]);
    expect(words({ state: 'removing' })).toEqual(['Test']);
  });
});

describe('what becomes of many', () => {
  it('tells of each what came of it, jobs that are left and refusals with their hints', () => {
    expect(resultOf({ ...ready, state: 'draining', current: { 0: 'a', 1: 'b' } })).toEqual({
      kind: 'done',
      text: 'Now draining. 2 jobs are still there.',
    });
    // of others only the slots are known, not how many jobs hold them
    const textOf = (current: RunnerAsOf['current']) => resultOf({ ...ready, state: 'paused', current });
    expect(textOf({ 0: 'a', 1: 'a', 2: '', 3: '' })).toMatchObject({
      text: 'Now paused. One job is still there, and others hold 2 slots.',
    });
    expect(textOf({ 1: '' })).toMatchObject({ text: 'Now paused. Others hold one slot.' });
    const tested = { code: 'refused', sentence: 'Nothing answers.', runner: { ...ready, evidence: null } };
    expect(resultOf({ ...tested, runner: { ...tested.runner, watch: { kind: 'off' } } })).toEqual({
      kind: 'odd',
      text: 'Nothing answers.',
    });
    const problem = {
      ...{ type: 't', title: 't', status: 409, instance: '', code: 'conflict', reason: 'r' },
      ...{ detail: 'It is being removed.', hint: 'Look at it.' },
    };
    expect(refusalOf(problem)).toEqual({ kind: 'refused', text: 'It is being removed. Look at it.' });
  });

  it('hides nothing when half of it fails', () => {
    const text = '';
    expect(
      summaryOf([{ kind: 'done', text }, { kind: 'odd', text }, { kind: 'refused', text }, { kind: 'left' }]),
    ).toBe('2 of 4 done, 1 of these not ready, 1 refused, 1 left aside');
    expect(summaryOf([{ kind: 'works' }, { kind: 'waits' }])).toBe('0 of 2 done');
  });
});

it('shows those of many first that need a look', () => {
  const text = '';
  const results = [
    ...([{ kind: 'done', text }, { kind: 'refused', text }, { kind: 'left' }] as const),
    ...([
      { kind: 'odd', text },
      { kind: 'done', text },
      { kind: 'refused', text },
    ] as const),
  ];
  expect(looksFirst(results)).toEqual([1, 5, 3, 2, 0, 4]);
});

it('knows until when a pause lasts', () => {
  expect(untilOf({ choice: '30m', moment: '' })).toBe('30m');
  expect(untilOf({ choice: 'open', moment: '2026-01-31 12:00' })).toBeUndefined();
  const moment = '2026-01-31 12:00';
  expect(untilOf({ choice: 'moment', moment })).toBe(new Date('2026-01-31T12:00').toISOString());
  expect(untilOf({ choice: 'moment', moment: 'soon' })).toBe('soon');
});
