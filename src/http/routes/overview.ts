/** What waits, what was, and how it is folded. */
import { pipe } from 'fp-ts/lib/function.js';
import * as TE from 'fp-ts/lib/TaskEither.js';
import { list, none, ok } from '../answers.js';
import * as codecs from '../codecs.js';
import { route, type Route } from '../route.js';

export const overviewRoutes: readonly Route[] = [
  route({
    ...none,
    method: 'get',
    path: '/queue',
    role: 'viewer',
    run: (use) => pipe(use.queue(), TE.map(ok)),
  }),
  route({
    ...none,
    method: 'get',
    path: '/history',
    role: 'viewer',
    query: codecs.HistoryQuery,
    run: (use, { query }) => pipe(use.history({ ...query, limit: query.limit ?? 100 }), TE.map(list)),
  }),
  route({
    ...none,
    method: 'post',
    path: '/projections/:name/rebuild',
    role: 'admin',
    params: codecs.ProjectionParam,
    run: (use, { params }) => pipe(use.rebuild(params.name), TE.map(ok)),
  }),
];
