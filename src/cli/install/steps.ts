/** One step after the other; when one fails, what was done is undone, the last first. */
import * as E from 'fp-ts/lib/Either.js';
import { exitCodes } from '../exit.js';

export interface Failure {
  readonly code: string;
  /** What failed, in one sentence. */
  readonly sentence: string;
  readonly hint?: string;
  /** Exit code; 1 when absent. */
  readonly exit?: number;
}

/** A failure with exit code 1. */
export const refused = (code: string, sentence: string, hint?: string): E.Either<Failure, never> =>
  E.left({ code, sentence, ...(hint === undefined ? {} : { hint }) });

/** What a step leaves behind that has to go when a later one fails. */
export interface Undo {
  /** What there is no longer, once it is undone: `the runner build-07 at the server`. */
  readonly what: string;
  /** Undone before what was done after it. */
  readonly first?: boolean;
  /** Answers a sentence when it could not. */
  readonly run: () => Promise<string | undefined>;
}

export interface Done {
  readonly status: 'done' | 'unchanged';
  readonly detail?: string;
}

/** What is told while it goes on; the words of `src/install` and ours alike. */
export interface StepEvent {
  readonly step: string;
  readonly status: 'begun' | 'done' | 'unchanged' | 'failed' | 'undone';
  readonly detail?: string;
}

export interface Step {
  /** A word for programs. */
  readonly id: string;
  /** What is being done: `connecting to build-07`. */
  readonly title: string;
  /** It tells of its parts by itself, also of the one that fails; of the whole nothing is told. */
  readonly inParts?: boolean;
  /** `owe`: called with what would have to be undone, before it is done. */
  readonly run: (owe: (undo: Undo) => void) => Promise<E.Either<Failure, Done>>;
}

/** How it ended badly. */
export interface Undone {
  readonly step: string;
  readonly failure: Failure;
  readonly undone: readonly string[];
  /** What could not be undone, with why. */
  readonly kept: readonly { readonly what: string; readonly why: string }[];
}

/** By Ctrl-C. */
export const interrupted: Failure = {
  code: 'interrupted',
  sentence: 'It was interrupted.',
  exit: exitCodes.cancelled,
};

const undoAll = async (
  owed: readonly Undo[],
  tell: (event: StepEvent) => void,
): Promise<Pick<Undone, 'undone' | 'kept'>> => {
  const undone: string[] = [];
  const kept: { what: string; why: string }[] = [];
  const backwards = [...owed].reverse();
  const inOrder = [
    ...backwards.filter(({ first }) => first === true),
    ...backwards.filter(({ first }) => first !== true),
  ];
  for (const { what, run } of inOrder) {
    tell({ step: 'undo', status: 'begun', detail: what });
    const why = await run();
    if (why === undefined) {
      undone.push(what);
      tell({ step: 'undo', status: 'undone', detail: what });
    } else {
      kept.push({ what, why });
      tell({ step: 'undo', status: 'failed', detail: `${what}: ${why}` });
    }
  }
  return { undone, kept };
};

/**
 * Each step begins when the one before has succeeded. An abort counts as a failure of the step at whose end it is
 * seen: half a step is worse than a whole one, which can be undone.
 */
export const runSteps = async (
  steps: readonly Step[],
  signal: AbortSignal,
  tell: (event: StepEvent) => void,
): Promise<E.Either<Undone, void>> => {
  const owed: Undo[] = [];
  for (const { id, title, inParts = false, run } of steps) {
    if (!inParts) tell({ step: id, status: 'begun', detail: title });
    const got = await run((undo) => void owed.push(undo));
    if (E.isRight(got) && !signal.aborted) {
      if (!inParts) tell({ step: id, ...got.right });
      continue;
    }
    const failure = signal.aborted || E.isRight(got) ? interrupted : got.left;
    // why is told at the end, in one sentence
    if (!inParts) tell({ step: id, status: 'failed' });
    return E.left({ step: id, failure, ...(await undoAll(owed, tell)) });
  }
  return E.right(undefined);
};
