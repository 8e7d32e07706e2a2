import * as E from 'fp-ts/lib/Either.js';
import { describe, expect, it } from 'vitest';
import { stageRunDecider, type StageRunCommand } from '../../../plugin/hosts/standalone/stage-run.js';
import type { ChangeEvent } from '../../../src/events/catalog.js';
import type { Outcome } from '../../../src/events/shapes.js';
import { fold } from '../../../src/kernel/decider.js';
import { aProject, changeId, planned, scope, source } from './history.js';

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

/** Every command in every state. */
describe('a stage run with a consumer', () => {
  const web = aProject('web');
  const consumer = {
    ...{ changeId: web.id, title: 'Change web', scope: web.scope, pipeline: 'main', source: source('w1') },
    plan: [planned('deploy'), planned('smoke', { group: 1 })],
  };
  const { data } = start;
  const begin: StageRunCommand = {
    kind: 'StartStageRun',
    data: {
      ...data,
      stage: 'union',
      plan: [planned('deploy'), planned('smoke', { skipped: true })],
      consumers: [consumer],
    },
  };
  const theirs = (phase: string, outcome: Outcome = 'succeeded'): StageRunCommand => ({
    ...{ kind: 'RecordPhaseFinished', phase, consumer: web.id, phaseRunId: `web-${phase}`, outcome },
  });
  const cancel: StageRunCommand = { kind: 'CancelStageRun', changeId, stage: 'union', why: 'requested' };
  const own = record('deploy', 'succeeded');
  const states: Readonly<Record<string, readonly StageRunCommand[]>> = {
    none: [],
    started: [begin],
    'own phases failed': [begin, record('deploy', 'failed')],
    'own phases passed': [begin, own],
    'consumer under way': [begin, own, theirs('deploy')],
    'consumer failed': [begin, own, theirs('deploy', 'failed')],
    'all passed': [begin, own, theirs('deploy'), theirs('smoke')],
    finished: [begin, own, theirs('deploy'), theirs('smoke'), finish],
    cancelled: [begin, cancel],
    'cancelled before it began': [cancel],
  };
  const over = ['finished', 'cancelled', 'cancelled before it began'];
  const running = Object.keys(states).filter((state) => state !== 'none' && !over.includes(state));
  const recorded = (...done: readonly string[]) => ({
    stage_run_unknown: ['none'],
    StagePhaseFinished: running.filter((state) => !done.includes(state)),
    nothing: [...done, ...over],
  });
  const table: readonly (readonly [string, StageRunCommand, Readonly<Record<string, readonly string[]>>])[] =
    [
      ['start', begin, { StageRunStarted: ['none'], nothing: [...running, ...over] }],
      ['record the own phase', own, recorded(...running.filter((state) => state !== 'started'))],
      [
        'record the first of the consumer',
        theirs('deploy'),
        recorded('consumer under way', 'consumer failed', 'all passed'),
      ],
      ['record the second of the consumer', theirs('smoke'), recorded('all passed')],
      [
        'record one that is skipped',
        record('smoke', 'succeeded'),
        { stage_run_unknown: ['none'], phase_not_planned: running, nothing: over },
      ],
      [
        'record one of a stranger',
        { ...own, consumer: 'stranger' } as StageRunCommand,
        { stage_run_unknown: ['none'], phase_not_planned: running, nothing: over },
      ],
      [
        'finish',
        finish,
        {
          stage_run_unknown: ['none'],
          stage_run_not_over: ['started', 'own phases passed', 'consumer under way'],
          'StageRunFinished failed': ['own phases failed', 'consumer failed'],
          'StageRunFinished passed': ['all passed'],
          nothing: over,
        },
      ],
      ['cancel', cancel, { StageRunCancelled: ['none', ...running], nothing: over }],
    ];
  describe.each(table)('asked to %s', (_, command, cells) => {
    it('the table tells of every state once', () => {
      expect(Object.values(cells).flat().toSorted()).toEqual(Object.keys(states).toSorted());
    });

    it.each(
      Object.entries(cells).flatMap(([result, where]) => where.map((state) => [state, result] as const)),
    )('given it is at %s, then %s', (state, result) => {
      const decided = after(...(states[state] ?? []), command);
      const found = E.isLeft(decided)
        ? decided.left.code
        : decided.right
            .map((event) =>
              event.type === 'StageRunFinished' ? `${event.type} ${event.data.status}` : event.type,
            )
            .join(', ') || 'nothing';
      expect(found).toBe(result);
    });
  });

  it('given a phase of the consumer, then its end says whose it is', () => {
    expect(after(begin, own, theirs('deploy'))).toEqual(
      E.right([
        {
          type: 'StagePhaseFinished',
          data: { phase: 'deploy', consumer: web.id, phaseRunId: 'web-deploy', outcome: 'succeeded' },
        },
      ]),
    );
  });
});
