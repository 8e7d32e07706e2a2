import * as E from 'fp-ts/lib/Either.js';
import { describe, expect, it } from 'vitest';
import type { AttemptState, RevokeAnswer, TransportError } from '../../src/app/ports.js';
import type { AttemptFacts } from '../../src/dispatch/drive.js';
import { performDeps } from './perform-deps.js';
import { performer } from '../../src/dispatch/perform.js';
import type { JobCommand } from '../../src/domain/job.js';
import { anAssignment, aPromotion } from '../builders.js';

const unreachable = { code: 'unreachable', message: 'no route' } as TransportError;

/** A runner that gives these answers to `revoke`, one after the other; `current` until something is recorded. */
const given = (answers: readonly E.Either<TransportError, RevokeAnswer['kind']>[]) => {
  const recorded: JobCommand[] = [];
  const asked: unknown[] = [];
  let done: () => void = () => undefined;
  const finished = new Promise<void>((resolve) => (done = resolve));
  const facts = (): AttemptFacts => ({
    ...{ promoted: aPromotion(), phaseRunId: 'p', assigned: anAssignment(), assignedAt: '1', started: false },
    current: recorded.length === 0,
  });
  const transport = {
    revoke: (_: unknown, order: unknown) => () => {
      const answer = answers[asked.length] ?? E.left(unreachable);
      asked.push(order);
      if (asked.length >= answers.length) setTimeout(done);
      return Promise.resolve(E.map((kind: RevokeAnswer['kind']) => ({ kind }))(answer));
    },
    cleanUp: () => () => Promise.resolve(E.right(undefined)),
  };
  const deps = performDeps(transport, {
    facts: () => Promise.resolve(E.right(facts())),
    record: (_job: string, _attempt: number, command: JobCommand) => {
      recorded.push(command);
      return Promise.resolve(true);
    },
  });
  const effects = performer(deps);
  effects.revoke({
    ...{ target: 'effect', effect: 'revoke', jobId: 'j', attempt: 1, runner: 'r1', startMs: 120_000 },
  });
  return { asked, recorded, finished, close: () => effects.close() };
};

describe('an attempt that does not start in time', () => {
  it('is queued again once the runner says that it will never start', async () => {
    const world = given([E.left(unreachable), E.right('revoked')]);
    await world.finished;
    await world.close();
    expect(world.asked).toHaveLength(2);
    expect(world.asked[0]).toMatchObject({ jobId: 'j', attempt: 1, baseId: 'base', bootId: 'boot' });
    expect(world.recorded).toMatchObject([
      { kind: 'RequeueJob', attempt: 1, cause: 'infrastructure', why: 'start_timeout' },
    ]);
  });
  it.each(['started', 'ended', 'runner_changed'] as const)(
    'is left to whom drives it when the runner says %s',
    async (kind) => {
      const world = given([E.right(kind)]);
      await world.finished;
      await world.close();
      expect(world.recorded).toEqual([]);
    },
  );
  it('stays where it is while the runner does not answer: it may be running', async () => {
    const world = given([E.left(unreachable), E.left(unreachable)]);
    await world.finished;
    await world.close();
    expect(world.recorded).toEqual([]);
  });
});

/** A runner that answers `query` so, one after the other, and the last for ever. */
const leftOn = (answers: readonly E.Either<TransportError, AttemptState>[]) => {
  const recorded: JobCommand[] = [];
  const asked: string[] = [];
  let done: () => void = () => undefined;
  const finished = new Promise<void>((resolve) => (done = resolve));
  const transport = {
    query: () => () => {
      const answer = answers[Math.min(asked.filter((one) => one === 'query').length, answers.length - 1)];
      asked.push('query');
      return Promise.resolve(answer ?? E.left(unreachable));
    },
    cancel: (_: unknown, ref: { jobId: string }, graceMs: number) => () => {
      asked.push(`cancel ${ref.jobId} ${graceMs}`);
      return Promise.resolve(E.right({ kind: 'signalled' as const }));
    },
    cleanUp: () => () => {
      asked.push('cleanUp');
      return Promise.resolve(E.right(undefined));
    },
  };
  const recordedFacts: AttemptFacts = {
    ...{ promoted: aPromotion(), phaseRunId: 'p', assigned: anAssignment(), assignedAt: '1' },
    ...{ started: true, current: false },
  };
  const deps = performDeps(transport, {
    facts: () => Promise.resolve(E.right(recordedFacts)),
    secrets: {
      take: () => Promise.reject(new Error('nothing is started')),
      given: () => Promise.reject(new Error('nothing is collected')),
      forget: () => {
        asked.push('forget');
        return Promise.resolve(E.right(undefined));
      },
    },
    record: (_job: string, _attempt: number, command: JobCommand) => {
      recorded.push(command);
      done();
      return Promise.resolve(true);
    },
  });
  const effects = performer(deps);
  effects.endRemains({
    target: 'effect',
    effect: 'end_remains',
    jobId: 'j',
    attempt: 1,
    runner: 'r1',
    graceMs: 500,
  });
  return { asked, recorded, finished, close: () => effects.close() };
};

describe('what a closed job left on its runner', () => {
  const running: AttemptState = { state: 'running', pid: 7, startTime: '9', bootId: 'boot', logSize: 0 };
  const ended: AttemptState = {
    ...{ state: 'done', logSize: 0 },
    result: {
      ...{ exitCode: 143, why: 'cancel', logTruncated: false, signals: ['TERM'] },
      survivors: [{ pid: 8, command: 'sleep' }],
    },
  };
  const endOf = async (...answers: readonly E.Either<TransportError, AttemptState>[]) => {
    const world = leftOn(answers);
    await world.finished;
    await world.close();
    return world;
  };

  it('is ended once the runner answers, and recorded with what survived', async () => {
    const { asked, recorded } = await endOf(E.left(unreachable), E.right(running), E.right(ended));
    expect(asked).toEqual(['forget', 'query', 'query', 'cancel j 500', 'query', 'cleanUp']);
    expect(recorded).toEqual([
      {
        ...{ kind: 'RecordRemains', attempt: 1 },
        evidence: {
          ...{ how: 'signalled', signals: ['TERM'], exitCode: 143 },
          survivors: [{ pid: 8, command: 'sleep' }],
        },
      },
    ]);
  });
  it('is kept from starting when nothing is there yet', async () => {
    const absent: AttemptState = { state: 'absent', baseId: 'base', bootId: 'boot' };
    const { asked, recorded } = await endOf(E.right(absent), E.right({ state: 'revoked' }));
    expect(asked).toEqual(['forget', 'query', 'cancel j 500', 'query', 'cleanUp']);
    expect(recorded).toMatchObject([{ evidence: { how: 'revoked' } }]);
  });
  it('is recorded with what was done when its supervisor was not there to say so', async () => {
    const ended = { why: 'cancel', signals: ['TERM'], survivors: [], containment: 'nets' } as const;
    const { recorded } = await endOf(E.right({ state: 'lost', why: 'cancel', logSize: 0, ended }));
    expect(recorded).toMatchObject([
      { evidence: { how: 'signalled', signals: ['TERM'], survivors: [], containment: 'nets' } },
    ]);
  });
  it.each<AttemptState>([{ state: 'tombstone' }, { state: 'lost', why: 'reboot', logSize: 0 }])(
    'is over when the runner says %j',
    async (state) => {
      const { recorded } = await endOf(E.right(state));
      expect(recorded).toMatchObject([{ kind: 'RecordRemains', evidence: { how: 'already_ended' } }]);
    },
  );
});
