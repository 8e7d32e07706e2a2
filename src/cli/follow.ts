/** A log as it grows, piece by piece, from the stream of the server. */
import * as E from 'fp-ts/lib/Either.js';
import * as t from 'io-ts';
import type { ProblemDocument } from '../http/problem.js';
import { localProblem, type Client, type LogQuery } from './client.js';

const BytesEvent = t.type({ offset: t.number, base64: t.string });

/** Gives each piece once, in order; answers the refusal that ended it, if one did. */
export const followLog = async (
  client: Client,
  jobId: string,
  which: LogQuery,
  signal: AbortSignal,
  give: (bytes: Buffer) => Promise<void>,
): Promise<ProblemDocument | undefined> => {
  for await (const got of client.followLog(jobId, which, signal)) {
    if (E.isLeft(got)) return got.left;
    const { event, data } = got.right;
    if (event === 'end') return undefined;
    if (event !== 'bytes') continue;
    const decoded = BytesEvent.decode(JSON.parse(data));
    if (E.isLeft(decoded)) {
      return localProblem(
        'not_baton',
        'unexpected_event',
        'The stream of the log holds an event of another shape.',
        'Use the `baton` of the same version as the server.',
      );
    }
    await give(Buffer.from(decoded.right.base64, 'base64'));
  }
  return undefined;
};

/** An abort that Ctrl-C triggers, after `farewell` has been said; `release` stops listening. */
export const interruptible = (
  onInterrupt: (listener: () => void) => () => void,
  farewell: () => void,
): { readonly signal: AbortSignal; readonly release: () => void } => {
  const abort = new AbortController();
  const release = onInterrupt(() => {
    farewell();
    abort.abort();
  });
  return { signal: abort.signal, release };
};
