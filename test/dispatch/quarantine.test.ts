import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { quarantine } from '../../src/dispatch/quarantine.js';
import type { Probed } from '../../src/domain/runner-probe.js';
import type { BatonEvent } from '../../src/events/catalog.js';
import { anAssignment, anEnrolment, aQueuedJob } from '../builders.js';
import { OneProcess } from './one-process.js';

const clean: Probed = {
  verdict: 'ready',
  findings: [{ check: 'can_start', ok: true }],
  baseId: 'b',
  bootId: 'boot',
};
const sick: Probed = {
  ...clean,
  verdict: 'unfit',
  findings: [{ check: 'can_start', ok: false, consequence: 'No job can start.' }],
};

/** A runner, its jobs, and the one process that watches over both. */
class Ward extends OneProcess<ReturnType<typeof quarantine.init>> {
  #jobs = 0;
  constructor(crashAt: readonly number[] = []) {
    super(quarantine, crashAt);
    this.tell('r1', { kind: 'EnrolRunner', data: anEnrolment() });
    this.tell('r1', { kind: 'RecordProbe', probe: clean });
  }
  queue(project = 'shop'): string {
    const id = `j${this.#jobs++}`;
    const scope = { enterprise: 'acme', organisation: 'web', project };
    this.fact(`job-${id}`, { type: 'JobQueued', data: aQueuedJob({ scope }) });
    return id;
  }
  assign(id: string): void {
    this.fact(`job-${id}`, { type: 'JobAssigned', data: anAssignment() });
  }
  run(end: BatonEvent, project?: string): void {
    const id = this.queue(project);
    this.assign(id);
    const ranByItself = end.type === 'JobRequeued' && end.data.cause === 'policy';
    if (end.type === 'JobFailed' || end.type === 'JobSucceeded' || ranByItself)
      this.fact(`job-${id}`, {
        type: 'JobStarted',
        data: { attempt: 1, pid: 1, startTime: '1', bootId: 'boot' },
      });
    this.fact(`job-${id}`, end);
  }
  probe(probe: Probed): void {
    this.tell('r1', { kind: 'RecordProbe', probe: { ...probe, automatic: true } });
  }
  strike(): void {
    for (let n = 0; n < 3; n++) this.run(notStarted);
  }
  get isQuarantined(): boolean {
    const last = this.events.findLast(({ event }) => /^Runner(Quarantined|Cleared)$/.test(event.type));
    return last?.event.type === 'RunnerQuarantined';
  }
  /** Clean probes until it is out; at most 40. */
  recover(): number {
    for (let n = 1; n <= 40; n++) {
      this.probe(clean);
      if (!this.isQuarantined) return n;
    }
    return NaN;
  }
}

const requeued = (why: string): BatonEvent => ({
  type: 'JobRequeued',
  data: { attempt: 1, cause: 'infrastructure', why, detail: '' },
});
const notStarted = requeued('not_prepared');
const lost: BatonEvent = { type: 'JobLost', data: { attempt: 1, why: 'vanished', detail: '' } };
const succeeded: BatonEvent = { type: 'JobSucceeded', data: { attempt: 1 } };
const failed: BatonEvent = { type: 'JobFailed', data: { attempt: 1, exitCode: 127 } };

describe('a runner that fails its jobs', () => {
  it('given three attempts in a row that it ended, then it is quarantined, with what happened', () => {
    const ward = new Ward();
    ward.run(notStarted);
    ward.run(lost);
    expect(ward.isQuarantined).toBe(false);
    ward.run(notStarted);
    expect(ward.events.at(-1)?.event).toEqual({
      type: 'RunnerQuarantined',
      data: {
        why: 'repeated_failures',
        detail:
          'It failed 3 attempts in a row (not_prepared, vanished). It comes back after 3 clean probes in a row, or when a person clears it.',
      },
    });
  });
  it('given a success in between, then the count begins anew', () => {
    const ward = new Ward();
    for (const end of [notStarted, notStarted, succeeded, notStarted, notStarted]) ward.run(end);
    expect(ward.isQuarantined).toBe(false);
  });
  it('given many attempts that ran side by side and were lost together, then that is one incident', () => {
    const ward = new Ward();
    const jobs = Array.from({ length: 8 }, () => ward.queue());
    for (const id of jobs) ward.assign(id);
    for (const id of jobs) ward.fact(`job-${id}`, lost);
    expect(ward.isQuarantined).toBe(false);
  });
  it.each([
    ['a dispatcher that took over', requeued('stale_fence')],
    [
      'a source that cannot be read',
      { type: 'JobUndeliverable', data: { attempt: 1, why: 'unknown_commit', detail: '' } },
    ],
    ['a machine that was restarted', { type: 'JobRequeued', data: { attempt: 1, cause: 'runner_changed' } }],
  ] satisfies readonly (readonly [string, BatonEvent])[])(
    'given %s, then the runner is not blamed',
    (_, end) => {
      const ward = new Ward();
      for (let n = 0; n < 6; n++) ward.run(end);
      expect(ward.isQuarantined).toBe(false);
    },
  );
  it('given jobs of three projects that fail within seconds, six in a row, then it is quarantined', () => {
    const ward = new Ward();
    for (const project of ['a', 'b', 'c', 'a', 'b']) ward.run(failed, project);
    expect(ward.isQuarantined).toBe(false);
    ward.run(failed, 'c');
    expect(ward.events.at(-1)?.event).toMatchObject({
      type: 'RunnerQuarantined',
      data: { why: 'repeated_failures', detail: expect.stringContaining('6 jobs of 3 projects') as string },
    });
  });
  it('given one project that fails whatever it runs, then that is its own business', () => {
    const ward = new Ward();
    for (let n = 0; n < 20; n++) ward.run(failed, n % 2 === 0 ? 'a' : 'b');
    expect(ward.isQuarantined).toBe(false);
  });
});

