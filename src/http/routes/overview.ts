/** What waits, what was, and how it is folded. */
import { pipe } from 'fp-ts/lib/function.js';
import * as TE from 'fp-ts/lib/TaskEither.js';
import { none, ok, seen } from '../answers.js';
import { asOf } from '../as-of.js';
import * as codecs from '../codecs.js';
import { route, type Route } from '../route.js';
import { historyRoutes } from './history.js';
import { ref } from '../view-schemas.js';

export const overviewRoutes: readonly Route[] = [
  route({
    ...none,
    method: 'get',
    path: '/queue',
    doc: { summary: 'What waits and what runs, in the order of dispatch', answer: ref('Queue') },
    role: 'viewer',
    where: 'anywhere',
    query: codecs.QueueQuery,
    run: (use, { query: { at, ...request }, sees }) =>
      asOf(use, at, (reads) => pipe(reads.queue(seen(request, sees)), TE.map(ok))),
  }),
  route({
    ...none,
    method: 'get',
    path: '/queue/measures',
    doc: {
      summary: 'How deep the queue was and how long jobs waited, by the minute or by the hour',
      answer: ref('QueueMeasures'),
    },
    role: 'viewer',
    query: codecs.MeasuresQuery,
    run: (use, { query: { at, ...span } }) =>
      asOf(use, at, (reads) => pipe(reads.queueMeasures(span), TE.map(ok))),
  }),
  ...historyRoutes,
  route({
    ...none,
    method: 'post',
    path: '/projections/:name/rebuild',
    doc: { summary: 'Fold a view anew from the first event', answer: ref('Rebuilt') },
    role: 'admin',
    ifMatch: false,
    params: codecs.ProjectionParam,
    run: (use, { params }) => pipe(use.rebuild(params.name), TE.map(ok)),
  }),
];
