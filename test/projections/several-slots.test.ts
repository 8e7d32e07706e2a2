import { describe, expect, it } from 'vitest';
import { explain, explainJob } from '../../projections/explain.js';
import { jobsHolding, slotCounts } from '../../projections/held-slots.js';
import { jobs } from '../../projections/jobs.js';
import { queue, toQueueView } from '../../projections/queue.js';
import { runnerHealth, runnerView } from '../../projections/runner-health.js';
import { timelineEntry } from '../../projections/timeline.js';
import { classOf } from '../../src/domain/matching.js';
import type { WaitReasonChanged } from '../../src/events/ownership.js';
import { givenEvents, viewOf, type Given } from '../given.js';
import { assigned, queued, readyRunner, requeued, started, succeeded } from './stories.js';

const two = { slots: 2 };
const onBoth = { slot: 0, alsoSlots: [2] };
const sized = (slots: number) => readyRunner('r1', 'debian', { slots });

describe('a job that takes several slots', () => {
  it('holds all of them from its assignment to its end, or until it is queued again', () => {
    const currentAfter = (...more: readonly Given[]) =>
      runnerView(
        viewOf(
          runnerHealth,
          givenEvents(
            ...[...sized(3), queued('b'), assigned('b', { slot: 1 })],
            ...[queued('j', two), assigned('j', onBoth), started('j'), ...more],
          ),
        ),
        'r1',
      )?.current;
    expect(currentAfter()).toEqual({ 0: 'j', 1: 'b', 2: 'j' });
    expect(currentAfter(succeeded('j'))).toEqual({ 1: 'b' });
    expect(currentAfter(requeued('j'))).toEqual({ 1: 'b' });
    expect(currentAfter(requeued('j'), assigned('j', { slot: 3, alsoSlots: [4] }))).toEqual({
      ...{ 1: 'b', 3: 'j', 4: 'j' },
    });
  });

  it('is one job there; those of others, which have no name, count slot by slot', () => {
    expect(jobsHolding({ 0: 'j', 1: 'b', 2: 'j', 3: '', 4: '' })).toEqual([
      ...[
        { id: 'j', slots: ['0', '2'] },
        { id: 'b', slots: ['1'] },
      ],
      ...[
        { id: '', slots: ['3'] },
        { id: '', slots: ['4'] },
      ],
    ]);
  });

  it('is shown with their number, and with those that it got', () => {
    const story = [queued('j', two), assigned('j', onBoth), queued('b'), assigned('b')];
    const view = viewOf(jobs, givenEvents(...story));
    expect(view['j']).toMatchObject({ slots: 2, attempts: [{ slot: 0, alsoSlots: [2] }] });
    expect(view['b']).not.toHaveProperty('slots');
    expect(view['b']?.attempts[0]).not.toHaveProperty('alsoSlots');
    const { entries } = toQueueView(viewOf(queue, givenEvents(...story)), '1');
    expect(entries.map(({ jobId, slots }) => [jobId, slots])).toEqual([
      ['j', 2],
      ['b', undefined],
    ]);
    expect(givenEvents(...story).map((one) => timelineEntry(one).sentence)).toEqual([
      'queued with priority 0, any runner will do, takes 2 slots',
      'attempt 1 was assigned to r1, slot 0 and also 2 (rule: only_match)',
      'queued with priority 0, any runner will do',
      'attempt 1 was assigned to r1, slot 0 (rule: only_match)',
    ]);
  });

  it('waits for a reason of its own, with its enterprise where that has one', () => {
    const reason = (demand: { readonly enterprise: string; readonly slots: number }): Given => {
      const { enterprise, slots } = demand;
      const data: WaitReasonChanged = {
        ...{ filter: [], reason: 'all_busy', detail: `${enterprise} ${slots}`, blockers: [] },
        ...(enterprise === '' ? {} : { enterprise }),
        ...(slots === 1 ? {} : { slots }),
      };
      return { stream: `filter_class-${classOf([], demand)}`, type: 'WaitReasonChanged', data };
    };
    const detailsAfter = (...reasons: readonly Given[]) =>
      toQueueView(viewOf(queue, givenEvents(queued('a'), queued('j', two), ...reasons)), '1').entries.map(
        ({ waiting }) => waiting?.detail,
      );
    const all = [reason({ enterprise: '', slots: 1 }), reason({ enterprise: '', slots: 2 })];
    expect(detailsAfter(...all)).toEqual([' 1', ' 2']);
    const own = [reason({ enterprise: 'acme', slots: 1 }), reason({ enterprise: 'acme', slots: 2 })];
    expect(detailsAfter(...all, ...own)).toEqual(['acme 1', 'acme 2']);
    expect(detailsAfter(...all.slice(0, 1))[1]).toMatch(/not recorded/);
  });
});

