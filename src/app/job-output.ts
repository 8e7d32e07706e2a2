/** Which output of a job is meant? */
import * as E from 'fp-ts/lib/Either.js';
import type { JobView } from '../../projections/jobs.js';
import { splitOutputs, type SplitOutput } from '../domain/output.js';
import { appError, type AppError } from './errors.js';

/** The one that is wanted; undefined where the job has only one. Refused where the job has no such output, or has two and none is named. */
export const outputOf = (
  { id, output }: JobView,
  wanted: SplitOutput | undefined,
): E.Either<AppError, SplitOutput | undefined> => {
  const job = `The job ${id.slice(0, 8)}`;
  if (output !== 'split' && wanted !== undefined)
    return E.left(
      appError(
        'not_found',
        'output_unknown',
        `${job} has no ${wanted} of its own: it has one log, with both outputs in the order of writing.`,
        { hint: 'Leave the output out, on the command line --output.' },
      ),
    );
  if (output === 'split' && wanted === undefined)
    return E.left(
      appError(
        'invalid',
        'output_needed',
        `${job} has two outputs that are kept apart: ${splitOutputs.join(' and ')}.`,
        {
          hint: 'Ask for one of them: output=stdout or output=stderr, on the command line --output stdout.',
          problems: [{ path: 'output', expected: splitOutputs.join(' or '), found: 'nothing' }],
        },
      ),
    );
  return E.right(wanted);
};
