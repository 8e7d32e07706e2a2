/** `jobs`: what waits or runs, cancelling it, and as it changes. */
import { pipe } from 'fp-ts/lib/function.js';
import * as TE from 'fp-ts/lib/TaskEither.js';
import { route, type Route } from '../../route.js';
import { sse } from '../../sse.js';
import * as codecs from '../codecs.js';
import { jobJson, jobState } from '../job-json.js';
import { ofQueuedJob, within } from '../places.js';
import { done, json, nothing } from '../row.js';
import { stateFrames } from '../state-stream.js';

export const jobRoutes: readonly Route[] = [
  route({
    ...nothing,
    method: 'get',
    path: '/:ent/jobs',
    role: 'viewer',
    where: 'anywhere',
    params: codecs.EntParams,
    run: (use, { params, context: { caller } }) =>
      pipe(
        TE.fromEither(within(caller, params.ent)),
        TE.chain(use.originalQueue),
        TE.map(({ value, now }) => json(value.map((one) => jobJson(one, now)))),
      ),
  }),
  route({
    ...nothing,
    method: 'get',
    path: '/:ent/jobs/streaming',
    role: 'viewer',
    where: 'anywhere',
    params: codecs.EntParams,
    headers: codecs.AnyEventId,
    run: (use, { params, headers, pace, context: { caller } }) =>
      pipe(
        TE.fromEither(within(caller, params.ent)),
        TE.map((enterprise) =>
          sse((signal, requestId) =>
            stateFrames(
              {
                event: 'update_job_queue',
                changes: use.watchOriginal(),
                read: pipe(
                  use.originalQueue(enterprise),
                  TE.map(({ value, now, position }) => ({
                    position,
                    data: value.map((one) => jobJson(one, now)),
                    state: value.map(jobState),
                  })),
                ),
                ...{ after: headers['Last-Event-ID'], pace, requestId },
              },
              signal,
            ),
          ),
        ),
      ),
  }),
  route({
    ...nothing,
    method: 'get',
    path: '/:ent/jobs/:job_id',
    role: 'viewer',
    where: ofQueuedJob,
    params: codecs.JobParams,
    run: (use, { params }) =>
      pipe(
        use.originalJob({ enterprise: params.ent }, params.job_id),
        TE.map(({ value, now }) => json(jobJson(value, now))),
      ),
  }),
  route({
    ...nothing,
    method: 'delete',
    path: '/:ent/jobs/:job_id',
    role: 'operator',
    where: ofQueuedJob,
    params: codecs.JobParams,
    run: (use, { params, context }) =>
      pipe(
        use.originalJob({ enterprise: params.ent }, params.job_id),
        TE.chain(({ value }) => use.cancelJob(context, value.job.id)),
        done,
      ),
  }),
];
