import { describe, expect, it } from 'vitest';
import { explain, explainJob } from '../../projections/explain.js';
import type { Clause } from '../../src/events/shapes.js';
import { rulesWith } from '../dispatch/fleet-world.js';
import type { Given } from '../given.js';
import { givenEvents, viewOf } from '../given.js';
import { assigned, queued, readyRunner, started, succeeded } from './stories.js';

const family = (...values: readonly string[]): Clause => ({ key: 'platform_family', op: 'in', values });
const label = (value: string): Clause => ({ key: 'labels', op: 'all', values: [value] });
const asked = (...events: readonly Given[]) => explainJob(viewOf(explain, givenEvents(...events)), 'j');
const verdict = (...events: readonly Given[]) => asked(...events)?.verdict;

describe('why a job waits', () => {
  it('given a runner that breaks a rule of compatibility, then which, and what to do; without rules, nothing', () => {
    const view = viewOf(
      explain,
      givenEvents(
        ...readyRunner('r1', 'debian'),
        {
          ...{ stream: 'runner-r1', type: 'RunnerAttributesChanged' },
          data: { attributes: { toolchains: { chefdk: '2.4.17' } } },
        },
        queued('j'),
      ),
    );
    const answer = explainJob(view, 'j', undefined, rulesWith('1.4'));
    expect(answer?.runners[0]).toMatchObject({ suits: true });
    expect(answer?.verdict).toBe(
      'waits: no matching runner can take a job now (r1 is unfit: The toolchain chefdk 2.4.17 on r1 needs engine >=1.5; this engine is 1.4. Install chefdk <2.0 on r1, use an engine >=1.5, or change the rule in `compatibility`.)',
    );
    expect(explainJob(view, 'j')?.verdict).toMatch(/^waits: 1 matching runner could take it/);
  });
  it('given one that is tried again later, then it says when and after what, until its time has come', () => {
    const later: Given = {
      ...{ stream: 'job-j', type: 'JobRequeued' },
      data: { attempt: 1, cause: 'policy', why: 'failed', detail: 'It failed.', delayMs: 60_000 },
    };
    const view = viewOf(
      explain,
      givenEvents(...readyRunner('r1', 'debian'), queued('j'), assigned('j'), started('j'), later),
    );
    const at = (now: string) => explainJob(view, 'j', now)?.verdict;
    expect(at('2026-01-01T00:00:07.000Z')).toBe('waits: tried again in 59 s, after: It failed');
    expect(at('2026-01-01T00:01:06.000Z')).toMatch(/^waits: 1 matching runner could take it/);
  });
  it('names the condition that no runner meets, and what they have instead', () => {
    const runners = [...readyRunner('r1', 'debian'), ...readyRunner('r2', 'debian')];
    expect(verdict(...runners, queued('j', { filter: [family('rhel')] }))).toBe(
      'waits: no enrolled runner has platform_family rhel (2 runners have debian)',
    );
    expect(
      verdict(...runners, ...readyRunner('r3', 'suse'), queued('j', { filter: [family('rhel', 'arch')] })),
    ).toBe(
      'waits: no enrolled runner has platform_family any of rhel, arch (2 runners have debian, 1 has suse)',
    );
  });
  it('given a mistake that is well known, then what was probably meant', () => {
    expect(verdict(...readyRunner('r1', 'debian'), queued('j', { filter: [family('ubuntu')] }))).toBe(
      'waits: no enrolled runner has platform_family ubuntu (1 runner has debian). ubuntu is a platform; its platform_family is debian',
    );
  });
  it('given a range of versions, then it is told as it was written', () => {
    const range: Clause = { key: 'platform_version', op: 'version', values: ['>=7.4 <9'] };
    expect(verdict(...readyRunner('r1', 'debian'), queued('j', { filter: [range] }))).toBe(
      'waits: no enrolled runner has platform_version >=7.4 <9 (1 runner has none)',
    );
  });
  it('given conditions that are met, but never together, then it names the runner that lacks least', () => {
    const runners = [...readyRunner('r1', 'debian'), ...readyRunner('r2', 'rhel', { labels: ['gpu'] })];
    expect(verdict(...runners, queued('j', { filter: [family('debian'), label('gpu')] }))).toBe(
      'waits: no enrolled runner meets all conditions at once (closest: r1, without labels gpu)',
    );
  });
  it('says when all that match are busy, and with what share of their slots', () => {
    const answer = asked(...readyRunner('r1', 'debian'), queued('other'), assigned('other'), queued('j'));
    expect(answer?.verdict).toBe('waits: the only matching runner is busy');
    expect(answer?.runners).toEqual([
      { runner: 'r1', suits: true, unavailable: 'busy: 1 of 1 slots', clauses: [] },
    ]);
  });
  it('says when those that match cannot be used, and why', () => {
    const drained: Given = { stream: 'runner-r1', type: 'RunnerDrained', data: {}, by: 'alice' };
    expect(verdict(...readyRunner('r1', 'debian'), drained, queued('j'))).toBe(
      'waits: no matching runner can take a job now (r1 is draining: drained by alice)',
    );
  });
  it('says when no runner is enrolled, retired ones being none', () => {
    const retired: Given = { stream: 'runner-r1', type: 'RunnerRetired', data: {} };
    expect(verdict(queued('j'))).toBe('waits: no runner is enrolled');
    expect(verdict(...readyRunner('r1', 'debian'), retired, queued('j'))).toBe(
      'waits: no runner is enrolled',
    );
  });
  it('given a runner of another enterprise, then it does not suit, and the answer says so', () => {
    const answer = asked(...readyRunner('r1', 'debian', { enterprises: ['globex'] }), queued('j'));
    expect(answer?.verdict).toBe('waits: no enrolled runner takes jobs of its enterprise');
  });
});

describe('why a job ran where it ran', () => {
  it('names the runner and the rule, while it runs and afterwards', () => {
    const running = [
      ...readyRunner('r1', 'debian'),
      queued('j'),
      assigned('j', { rule: 'least_loaded' }),
      started('j'),
    ];
    expect(verdict(...running)).toBe('runs on r1 (rule: least_loaded)');
    expect(verdict(...running, succeeded('j'))).toBe('ran on r1 (rule: least_loaded)');
  });
  it('given a job that never got a runner, then it says how it ended', () => {
    const expired: Given = {
      stream: 'job-j',
      type: 'JobExpired',
      data: { why: 'queue', detail: 'it waited 5 min' },
    };
    expect(verdict(queued('j'), expired)).toBe('never ran: expired: it waited 5 min');
  });
  it('given an unknown job, then there is no answer', () => {
    expect(asked(queued('other'))).toBeUndefined();
  });
});
