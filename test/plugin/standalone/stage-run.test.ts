import * as E from 'fp-ts/lib/Either.js';
import { describe, expect, it } from 'vitest';
import { stageRunDecider, type StageRunCommand } from '../../../plugin/hosts/standalone/stage-run.js';
import type { ChangeEvent } from '../../../src/events/catalog.js';
import type { Outcome } from '../../../src/events/shapes.js';
import { fold } from '../../../src/kernel/decider.js';
import { changeId, planned, scope, source } from './history.js';

const start: StageRunCommand = {
  kind: 'StartStageRun',
  data: {
    ...{ changeId, title: 'Add b', patchset: 1, scope, pipeline: 'main', stage: 'verify', queueKey: 'q' },
    ...{
      source: source('a1'),
      plan: [planned('unit'), planned('lint', { skipped: true }), planned('syntax')],
    },
  },
};
const record = (phase: string, outcome: Outcome): StageRunCommand => ({
  ...{ kind: 'RecordPhaseFinished', phase, phaseRunId: `run-${phase}`, outcome },
});
const finish: StageRunCommand = { kind: 'FinishStageRun' };

/** Events of the commands, one after the other; the answer of the last. */
const after = (...commands: readonly StageRunCommand[]) => {
  const past: ChangeEvent[] = [];
  let last: ReturnType<typeof stageRunDecider.decide> = E.right([]);
  for (const command of commands) {
    last = stageRunDecider.decide(command, fold(stageRunDecider, past));
    if (E.isRight(last)) past.push(...last.right);
  }
  return last;
};
const status = (value: 'passed' | 'failed') =>
  E.right([{ type: 'StageRunFinished', data: { status: value } }]);

describe('a stage run', () => {
  it('given all phases ended well, then it passes; a skipped one counts as well', () => {
    expect(after(start, record('unit', 'succeeded'), record('syntax', 'succeeded'), finish)).toEqual(
      status('passed'),
    );
  });

  it.each(['failed', 'cancelled', 'timed_out', 'lost', 'expired', 'undeliverable'] as const)(
    'given a phase that ended %s, then it fails',
    (outcome) => {
      expect(after(start, record('unit', outcome), record('syntax', 'succeeded'), finish)).toEqual(
        status('failed'),
      );
    },
  );

  it('given a phase that may still run, then refused: stage_run_not_over', () => {
    expect(after(start, record('unit', 'failed'), finish)).toMatchObject(
      E.left({ code: 'stage_run_not_over' }),
    );
  });

  it('given a repeat of anything, then nothing happens', () => {
    const all = [start, record('unit', 'succeeded'), record('syntax', 'succeeded'), finish];
    expect(after(start, start)).toEqual(E.right([]));
    expect(after(start, record('unit', 'failed'), record('unit', 'succeeded'))).toEqual(E.right([]));
    expect(after(...all, finish)).toEqual(E.right([]));
    expect(after(...all, start)).toEqual(E.right([]));
  });

  it('given a phase that is not planned, or skipped, then refused: phase_not_planned', () => {
    expect(after(start, record('smoke', 'succeeded'))).toMatchObject(E.left({ code: 'phase_not_planned' }));
    expect(after(start, record('lint', 'succeeded'))).toMatchObject(E.left({ code: 'phase_not_planned' }));
  });

  it('given no start, then refused: stage_run_unknown', () => {
    expect(after(finish)).toMatchObject(E.left({ code: 'stage_run_unknown' }));
  });
});
