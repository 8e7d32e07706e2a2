/** Changes of the standalone host: handing in, leading through the pipeline, and how far each has come. */
import { pipe } from 'fp-ts/lib/function.js';
import * as TE from 'fp-ts/lib/TaskEither.js';
import { list, none, ok } from '../answers.js';
import * as codecs from '../codecs.js';
import { route, type Route } from '../route.js';

type Deed = 'approveChange' | 'deliverChange' | 'cancelChange' | 'deleteChange';

/** One thing done with one change; 202 where the rest follows by itself. */
const deed = (word: string, name: Deed, status: 200 | 202): Route =>
  route({
    ...none,
    method: 'post',
    path: `/changes/:id/${word}`,
    role: 'operator',
    params: codecs.IdParam,
    body: codecs.ChangeDeedBody,
    run: (use, { context, params }) =>
      pipe(
        use[name](context, params.id),
        TE.map(({ value, repeated }) => ({ kind: 'json', status, value, repeated })),
      ),
  });

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
  deed('approve', 'approveChange', 202),
  deed('deliver', 'deliverChange', 202),
  deed('cancel', 'cancelChange', 202),
  deed('delete', 'deleteChange', 200),
  route({
    ...none,
    method: 'post',
    path: '/changes/:id/rerun',
    role: 'operator',
    params: codecs.IdParam,
    body: codecs.RerunChangeBody,
    run: (use, { context, params, body }) =>
      pipe(
        use.rerunChange(context, params.id, {
          stage: body.stage,
          ...(body.phase === undefined ? {} : { phase: body.phase }),
        }),
        TE.map(({ value, repeated }) => ({ kind: 'json', status: 202, value, repeated })),
      ),
  }),
];
