/** Which of the problems of a submission belongs to which field of its form. */
import type { Problem } from '../../app/errors.js';

export const submitFields = [
  ...(['repository', 'branch', 'target'] as const),
  ...(['project', 'organisation', 'enterprise'] as const),
] as const;
export type SubmitField = (typeof submitFields)[number];

const fieldOf = ({ path }: Pick<Problem, 'path'>): SubmitField | undefined =>
  submitFields.find((name) => name === path);

/** Of each field its problems as sentences, and those that are of none, such as of a file in the repository. */
export const byField = (
  problems: readonly Problem[],
): {
  readonly fields: Readonly<Partial<Record<SubmitField, string>>>;
  readonly rest: readonly Problem[];
} => {
  const fields: Partial<Record<SubmitField, string>> = {};
  for (const problem of problems) {
    const name = fieldOf(problem);
    if (name === undefined) continue;
    const { expected, found, mend } = problem;
    const text = `Expected ${expected}; found ${found}.${mend === undefined ? '' : ` To mend it: ${mend}.`}`;
    const before = fields[name];
    fields[name] = before === undefined ? text : `${before} ${text}`;
  }
  return { fields, rest: problems.filter((problem) => fieldOf(problem) === undefined) };
};

/** The body: without what was left empty. */
export const bodyOf = (values: Readonly<Record<SubmitField, string>>): Readonly<Record<string, string>> =>
  Object.fromEntries(
    submitFields.flatMap((name) => {
      const value = values[name].trim();
      return value === '' ? [] : [[name, value]];
    }),
  );
