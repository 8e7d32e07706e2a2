/**
 * Of what is the log of a phase run made? In the original it was what the job had told of itself, and where it died before it told of an
 * end, the output of its ssh behind that. Here the same; what is not shown is named, so that nothing is lost.
 */
import { pipe } from 'fp-ts/lib/function.js';
import * as TE from 'fp-ts/lib/TaskEither.js';
import type { AppError } from '../../app/errors.js';
import type { LogChoice, UseCases } from '../../app/use-cases.js';
import { outputsOf, REPORT } from '../../domain/output.js';
import type { AttemptView, JobView } from '../../../projections/jobs.js';

/** What can be asked for by name: what came over SSH, or what was told. */
export const logNames = ['log', REPORT] as const;
export type LogName = (typeof logNames)[number];

/** An output of the job, and where all of it is. */
export interface OutputPart {
  readonly which: LogChoice;
  readonly href: string;
}

/** Each begins on a line of its own. */
export type LogPart = { readonly line: string } | OutputPart;

const part = (attempt: number, output: LogName, href: string): OutputPart => ({
  which: output === REPORT ? { attempt, output } : { attempt },
  href,
});

const namedIn = (href: string, output: LogName): string => `${href}?output=${output}`;

const sizeOf = (use: UseCases, { id }: JobView, which: LogChoice): TE.TaskEither<AppError, number> =>
  pipe(
    use.readLog(id, 0, 1, which),
    TE.map(({ size }) => size),
  );

/** In all of its outputs. */
const printedBytes = (use: UseCases, job: JobView, attempt: number): TE.TaskEither<AppError, number> =>
  pipe(
    outputsOf(job.output),
    TE.traverseSeqArray((output) =>
      sizeOf(use, job, output === undefined ? { attempt } : { attempt, output }),
    ),
    TE.map((sizes) => sizes.reduce((sum, size) => sum + size, 0)),
  );

/** It had told of no end, or of another. */
const endedOtherwise = ({ endedAt, status }: JobView, { reported }: AttemptView): boolean =>
  endedAt !== undefined && status !== 'succeeded' && !(status === 'failed' && reported?.success === false);

const endLine = ({ summary = '' }: JobView, { runner = '' }: AttemptView, printed: number): string =>
  `[${runner}: ${summary}${printed === 0 ? '' : '; what it printed:'}]\n`;

/** Of the last attempt, at this moment; nothing where there was none. `href`: where the whole log is. */
export const logParts = (
  use: UseCases,
  job: JobView,
  href: string,
  wanted?: LogName,
): TE.TaskEither<AppError, readonly LogPart[]> => {
  const last = job.attempts.at(-1);
  if (last === undefined) return TE.right([]);
  const { attempt } = last;
  if (wanted !== undefined) return TE.right([part(attempt, wanted, namedIn(href, wanted))]);
  if (job.reports === undefined) return TE.right([part(attempt, 'log', href)]);
  return pipe(
    TE.Do,
    TE.bind('told', () => sizeOf(use, job, { attempt, output: REPORT })),
    TE.bind('printed', () => printedBytes(use, job, attempt)),
    TE.map(({ told, printed }): readonly LogPart[] => {
      if (told === 0) return [part(attempt, 'log', href)];
      const printedHref = namedIn(href, 'log');
      const tale = part(attempt, REPORT, namedIn(href, REPORT));
      if (endedOtherwise(job, last))
        return [
          tale,
          { line: endLine(job, last, printed) },
          ...(printed === 0 ? [] : [part(attempt, 'log', printedHref)]),
        ];
      return printed === 0
        ? [tale]
        : [{ line: `[${printed} bytes printed beside this: ${printedHref}]\n` }, tale];
    }),
  );
};