describe('why a job waits that takes several slots', () => {
  const verdict = (...events: readonly Given[]) =>
    explainJob(viewOf(explain, givenEvents(...events)), 'j')?.verdict;
  it('says so where the largest runner that matches is too small, and shows it as a condition', () => {
    const story = [...sized(1), ...readyRunner('r2', 'rhel', { slots: 2 }), queued('j', { slots: 3 })];
    expect(verdict(...story)).toBe(
      'waits: no enrolled runner can ever match: needs 3 slots, the largest runner that matches has 2',
    );
    const [row] = explainJob(viewOf(explain, givenEvents(...story)), 'j')?.runners ?? [];
    expect(row).toMatchObject({
      suits: false,
      clauses: [{ clause: { key: 'slots', values: ['>=3'] }, holds: false, found: '1' }],
    });
  });
  it('says when none has as many free at once', () => {
    expect(verdict(...sized(2), queued('b'), assigned('b'), queued('j', two))).toBe(
      'waits: no matching runner has 2 slots free at once (1 runner)',
    );
    const bad: Given = {
      ...{ stream: 'runner-r1', type: 'SlotQuarantined' },
      data: { slot: 1, why: '', jobId: 'x' },
    };
    expect(verdict(...sized(2), bad, queued('j', two))).toBe(
      'waits: no matching runner can take a job now (r1 is without 2 free slots: 0 of 2 slots busy, 1 quarantined)',
    );
  });
  it('says of one that takes fewer that its slots may be kept for that one, not the other way round', () => {
    const four = { slots: 4 };
    const story = [...sized(4), queued('b'), assigned('b'), queued('heavy', four), queued('j', two)];
    expect(verdict(...story)).toBe('waits: 1 matching runner may keep free slots for a job that takes more');
    const fewer = [...sized(4), queued('b'), assigned('b'), queued('heavy', two), queued('j', two)];
    expect(verdict(...fewer)).toMatch(/has not assigned it yet$/);
  });
  it('speaks of no job that another runner, another enterprise, or a time keeps waiting', () => {
    const busy = [queued('b'), assigned('b'), queued('j')];
    const free = [...sized(2), ...busy];
    const unsaid = /^waits: 1 matching runner could take it, the scheduler has not assigned it yet$/;
    const elsewhere = { ...two, filter: [{ key: 'runner', op: 'in' as const, values: ['r2'] }] };
    expect(verdict(...free, queued('heavy', elsewhere))).toMatch(unsaid);
    const kept = { slots: 2, enterprises: ['acme'] };
    const others = { ...two, scope: { enterprise: 'globex', organisation: 'web', project: 'shop' } };
    const own = [...readyRunner('r1', 'debian', kept), ...busy];
    expect(verdict(...own, queued('heavy', others))).toMatch(unsaid);
    expect(verdict(...own, queued('heavy', two))).toMatch(/may keep free slots/);
    const late: Given = {
      ...{ stream: 'job-heavy', type: 'JobRequeued' },
      data: { attempt: 1, cause: 'infrastructure', delayMs: 60_000 },
    };
    expect(verdict(...free, queued('heavy', two), late)).toMatch(unsaid);
    const bad: Given = {
      ...{ stream: 'runner-r1', type: 'SlotQuarantined' },
      data: { slot: 2, why: '', jobId: 'x' },
    };
    expect(verdict(...sized(3), bad, ...busy, queued('heavy', { slots: 3 }))).toMatch(unsaid);
  });
  it('counts what is in quarantine only of the slots that the runner still has', () => {
    const bad: Given = {
      ...{ stream: 'runner-r1', type: 'SlotQuarantined' },
      data: { slot: 2, why: '', jobId: 'x' },
    };
    const cut: Given = { ...{ stream: 'runner-r1', type: 'RunnerSettingsChanged' }, data: { slots: 2 } };
    expect(verdict(...sized(3), bad, cut, queued('j', two))).toMatch(/has not assigned it yet$/);
    expect(slotCounts({ slots: 2, current: { 0: 'a', 2: 'b' }, quarantinedSlots: [0, 3] })).toEqual({
      ...{ busy: 2, quarantined: 0, free: 0 },
    });
  });
  it('says of one behind it that free slots may be kept', () => {
    const story = [...sized(2), queued('b'), assigned('b'), queued('heavy', two), queued('j')];
    expect(verdict(...story)).toBe(
      'waits: 1 matching runner may keep free slots for a job that takes several',
    );
    expect(verdict(...story, assigned('heavy', { runner: 'r2', alsoSlots: [1] }))).toMatch(
      /could take it, the scheduler has not assigned it yet$/,
    );
  });
});
