/** What was: attempts page by page, counted, or as a file. */
import { pipe } from 'fp-ts/lib/function.js';
import * as TE from 'fp-ts/lib/TaskEither.js';
import { none, ok, seen } from '../answers.js';
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
    where: 'anywhere',
    query: codecs.HistoryQuery,
    run: (use, { query: { at, cursor, limit = USUAL_LIMIT, ...filter }, sees }) =>
      asOf(use, at, (reads) =>
        pipe(
          reads.history(seen(filter, sees), { limit, ...(cursor === undefined ? {} : { cursor }) }),
          TE.map(ok),
        ),
      ),
  }),
  route({
    ...none,
    method: 'get',
    path: '/history/summary',
    doc: { summary: 'Attempts counted, with waits and durations' },
    role: 'viewer',
    where: 'anywhere',
    query: codecs.HistorySummaryQuery,
    run: (use, { query: { at, by = 'runner', ...filter }, sees }) =>
      asOf(use, at, (reads) => pipe(reads.summariseHistory(seen(filter, sees), by), TE.map(ok))),
  }),
  route({
    ...none,
    method: 'get',
    path: '/history/export',
    doc: { summary: 'Attempts as a file, newest first; CSV on request', media: 'application/x-ndjson' },
    role: 'viewer',
    where: 'anywhere',
    query: codecs.HistoryExportQuery,
    run: (use, { query: { at, format = 'ndjson', ...filter }, sees }) =>
      asOf(use, at, (reads) => historyFile(reads, seen(filter, sees), format)),
  }),
];
