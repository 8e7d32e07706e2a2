/** `?at=` on reads: one way for all of them to answer from the past, and to say which moment the answer is of. */
import { pipe } from 'fp-ts/lib/function.js';
import * as TE from 'fp-ts/lib/TaskEither.js';
import type { AppError } from '../app/errors.js';
import type { Moment } from '../app/moments.js';
import type { Reads, UseCases } from '../app/use-cases.js';
import { positionWord, type At } from '../kernel/at.js';
import type { Answer } from './route.js';

/** As it stands in answers; `position` can be asked for again, and then means the same for ever. */
export interface AnsweredAt {
  readonly position: string;
  readonly time?: string;
}

const stamp = ({ position, time }: Moment, answer: Answer): Answer => {
  if (answer.kind === 'refusal' || answer.kind === 'empty') return answer;
  const at: AnsweredAt = { position: positionWord(position), ...(time === undefined ? {} : { time }) };
  const headers = {
    ...answer.headers,
    'Baton-Position': at.position,
    ...(time === undefined ? {} : { 'Baton-Time': time }),
  };
  return answer.kind === 'stream'
    ? { ...answer, headers }
    : { ...answer, headers, value: { ...(answer.value as object), at } };
};

/** Answers from the present without `at`; else from that moment, with its position in a header and in the body. */
export const asOf = (
  use: UseCases,
  at: At | undefined,
  read: (reads: Reads) => TE.TaskEither<AppError, Answer>,
): TE.TaskEither<AppError, Answer> =>
  at === undefined
    ? read(use)
    : pipe(
        use.at(at),
        TE.chain(({ moment, reads }) =>
          pipe(
            read(reads),
            TE.map((answer) => stamp(moment, answer)),
          ),
        ),
      );
