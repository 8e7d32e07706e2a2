/** What did the machine say? Pure parsers of `runner/words.sh`'s lines; whatever does not fit is undefined, never a guess. */
import { stepWords, type PackageDone, type StepEvent } from './machine.js';

const statuses = ['begun', 'done', 'unchanged', 'skipped', 'failed', 'undone'] as const;

/** Of `step <word> <status> [detail]`. */
export const parseStep = (line: string): StepEvent | undefined => {
  const [head, first, second, ...rest] = line.split(' ');
  const step = stepWords.find((known) => known === first);
  const status = statuses.find((known) => known === second);
  const detail = rest.join(' ').trim();
  return head !== 'step' || step === undefined || status === undefined
    ? undefined
    : { step, status, ...(detail === '' ? {} : { detail }) };
};

export interface Answer {
  readonly privileges: 'root' | 'sudo';
  /** Whether sudo asked for a password. */
  readonly asked: boolean;
  readonly facts: readonly (readonly [name: string, value: string])[];
  readonly left: readonly string[];
  readonly error?: { readonly reason: string; readonly text: string };
}

/** `first`: the line behind the marker, how the program came to be root. */
export const answerOf = (first: string, asked: boolean, lines: readonly string[]): Answer | undefined => {
  if (first !== 'root' && first !== 'sudo') return undefined;
  const told = (word: string) =>
    lines.filter((line) => line.startsWith(`${word} `)).map((line) => line.slice(word.length + 1));
  const pairs = told('fact').map((text): readonly [string, string] => {
    const space = text.indexOf(' ');
    return space < 0 ? [text, ''] : [text.slice(0, space), text.slice(space + 1).trim()];
  });
  const [error] = told('error');
  const space = error?.indexOf(' ') ?? -1;
  return {
    ...{ privileges: first, asked, facts: pairs, left: told('left') },
    ...(error === undefined
      ? {}
      : { error: { reason: error.slice(0, space), text: error.slice(space + 1).trim() } }),
  };
};

export const factsOf = (answer: Answer, name: string): readonly string[] =>
  answer.facts.filter(([known]) => known === name).map(([, value]) => value);

const outcomes = ['installed', 'upgraded', 'downgraded', 'unchanged'] as const;

export const packageDoneOf = (answer: Answer): PackageDone | undefined => {
  const outcome = outcomes.find((known) => known === factsOf(answer, 'outcome')[0]);
  const [from] = factsOf(answer, 'from');
  return outcome === undefined ? undefined : { outcome, ...(from === undefined ? {} : { from }) };
};
