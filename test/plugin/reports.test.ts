import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { closeRun, evolveReports, nextReport, takeReport } from '../../plugin/reports.js';
import { noReports, type ReportsView } from '../../plugin/tracked.js';
import type { PhasePromoted } from '../../src/events/phase-run.js';
import type { Outcome } from '../../src/events/shapes.js';
import { anAssignment, aPromotion, aQueuedJob } from '../builders.js';
import { givenEvents, type Given } from '../given.js';
import { anyHistory } from '../projections/any-event.js';

const promoted = (run: string, more: Partial<PhasePromoted> = {}): Given => ({
  stream: `phase_run-${run}`,
  type: 'PhasePromoted',
  data: aPromotion({ hostKey: run, ...more }),
});
const queued = (run: string, job: string, label = ''): Given => ({
  stream: `job-${job}`,
  type: 'JobQueued',
  data: aQueuedJob({ phaseRunId: run, label }),
});
const assigned = (job: string, runner: string): Given => ({
  stream: `job-${job}`,
  type: 'JobAssigned',
  data: anAssignment({ runner }),
});
const started = (job: string): Given => ({
  stream: `job-${job}`,
  type: 'JobStarted',
  data: { attempt: 1, pid: 7, startTime: '9', bootId: 'boot' },
});
const failed = (job: string, exitCode = 3): Given => ({
  stream: `job-${job}`,
  type: 'JobFailed',
  data: { attempt: 1, exitCode },
});
const succeeded = (job: string): Given => ({
  stream: `job-${job}`,
  type: 'JobSucceeded',
  data: { attempt: 1 },
});
const finished = (run: string, outcome: Outcome, ...jobs: readonly [string, string, Outcome][]): Given => ({
  stream: `phase_run-${run}`,
  type: 'PhaseFinished',
  data: { outcome, jobs: jobs.map(([jobId, label, of]) => ({ jobId, label, outcome: of })) },
});

/** The reports that these events owe the host `test`, each taken as soon as it is there. */
const told = (...events: readonly Given[]) => {
  const view = noReports();
  const reports: NonNullable<ReturnType<typeof nextReport>>[] = [];
  for (const recorded of givenEvents(...events)) {
    evolveReports({ host: 'test', logs: false }, view, recorded);
    for (const id of Object.keys(view.runs))
      for (let next = nextReport(view, id); next; next = nextReport(view, id)) {
        reports.push(next);
        takeReport(view, id);
      }
  }
  return { reports, view };
};

describe('reports', () => {
  it('given a phase run from promotion to end, then queued, started and finished are told, with sentence and exit code', () => {
    const { reports, view } = told(
      ...[promoted('a'), queued('a', 'j'), assigned('j', 'r1'), started('j'), failed('j')],
      finished('a', 'failed', ['j', '', 'failed']),
    );
    const common = { phaseRunId: 'a', hostKey: 'a', attempt: 1 };
    const cause = 'failed with exit code 3';
    expect(reports).toEqual([
      { ...common, seq: 1, at: '2026-01-01T00:00:00.000Z', type: 'phase.queued' },
      { ...common, seq: 2, at: '2026-01-01T00:00:03.000Z', type: 'phase.started', runner: 'r1' },
      {
        ...{ ...common, seq: 3, at: '2026-01-01T00:00:05.000Z', type: 'phase.finished' },
        ...{ outcome: 'failed', cause, exitCode: 3 },
        jobs: [{ jobId: 'j', label: '', outcome: 'failed', cause, exitCode: 3 }],
      },
    ]);
    expect(view).toEqual(noReports());
  });

  it('given several jobs, then the start is told once, and the end names the job that decided', () => {
    const { reports } = told(
      ...[promoted('a'), queued('a', 'j', 'os=debian'), queued('a', 'k', 'os=rhel')],
      ...[
        assigned('j', 'r1'),
        assigned('k', 'r2'),
        started('k'),
        started('j'),
        succeeded('j'),
        failed('k', 9),
      ],
      finished('a', 'failed', ['j', 'os=debian', 'succeeded'], ['k', 'os=rhel', 'failed']),
    );
    expect(reports.map(({ type }) => type)).toEqual(['phase.queued', 'phase.started', 'phase.finished']);
    expect(reports[1]).toMatchObject({ runner: 'r2' });
    expect(reports[2]).toMatchObject({ cause: 'os=rhel: failed with exit code 9', exitCode: 9 });
  });

  it('given a phase run that was cancelled before its promotion, then its end says that nothing was started', () => {
    const { reports } = told(promoted('a'), finished('a', 'cancelled'));
    expect(reports[1]).toMatchObject({ seq: 2, cause: 'cancelled before anything was started', jobs: [] });
  });

  it('given a phase run of another host, then nothing is told', () => {
    expect(told(promoted('a', { host: 'other' }), finished('a', 'cancelled')).reports).toEqual([]);
  });

  it('given that the host has closed it, then nothing more is told and nothing is remembered after the end', () => {
    const view = noReports();
    const [first, ...rest] = givenEvents(
      promoted('a'),
      queued('a', 'j'),
      started('j'),
      finished('a', 'succeeded'),
    );
    evolveReports({ host: 'test', logs: false }, view, first!);
    closeRun(view, 'a');
    for (const recorded of rest) {
      evolveReports({ host: 'test', logs: false }, view, recorded);
      expect(nextReport(view, 'a')).toBeUndefined();
    }
    expect(view).toEqual(noReports());
  });

  it.each([false, true])(
    'numbers are the same however often and in whatever pieces the events are read',
    (logs) => {
      const events = givenEvents(
        ...[promoted('a'), promoted('b'), queued('a', 'j'), assigned('j', 'r1'), started('j'), failed('j')],
        ...[finished('a', 'failed', ['j', '', 'failed']), finished('b', 'cancelled')],
      );
      const fold = (view: ReportsView, part: readonly (typeof events)[number][]): ReportsView => {
        for (const recorded of part) evolveReports({ host: 'test', logs }, view, recorded);
        return view;
      };
      const whole = fold(noReports(), events);
      fc.assert(
        fc.property(fc.nat(events.length), (at) => {
          const kept = JSON.parse(JSON.stringify(fold(noReports(), events.slice(0, at)))) as ReportsView;
          expect(fold(kept, events.slice(at))).toEqual(whole);
        }),
      );
    },
  );

  it('bears every history: numbers go up by one for each phase run', () => {
    fc.assert(
      fc.property(anyHistory, (history) => {
        const last = new Map<string, number>();
        for (const { phaseRunId, seq } of told(...history).reports) {
          expect(seq).toBe((last.get(phaseRunId) ?? 0) + 1);
          last.set(phaseRunId, seq);
        }
      }),
    );
  });
});
