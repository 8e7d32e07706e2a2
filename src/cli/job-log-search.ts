/** `baton job log --search`: the lines of a whole stored log that match, found on the server. */
import * as E from 'fp-ts/lib/Either.js';
import type { LogMatch } from '../app/ports.js';
import { logQueryOf } from './client.js';
import { exitCodes } from './exit.js';
import { note, say, type Io } from './io.js';
import { logSink } from './log-sink.js';
import { fail, jsonLine } from './print.js';
import type { Session } from './session.js';

export interface SearchOptions {
  readonly attempt?: string;
  readonly output?: string;
  readonly search?: string;
  readonly regex?: boolean;
  readonly case?: boolean;
  readonly limit?: number;
}

/** As many as the server gives at once. */
const PAGE = 1000;

const textOf = ({ line, text, column, cut }: LogMatch): string =>
  `${line}:${column > 0 ? '…' : ''}${text}${cut === true ? '…' : ''}\n`;

const linesText = (lines: number): string => (lines === 1 ? 'one line' : `${lines} lines`);

/** `line:text` of each line that matches, in their order, or as JSON each as the API has it; exit code 3 when there is none. */
export const linesSearched = async (
  io: Io,
  session: Session,
  id: string,
  { search = '', regex, case: isExact, limit = Infinity, ...options }: SearchOptions,
): Promise<void> => {
  const sink = logSink(io, false);
  let which = logQueryOf(options);
  let shown = 0;
  for (let from: number | undefined = 1; from !== undefined && shown < limit;) {
    const page: Awaited<ReturnType<Session['client']['searchLog']>> = await session.client.searchLog(id, {
      ...{ q: search, from: String(from), limit: String(Math.min(PAGE, limit - shown)) },
      ...(regex === true ? { regex: 'true' } : {}),
      ...(isExact === true ? { case: 'true' } : {}),
      ...which,
    });
    if (E.isLeft(page)) {
      fail(io, session.asJson, page.left);
      return;
    }
    const { items, total, attempt, cutLines } = page.right;
    for (const item of items)
      if (session.asJson) say(io, jsonLine(item));
      else await sink.give(Buffer.from(textOf(item)));
    shown += items.length;
    from = page.right.next;
    // all pages are of the attempt that the first is of
    if (attempt !== undefined) which = { ...which, attempt: String(attempt) };
    if (from !== undefined && shown < limit) continue;
    await sink.end();
    if (cutLines !== undefined)
      note(io, `Of ${linesText(cutLines)}, very long, only the beginning was searched.`);
    if (from !== undefined) note(io, `There is more: ${linesText(total.lines)} match.`);
    if (total.lines > 0) return;
    note(io, 'No line matches.');
    io.exit(exitCodes.notFound);
  }
};
