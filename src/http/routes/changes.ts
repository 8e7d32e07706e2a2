/** Changes of the standalone host: handing in, and how far each has come. */
import { pipe } from 'fp-ts/lib/function.js';
import * as TE from 'fp-ts/lib/TaskEither.js';
import { list, none, ok } from '../answers.js';
import { asOf } from '../as-of.js';
import * as codecs from '../codecs.js';
import { route, type Route } from '../route.js';

export const changeRoutes: readonly Route[] = [
  route({
    ...none,
    method: 'get',
    path: '/changes',
    role: 'viewer',
    query: codecs.AtQuery,
    run: (use, { query }) => asOf(use, query.at, (reads) => pipe(reads.listChanges(), TE.map(list))),
  }),
  route({
    ...none,
    method: 'post',
    path: '/changes',
    role: 'operator',
    body: codecs.SubmitChangeBody,
    run: (use, { context, body }) =>
      pipe(
        use.submitChange(context, body),
        TE.map(({ value, repeated }) => ({ kind: 'json', status: 201, value, repeated })),
      ),
  }),
  route({
    ...none,
    method: 'get',
    path: '/changes/:id',
    role: 'viewer',
    params: codecs.IdParam,
    query: codecs.AtQuery,
    run: (use, { params, query }) =>
      asOf(use, query.at, (reads) => pipe(reads.showChange(params.id), TE.map(ok))),
  }),
];
