/** The table of routes: method, path, role, what may come in, and which use case answers. */
import { pipe } from 'fp-ts/lib/function.js';
import * as TE from 'fp-ts/lib/TaskEither.js';
import * as codecs from './codecs.js';
import { jobFrames } from './job-stream.js';
import { logBytes } from './log-bytes.js';
import { logFrames } from './log-stream.js';
import { route, type Answer, type Route } from './route.js';
import { sse } from './sse.js';

const ok = (value: unknown): Answer => ({ kind: 'json', status: 200, value });
const list = (items: readonly unknown[]): Answer => ok({ items });
const single = (value: { readonly revision: number }): Answer => ({
  kind: 'json',
  status: 200,
  value,
  revision: value.revision,
});
const none = { params: codecs.Nothing, query: codecs.Nothing, headers: codecs.Nothing, body: codecs.Nothing };

/** Below `/api/v1`. A fixed path stands before one with a parameter in the same place. */
export const routes: readonly Route[] = [
  // ---- runners
  route({
    ...none,
    method: 'get',
    path: '/runners',
    role: 'viewer',
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
        TE.map(({ value, repeated }) => ({ kind: 'json', status: 201, value, repeated })),
      ),
  }),
  route({
    ...none,
    method: 'get',
    path: '/runners/:name',
    role: 'viewer',
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

  // ---- changes
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

  // ---- jobs
  route({
    ...none,
    method: 'get',
    path: '/jobs',
    role: 'viewer',
    query: codecs.JobsQuery,
    run: (use, { query }) => pipe(use.listJobs(query), TE.map(list)),
  }),
  route({
    ...none,
    method: 'get',
    path: '/jobs/stream',
    role: 'viewer',
    query: codecs.JobsQuery,
    headers: codecs.PositionHeader,
    run: (use, { query, headers, pace }) => {
      const after = headers['Last-Event-ID'];
      return TE.right(
        sse((signal, requestId) =>
          jobFrames(
            use,
            { filter: query, pace, requestId, ...(after === undefined ? {} : { after }) },
            signal,
          ),
        ),
      );
    },
  }),
  route({
    ...none,
    method: 'get',
    path: '/jobs/:id',
    role: 'viewer',
    params: codecs.IdParam,
    run: (use, { params }) => pipe(use.showJob(params.id), TE.map(single)),
  }),
  route({
    ...none,
    method: 'post',
    path: '/jobs/:id/cancel',
    role: 'operator',
    params: codecs.IdParam,
    body: codecs.CancelBody,
    run: (use, { context, params }) =>
      pipe(
        use.cancelJob(context, params.id),
        TE.map(({ value, repeated }) => ({
          kind: 'json',
          status: 202,
          value,
          repeated,
          revision: value.revision,
        })),
      ),
  }),
  route({
    ...none,
    method: 'get',
    path: '/jobs/:id/explain',
    role: 'viewer',
    params: codecs.IdParam,
    run: (use, { params }) => pipe(use.explainJob(params.id), TE.map(ok)),
  }),
  route({
    ...none,
    method: 'get',
    path: '/jobs/:id/log',
    role: 'viewer',
    params: codecs.IdParam,
    query: codecs.AttemptQuery,
    run: (use, { params, query, range }) => logBytes(use, params.id, query.attempt, range),
  }),
  route({
    ...none,
    method: 'get',
    path: '/jobs/:id/log/stream',
    role: 'viewer',
    params: codecs.IdParam,
    query: codecs.AttemptQuery,
    headers: codecs.ByteOffsetHeader,
    run: (use, { params, query, headers, pace }) =>
      pipe(
        use.showJob(params.id),
        TE.map((job) =>
          sse((signal, requestId) =>
            logFrames(
              use,
              { ...query, jobId: job.id, from: headers['Last-Event-ID'] ?? 0, pace, requestId },
              signal,
            ),
          ),
        ),
      ),
  }),

  // ---- what waits, what was, and how it is folded
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
