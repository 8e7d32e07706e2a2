/** What is done with many runners: each by itself, and for each what came of it. */
import type { RunnerAsOf } from '../../app/evidence.js';
import type { RunnerTested } from '../../app/use-cases.js';
import type { ProblemDocument } from '../../http/problem.js';
import { holdersText } from './held.js';

export const bulkActs = ['drain', 'pause', 'resume', 'test'] as const;
export type BulkAct = (typeof bulkActs)[number];

/** `odd`: it was done, and what came of it is not well. */
export type Result =
  | { readonly kind: 'waits' | 'works' | 'left' }
  | { readonly kind: 'done' | 'odd' | 'refused'; readonly text: string };

export const resultOf = (answer: RunnerAsOf | RunnerTested): Result => {
  if ('sentence' in answer) return { kind: answer.code === 'ready' ? 'done' : 'odd', text: answer.sentence };
  const still = holdersText(answer.current, 'still there');
  return {
    kind: 'done',
    text: `Now ${answer.state.replaceAll('_', ' ')}.${still === '' ? '' : ` ${still}.`}`,
  };
};

export const refusalOf = ({ detail, hint, problems = [] }: ProblemDocument): Result => ({
  kind: 'refused',
  text: [
    detail,
    ...problems.map(({ path, expected, found }) => `${path}: expected ${expected}, found ${found}.`),
    ...(hint === undefined || hint === '' ? [] : [hint]),
  ].join(' '),
});

const weights: Readonly<Record<Result['kind'], number>> = {
  ...{ refused: 0, odd: 1, works: 2, waits: 3, left: 4, done: 5 },
};

/** Places of the results, those first that need a look. */
export const looksFirst = (results: readonly Result[]): readonly number[] =>
  [...results.keys()].sort((a, b) => {
    const weight = (index: number): number => weights[results[index]?.kind ?? 'waits'];
    return weight(a) - weight(b) || a - b;
  });

const counted = (results: readonly Result[], ...kinds: readonly Result['kind'][]): number =>
  results.filter(({ kind }) => kinds.includes(kind)).length;

/** `3 of 5 done, 1 refused`: in one line, also while it goes on. */
export const summaryOf = (results: readonly Result[]): string => {
  const [odd, refused, left] = [
    counted(results, 'odd'),
    counted(results, 'refused'),
    counted(results, 'left'),
  ];
  return [
    `${counted(results, 'done', 'odd')} of ${results.length} done`,
    ...(odd === 0 ? [] : [`${odd} of these not ready`]),
    ...(refused === 0 ? [] : [`${refused} refused`]),
    ...(left === 0 ? [] : [`${left} left aside`]),
  ].join(', ');
};
