/** What a reader of logs is told when the store of logs cannot do what was asked. Pure. */
import { appError, type AppError, type Problem } from './errors.js';
import type { ExpressionProblem, LogError } from './ports.js';

/** As a problem of the query's `q`. */
export const ofExpression = ({ found, mend }: ExpressionProblem): Problem => ({
  ...{ path: 'q', expected: 'a regular expression, as RE2 has them' },
  ...{ found, mend },
});

/** A store that fails, or an expression that asks for too much. */
export const unread = (error: LogError): AppError => {
  const { why, message } = error;
  if (why === 'search_too_long')
    return appError('invalid', why, message, {
      hint: 'Narrow it: what stands in few lines, with a few letters as they are in it, is found soonest.',
    });
  if (why === 'expression') return appError('invalid', 'expression_unusable', message);
  return appError('store_unavailable', why, message, { cause: error });
};
