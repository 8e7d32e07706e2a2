/** Which output of a job is meant? */
import * as E from 'fp-ts/lib/Either.js';
import type { JobView } from '../../projections/jobs.js';
import { REPORT, splitOutputs, type OutputName } from '../domain/output.js';
import { appError, type AppError } from './errors.js';

/**
 * The one that is wanted; undefined where the job has only one. Refused where the job has no such output, or has two and none is named.
 * What a job told of itself is asked for by its name.
 */
export const outputOf = (
  { id, output, reports }: JobView,
  wanted: OutputName | undefined,
): E.Either<AppError, OutputName | undefined> => {
  const job = `The job ${id.slice(0, 8)}`;
  if (wanted === REPORT)
    return reports === true
      ? E.right(wanted)
      : E.left(
          appError('not_found', 'output_unknown', `${job} does not report: its phase has not asked for it.`, {
            hint: 'Write {"baton": {"reports": {"PHASE": true}}} into .delivery/config.json.',
          }),
        );
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