describe('an attempt that policy tries again weighs as much as the end of its job would', () => {
  const again = (why: string): BatonEvent => ({
    type: 'JobRequeued',
    data: { attempt: 1, cause: 'policy', why, exitCode: 127 },
  });
  it('given three that were lost, then the runner is quarantined', () => {
    const ward = new Ward();
    for (let n = 0; n < 3; n++) ward.run(again('lost'));
    expect(ward.isQuarantined).toBe(true);
  });
  it('given six of three projects that failed at once, then the runner is quarantined; of one, then not', () => {
    const [ward, other] = [new Ward(), new Ward()];
    for (const project of ['a', 'b', 'c', 'a', 'b', 'c']) ward.run(again('failed'), project);
    for (let n = 0; n < 6; n++) other.run(again('failed'), 'a');
    expect([ward.isQuarantined, other.isQuarantined]).toEqual([true, false]);
  });
  it('given limits that were reached, then the runner is not blamed', () => {
    const ward = new Ward();
    for (let n = 0; n < 6; n++) ward.run(again('timed_out'));
    expect(ward.isQuarantined).toBe(false);
  });
});

describe('the way back', () => {
  it('given three clean probes in a row, then it is cleared by them', () => {
    const ward = new Ward();
    ward.strike();
    for (const probe of [clean, clean, sick, clean, clean]) ward.probe(probe);
    expect(ward.isQuarantined).toBe(true);
    ward.probe(clean);
    expect(ward.events.at(-1)).toMatchObject({
      event: { type: 'RunnerCleared', data: { by: 'probe' } },
      metadata: { reason: '3 clean probes in a row' },
    });
  });
  it('given a probe that somebody asked for, then it does not count', () => {
    const ward = new Ward();
    ward.strike();
    for (let n = 0; n < 5; n++) ward.tell('r1', { kind: 'RecordProbe', probe: clean });
    expect(ward.isQuarantined).toBe(true);
  });
  it('given it comes back and fails again, then it must show twice as many each time, up to a bound', () => {
    const ward = new Ward();
    const needed = Array.from({ length: 6 }, () => {
      ward.strike();
      return ward.recover();
    });
    expect(needed).toEqual([3, 6, 12, 24, 24, 24]);
  });
  it('given ten successes, or a person who cleared it, then it is as good as new', () => {
    const ward = new Ward();
    ward.strike();
    ward.recover();
    for (let n = 0; n < 10; n++) ward.run(succeeded);
    ward.strike();
    expect(ward.recover()).toBe(3);
    ward.strike();
    ward.tell('r1', { kind: 'ClearRunner', by: 'person' });
    expect(ward.isQuarantined).toBe(false);
    ward.strike();
    expect(ward.recover()).toBe(3);
  });
  it('given probes that fail on and on, then one of them is recorded', () => {
    const ward = new Ward();
    ward.strike();
    for (let n = 0; n < 50; n++) ward.probe(sick);
    expect(ward.types('runner-r1').filter((type) => type === 'RecoveryProbed')).toHaveLength(1);
  });
});

type Act = (ward: Ward) => void;
const acts: readonly Act[] = [
  (ward) => ward.run(notStarted),
  (ward) => ward.run(lost),
  (ward) => ward.run(succeeded),
  (ward) => ward.run(failed, 'b'),
  (ward) => ward.probe(clean),
  (ward) => ward.probe(sick),
  (ward) => ward.tell('r1', { kind: 'ClearRunner', by: 'person' }),
  (ward) => ward.strike(),
];

describe('the process, killed after any event and started again,', () => {
  it('writes the same events under the same ids as if nothing had happened', () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom(...acts), { maxLength: 20 }),
        fc.array(fc.nat(80), { maxLength: 5 }),
        (script, crashes) => {
          const [calm, shaken] = [new Ward(), new Ward(crashes)];
          for (const act of script) {
            act(calm);
            act(shaken);
          }
          expect(shaken.events).toEqual(calm.events);
        },
      ),
      { numRuns: 100 },
    );
  });
});
