/** Runners: which machines there are, and what is done with them. */
import { pipe } from 'fp-ts/lib/function.js';
import * as TE from 'fp-ts/lib/TaskEither.js';
import { list, none, ok, single } from '../answers.js';
import { asOf } from '../as-of.js';
import * as codecs from '../codecs.js';
import { route, type Route } from '../route.js';
import { listOf, ref } from '../view-schemas.js';

export const runnerRoutes: readonly Route[] = [
  route({
    ...none,
    method: 'get',
    path: '/runners',
    doc: { summary: 'Runners, by name', answer: listOf('Runner') },
    role: 'viewer',
    where: 'anywhere',
    query: codecs.AtQuery,
    run: (use, { query }) => asOf(use, query.at, (reads) => pipe(reads.listRunners(), TE.map(list))),
  }),
  route({
    ...none,
    method: 'post',
    path: '/runners',
    doc: {
      ...{ summary: 'Enrol a machine', status: 201, answer: ref('RunnerAdded') },
      example: { name: 'build-07', host: 'build-07.example.org', user: 'builder', slots: 2 },
    },
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
    doc: { summary: 'One runner, with the evidence for its state', answer: ref('Runner') },
    role: 'viewer',
    where: 'anywhere',
    params: codecs.NameParam,
    query: codecs.AtQuery,
    run: (use, { params, query }) =>
      asOf(use, query.at, (reads) => pipe(reads.showRunner(params.name), TE.map(single))),
  }),
  route({
    ...none,
    method: 'post',
    path: '/runners/:name/test',
    doc: { summary: 'Connect now and say whether jobs can run there', answer: ref('RunnerTested') },
    role: 'operator',
    params: codecs.NameParam,
    body: codecs.TestRunnerBody,
    run: (use, { context, params, body }) =>
      pipe(use.testRunner(context, params.name, body.acceptHostKey), TE.map(ok)),
  }),
];
