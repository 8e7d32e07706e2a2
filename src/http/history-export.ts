/** History as a file, made page by page as it is read, so that a long one costs little memory. */
import * as E from 'fp-ts/lib/Either.js';
import type { TaskEither } from 'fp-ts/lib/TaskEither.js';
import type { HistoryRow } from '../../projections/history.js';
import type { HistoryFilter } from '../../projections/history-page.js';
import type { AppError } from '../app/errors.js';
import type { Page } from '../app/pages.js';
import type { Reads } from '../app/use-cases.js';
import { forms, type ExportFormat, type Form } from './history-forms.js';
import type { Answer } from './route.js';

const PAGE = 500;

async function* pieces(
  reads: Pick<Reads, 'history'>,
  filter: HistoryFilter,
  { head, row }: Form,
  first: Page<HistoryRow>,
  signal: AbortSignal,
): AsyncGenerator<string, void, undefined> {
  yield head;
  for (let page = first; !signal.aborted;) {
    yield page.items.map(row).join('');
    if (page.next === undefined) return;
    const following = await reads.history(filter, { cursor: page.next, limit: PAGE })();
    // the answer has begun: cutting the connection is the only honest way to say that it is not whole
    if (E.isLeft(following)) throw new Error(following.left.message);
    page = following.right;
  }
}

/** All rows that fit, newest first, as they were when the export began. */
export const historyFile =
  (
    reads: Pick<Reads, 'history'>,
    filter: HistoryFilter,
    format: ExportFormat,
  ): TaskEither<AppError, Answer> =>
  async () => {
    const first = await reads.history(filter, { limit: PAGE })();
    if (E.isLeft(first)) return first;
    const form = forms[format];
    return E.right({
      kind: 'stream',
      status: 200,
      headers: {
        'Content-Type': form.type,
        'Content-Disposition': `attachment; filename="baton-history.${format}"`,
        'Cache-Control': 'no-store',
      },
      pieces: (signal) => pieces(reads, filter, form, first.right, signal),
    });
  };
