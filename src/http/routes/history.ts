/** What was: attempts page by page, counted, or as a file. */
import { pipe } from 'fp-ts/lib/function.js';
import * as TE from 'fp-ts/lib/TaskEither.js';
import { none, ok } from '../answers.js';
import { asOf } from '../as-of.js';
import * as codecs from '../codecs.js';
import { historyFile } from '../history-export.js';
import { route, type Route } from '../route.js';

const USUAL_LIMIT = 100;

export const historyRoutes: readonly Route[] = [
  route({
    ...none,
    method: 'get',
    path: '/history',
    role: 'viewer',
    query: codecs.HistoryQuery,
    run: (use, { query: { at, cursor, limit = USUAL_LIMIT, ...filter } }) =>
      asOf(use, at, (reads) =>
        pipe(reads.history(filter, { limit, ...(cursor === undefined ? {} : { cursor }) }), TE.map(ok)),
      ),
  }),
  route({
    ...none,
    method: 'get',
    path: '/history/summary',
    role: 'viewer',
    query: codecs.HistorySummaryQuery,
    run: (use, { query: { at, by = 'runner', ...filter } }) =>
      asOf(use, at, (reads) => pipe(reads.summariseHistory(filter, by), TE.map(ok))),
  }),
  route({
    ...none,
    method: 'get',
    path: '/history/export',
    role: 'viewer',
    query: codecs.HistoryExportQuery,
    run: (use, { query: { at, format = 'ndjson', ...filter } }) =>
      asOf(use, at, (reads) => historyFile(reads, filter, format)),
  }),
];
