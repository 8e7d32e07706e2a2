/** What an answer of `explain` becomes as a table: conditions as columns, runners as rows, those that suit first. */
import type { ExplainAnswer } from '../../../projections/explain-answer.js';

type Runner = ExplainAnswer['runners'][number];
export type Judged = Runner['clauses'][number];
type Clause = Judged['clause'];

/** `platform is debian or ubuntu`: in the words of `baton job explain`. */
export const clauseText = ({ key, op, values }: Clause): string => {
  if (op === 'all') return `${key} include ${values.join(' and ')}`;
  return op === 'none' ? `${key} is not ${values.join(' nor ')}` : `${key} is ${values.join(' or ')}`;
};

/** The conditions that runners were held against, each once, in the order of the first that has them. */
export const conditionsOf = ({ runners }: Pick<ExplainAnswer, 'runners'>): readonly string[] => [
  ...new Set(runners.flatMap(({ clauses }) => clauses.map(({ clause }) => clauseText(clause)))),
];

/** What was found for a condition; undefined where a runner was not held against it. */
export const judgedBy = ({ clauses }: Runner, condition: string): Judged | undefined =>
  clauses.find(({ clause }) => clauseText(clause) === condition);

const lacking = ({ clauses }: Runner): number => clauses.filter(({ holds }) => !holds).length;

/** Could take it now, suits but cannot now, then by how many conditions fail. */
const rank = (runner: Runner): number => {
  if (runner.suits) return runner.unavailable === undefined ? 0 : 1;
  return 2 + lacking(runner);
};

const isFound = ({ runner, unavailable = '', clauses }: Runner, wanted: string): boolean =>
  [runner, unavailable, ...clauses.map(({ found }) => found)].some((text) =>
    text.toLowerCase().includes(wanted),
  );

/** Runners that have the text in their name, state or in what was found; those that suit first, equals in the order of the answer. */
export const rowsOf = ({ runners }: Pick<ExplainAnswer, 'runners'>, text: string): readonly Runner[] => {
  const wanted = text.trim().toLowerCase();
  const fitting = wanted === '' ? runners : runners.filter((runner) => isFound(runner, wanted));
  return [...fitting].sort((a, b) => rank(a) - rank(b));
};

/** How many suit, and how many of those could take a job now. */
export const suitingOf = ({
  runners,
}: Pick<ExplainAnswer, 'runners'>): { readonly suit: number; readonly free: number } => {
  const suiting = runners.filter(({ suits }) => suits);
  return {
    suit: suiting.length,
    free: suiting.filter(({ unavailable }) => unavailable === undefined).length,
  };
};
