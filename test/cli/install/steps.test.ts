/** Steps that are done one after the other, and undone when one fails. */
import * as E from 'fp-ts/lib/Either.js';
import { describe, expect, it } from 'vitest';
import { failureText } from '../../../src/cli/install/report.js';
import {
  runSteps,
  type Failure,
  type Step,
  type StepEvent,
  type Undone,
} from '../../../src/cli/install/steps.js';

const broken: Failure = { code: 'broken', sentence: 'The disk is full.', hint: 'Make room.' };

const world = () => {
  const did: string[] = [];
  const events: string[] = [];
  const step = (
    id: string,
    result: E.Either<Failure, void> = E.right(undefined),
    problem?: string,
  ): Step => ({
    id,
    title: `doing ${id}`,
    run: (owe) => {
      owe({
        what: `the ${id}`,
        run: () => {
          did.push(`undo ${id}`);
          return Promise.resolve(problem);
        },
      });
      did.push(id);
      return Promise.resolve(E.isLeft(result) ? result : E.right({ status: 'done' }));
    },
  });
  const tell = (event: StepEvent): void => void events.push(`${event.step} ${event.status}`);
  return { did, events, step, tell };
};
const never = new AbortController().signal;

describe('steps', () => {
  it('given all succeed, then each is done once, in order, and nothing is undone', async () => {
    const { did, events, step, tell } = world();
    expect(await runSteps([step('a'), step('b')], never, tell)).toEqual(E.right(undefined));
    expect(did).toEqual(['a', 'b']);
    expect(events).toEqual(['a begun', 'a done', 'b begun', 'b done']);
  });

  it('given one fails, then it and those before are undone, the last first, and no later one begins', async () => {
    const { did, events, step, tell } = world();
    const got = await runSteps([step('a'), step('b', E.left(broken)), step('c')], never, tell);
    expect(did).toEqual(['a', 'b', 'undo b', 'undo a']);
    expect(got).toEqual(E.left({ step: 'b', failure: broken, undone: ['the b', 'the a'], kept: [] }));
    expect(events.slice(-5)).toEqual([
      ...['b failed', 'undo begun', 'undo undone', 'undo begun', 'undo undone'],
    ]);
  });

  it('given something that has to be undone first, then so it is', async () => {
    const { did, step, tell } = world();
    const early: Step = {
      ...step('a'),
      run: (owe) => step('a').run((undo) => owe({ ...undo, first: true })),
    };
    await runSteps([early, step('b', E.left(broken))], never, tell);
    expect(did.slice(-2)).toEqual(['undo a', 'undo b']);
  });

  it('given something cannot be undone, then the rest is undone all the same and that is told', async () => {
    const { did, step, tell } = world();
    const got = await runSteps(
      [step('a'), step('b', E.right(undefined), 'the machine is gone'), step('c', E.left(broken))],
      never,
      tell,
    );
    expect(did.slice(-3)).toEqual(['undo c', 'undo b', 'undo a']);
    expect(got).toMatchObject({ left: { kept: [{ what: 'the b', why: 'the machine is gone' }] } });
  });

  it('given an abort while a step goes on, then that step counts as interrupted, even when it succeeds', async () => {
    const { did, step, tell } = world();
    const abort = new AbortController();
    const during: Step = {
      ...step('b'),
      run: (owe) => {
        abort.abort();
        return step('b').run(owe);
      },
    };
    const got = await runSteps([step('a'), during, step('c')], abort.signal, tell);
    expect(did).toEqual(['a', 'b', 'undo b', 'undo a']);
    expect(got).toMatchObject({ left: { step: 'b', failure: { code: 'interrupted' } } });
  });
});

describe('what is told of a failure', () => {
  const undone: Undone = { step: 'prove', failure: broken, undone: [], kept: [] };
  it.each([
    [undone, 'The disk is full (step prove). Nothing was changed.'],
    [{ ...undone, undone: ['a'] }, 'The disk is full (step prove). What this run had changed is undone.'],
    [
      { ...undone, undone: ['a'], kept: [{ what: 'the account', why: 'no connection' }] },
      'The disk is full (step prove). Could not be undone: the account (no connection).',
    ],
  ])('given %j, then %s', (given, sentence) => {
    expect(failureText(given)).toEqual([sentence, 'hint: Make room.']);
  });
});
