/** The log of a phase run as a file to keep: all of it, without its colours unless they are wanted. */
import { pipe } from 'fp-ts/lib/function.js';
import * as TE from 'fp-ts/lib/TaskEither.js';
import type { AppError } from '../../app/errors.js';
import type { UseCases } from '../../app/use-cases.js';
import { REPORT } from '../../domain/output.js';
import type { JobView } from '../../../projections/jobs.js';
import type { Answer } from '../answer.js';
import { logBytes } from '../log-bytes.js';
import { logParts, type LogName, type LogPart } from './log-parts.js';
import { plainText } from './plain-text.js';

type Stream = Extract<Answer, { kind: 'stream' }>;
type Pieces = ReturnType<Stream['pieces']>;

const LINE_FEED = 10;

const bytesOf = (piece: string | Buffer): Buffer => (typeof piece === 'string' ? Buffer.from(piece) : piece);

/** Each begins on a line of its own. */
async function* oneBelowTheOther(all: readonly Pieces[]): AsyncGenerator<Buffer, void, undefined> {
  let last = LINE_FEED;
  for (const pieces of all) {
    if (last !== LINE_FEED) yield Buffer.from('\n');
    for await (const piece of pieces) {
      const bytes = bytesOf(piece);
      last = bytes.at(-1) ?? last;
      yield bytes;
    }
  }
}

const lineOf = (line: string): Stream => ({ kind: 'stream', status: 200, headers: {}, pieces: () => [line] });

/** As one; how long they are together is not counted. A refusal of one is the answer. */
const joined = (one: Answer, other: Answer): Answer => {
  if (one.kind !== 'stream') return one;
  if (other.kind !== 'stream') return other;
  const { 'Content-Length': _, ...headers } = { ...other.headers, ...one.headers };
  return {
    ...one,
    headers,
    pieces: (signal, requestId) =>
      oneBelowTheOther([one.pieces(signal, requestId), other.pieces(signal, requestId)]),
  };
};

/** How long it is without its colours nobody knows before. */
const attachment = (answer: Answer, name: string, inColour: boolean): Answer => {
  if (answer.kind !== 'stream') return answer;
  const { pieces, headers } = answer;
  const { 'Content-Length': length, 'Accept-Ranges': _, ...rest } = headers;
  return {
    ...answer,
    headers: {
      ...rest,
      ...(inColour && length !== undefined ? { 'Content-Length': length } : {}),
      'Content-Disposition': `attachment; filename="${name}"`,
    },
    ...(inColour
      ? {}
      : {
          pieces: async function* (signal, requestId) {
            const plain = plainText();
            for await (const piece of pieces(signal, requestId)) yield plain(bytesOf(piece));
          },
        }),
  };
};

export interface FileRequest {
  readonly name: string;
  /** Where it is. */
  readonly href: string;
  readonly inColour: boolean;
  /** One output alone; absent: what is the log of the phase run. */
  readonly output?: LogName;
}

export const logFile = (
  use: UseCases,
  job: JobView,
  { name, href, inColour, output }: FileRequest,
): TE.TaskEither<AppError, Answer> => {
  const answerOf = (part: LogPart): TE.TaskEither<AppError, Answer> =>
    'line' in part ? TE.right(lineOf(part.line)) : logBytes(use, job.id, part.which, '');
  return pipe(
    logParts(use, job, href, output),
    TE.chain(([first, ...others]) =>
      first === undefined
        ? // no attempt: there is a log, and it is empty
          logBytes(use, job.id, output === REPORT ? { output } : {}, '')
        : others.reduce(
            (before, part) =>
              pipe(
                before,
                TE.chain((one) =>
                  pipe(
                    answerOf(part),
                    TE.map((other) => joined(one, other)),
                  ),
                ),
              ),
            answerOf(first),
          ),
    ),
    TE.map((answer) => attachment(answer, name, inColour)),
  );
};
