import { describe, it } from 'vitest';
import { phaseRun } from '../../src/domain/phase-run.js';
import { aPromotion } from '../builders.js';
import { givenFor } from '../given.js';

const given = givenFor(phaseRun);
const promoted = { type: 'PhasePromoted', data: aPromotion() } as const;
const cancelAsked = { type: 'PhaseCancelRequested', data: { host: 'test', hostKey: 'key' } } as const;
const finished = { type: 'PhaseFinished', data: { outcome: 'succeeded', jobs: [] } } as const;
const promote = { kind: 'PromotePhase', data: aPromotion() } as const;
const cancel = { kind: 'CancelPhase', host: 'test', hostKey: 'key' } as const;
const jobs = (...outcomes: readonly ('succeeded' | 'failed' | 'cancelled' | 'lost')[]) =>
  outcomes.map((outcome, i) => ({ jobId: `j${i}`, label: '', outcome }));

describe('PromotePhase', () => {
  it('given nothing, when promoted, then it is taken', () => {
    given([]).when(promote).then([promoted]);
  });
  it('given a promotion, when promoted again, then refused: a promotion is taken once', () => {
    given([promoted]).when(promote).thenRefused('phase_exists');
  });
  it('given a cancel that came first, when promoted, then it ends cancelled and starts nothing', () => {
    given([cancelAsked])
      .when(promote)
      .then([promoted, { type: 'PhaseFinished', data: { outcome: 'cancelled', jobs: [] } }]);
  });
});

describe('CancelPhase', () => {
  it('given nothing, when cancelled, then the wish is recorded for a later promotion', () => {
    given([]).when(cancel).then([cancelAsked]);
  });
  it('records the attempt that was named', () => {
    given([promoted])
      .when({ ...cancel, attempt: 2 })
      .then([{ type: 'PhaseCancelRequested', data: { host: 'test', hostKey: 'key', attempt: 2 } }]);
  });
  it('given a cancel, when cancelled again, then nothing changes', () => {
    given([promoted, cancelAsked]).when(cancel).then([]);
  });
  it('given a finished phase, when cancelled, then refused: phase_already_finished', () => {
    given([promoted, finished]).when(cancel).thenRefused('phase_already_finished');
  });
});

describe('RefuseReport', () => {
  const refuse = { kind: 'RefuseReport', seq: 3, report: 'phase.finished' } as const;
  it('given a phase run, when its host has closed it, then that is recorded and its state stays', () => {
    const refused = { type: 'PhaseReportRefused', data: { seq: 3, report: 'phase.finished' } } as const;
    given([promoted, finished]).when(refuse).then([refused]);
    given([promoted, refused]).when(cancel).then([cancelAsked]);
  });
  it('given no phase run, then refused: phase_unknown', () => {
    given([cancelAsked]).when(refuse).thenRefused('phase_unknown');
  });
});

describe('FinishPhase', () => {
  it('given one failed job among others, when all have ended, then the phase failed', () => {
    const ended = jobs('succeeded', 'lost', 'failed');
    given([promoted])
      .when({ kind: 'FinishPhase', jobs: ended })
      .then([{ type: 'PhaseFinished', data: { outcome: 'failed', jobs: ended } }]);
  });
  it('given a cancel that was asked for and took one job, then the phase is cancelled, whatever else failed', () => {
    const ended = jobs('failed', 'cancelled');
    given([promoted, cancelAsked])
      .when({ kind: 'FinishPhase', jobs: ended })
      .then([{ type: 'PhaseFinished', data: { outcome: 'cancelled', jobs: ended } }]);
  });
  it('given a cancel that came too late for every job, then the phase ended as its jobs did', () => {
    const ended = jobs('succeeded');
    given([promoted, cancelAsked])
      .when({ kind: 'FinishPhase', jobs: ended })
      .then([{ type: 'PhaseFinished', data: { outcome: 'succeeded', jobs: ended } }]);
  });
});
