import { describe, expect, it } from 'vitest';
import * as E from 'fp-ts/lib/Either.js';
import type { AttemptFacts } from '../../src/dispatch/drive.js';
import { performer } from '../../src/dispatch/perform.js';
import { anAssignment, aPromotion } from '../builders.js';
import { performDeps } from '../dispatch/perform-deps.js';

/** Of an attempt that is over: nothing is to be done for it. */
const over: AttemptFacts = {
  ...{ promoted: aPromotion(), phaseRunId: 'p', assigned: anAssignment(), assignedAt: '1', started: false },
  current: false,
};

describe('B20: a bug in the driver of one job is told, and stops neither the others nor a later try', () => {
  it('given one that throws, then the next are driven, and it is driven again when that is asked for', async () => {
    const asked: string[] = [];
    const problems: string[] = [];
    const waiting: (() => void)[] = [];
    const told = () => new Promise<void>((resolve) => waiting.push(resolve));
    const effects = performer(
      performDeps(
        {},
        {
          facts: (jobId) => {
            asked.push(jobId);
            if (jobId === 'bad') throw new Error('a bug');
            return Promise.resolve(E.right(over));
          },
          onProblem: (sentence) => {
            problems.push(sentence);
            waiting.shift()?.();
          },
        },
      ),
    );
    const drive = (jobId: string): void =>
      effects.drive({ target: 'effect', effect: 'drive', jobId, attempt: 1, runner: 'r1', fresh: true });
    for (const id of ['bad', 'good-1', 'good-2']) {
      const first = id === 'bad' ? told() : undefined;
      drive(id);
      await first;
    }
    const again = told();
    drive('bad');
    await again;
    await effects.close();
    expect(asked).toEqual(['bad', 'good-1', 'good-2', 'bad']);
    expect(problems).toEqual(Array(2).fill('the effect drive bad.1 met a bug'));
  });
});
