/** Refusals of the server and of the machine, as a step tells them. */
import type { AppError } from '../../app/errors.js';
import type { ProblemDocument } from '../../http/problem.js';
import { exitOfProblem } from '../exit.js';
import type { Failure } from './steps.js';

const inWords = (problems: AppError['problems']): string =>
  (problems ?? [])
    .map(({ path, expected, found }) => ` ${path}: expected ${expected}, found ${found}.`)
    .join('');

export const ofServer = ({ code, reason, detail, hint, problems }: ProblemDocument): Failure => ({
  code: reason,
  sentence: `${detail}${inWords(problems)}`,
  exit: exitOfProblem(code),
  ...(hint === undefined ? {} : { hint }),
});

export const ofMachine = ({ code, reason, message, hint, problems }: AppError): Failure => ({
  code: reason,
  sentence: `${message}${inWords(problems)}`,
  exit: exitOfProblem(code),
  ...(hint === undefined ? {} : { hint }),
});
