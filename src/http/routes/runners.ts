/** Runners: which machines there are, and what is done with them. */
import { pipe } from 'fp-ts/lib/function.js';
import * as TE from 'fp-ts/lib/TaskEither.js';
import { list, none, ok, single } from '../answers.js';
import * as codecs from '../codecs.js';
import { route, type Route } from '../route.js';

export const runnerRoutes: readonly Route[] = [
  route({
    ...none,
    method: 'get',
    path: '/runners',
    role: 'viewer',
    where: 'anywhere',
    run: (use) => pipe(use.listRunners(), TE.map(list)),
  }),
  route({
    ...none,
    method: 'post',
    path: '/runners',
    role: 'admin',
    body: codecs.AddRunnerBody,
    run: (use, { context, body }) =>
      pipe(
        use.addRunner(context, {
          ...body,
          port: body.port ?? 22,
          slots: body.slots ?? 1,
          labels: body.labels ?? [],
        }),
        TE.map(({ value, repeated }) => ({
          kind: 'json',
          status: 201,
          value,
          repeated,
          revision: value.runner.revision,
        })),
      ),
  }),
  route({
    ...none,
    method: 'get',
    path: '/runners/:name',
    role: 'viewer',
    where: 'anywhere',
    params: codecs.NameParam,
    run: (use, { params }) => pipe(use.showRunner(params.name), TE.map(single)),
  }),
  route({
    ...none,
    method: 'post',
    path: '/runners/:name/test',
    role: 'operator',
    params: codecs.NameParam,
    body: codecs.TestRunnerBody,
    run: (use, { context, params, body }) =>
      pipe(use.testRunner(context, params.name, body.acceptHostKey), TE.map(ok)),
  }),
];
