/** Changes of the standalone host: handing in, and how far each has come. */
import { pipe } from 'fp-ts/lib/function.js';
import * as TE from 'fp-ts/lib/TaskEither.js';
import { list, none, ok } from '../answers.js';
import * as codecs from '../codecs.js';
import { route, type Route } from '../route.js';

export const changeRoutes: readonly Route[] = [
  route({
    ...none,
    method: 'get',
    path: '/changes',
    role: 'viewer',
    run: (use) => pipe(use.listChanges(), TE.map(list)),
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
    run: (use, { params }) => pipe(use.showChange(params.id), TE.map(ok)),
  }),
];
