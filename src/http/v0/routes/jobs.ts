/** `jobs`: what waits or runs, cancelling it, and as it changes. */
import { pipe } from 'fp-ts/lib/function.js';
import * as TE from 'fp-ts/lib/TaskEither.js';
import { route, type Route } from '../../route.js';
import * as codecs from '../codecs.js';
import { jobJson, jobState } from '../job-json.js';
import { reading, streaming } from '../of-enterprise.js';
import { ofQueuedJob } from '../places.js';
import { done, json, nothing } from '../row.js';

export const jobRoutes: readonly Route[] = [
  reading(
    'jobs',
    (use) => use.originalQueue,
    ({ value, now }) => value.map((one) => jobJson(one, now)),
  ),
  streaming('jobs', 'update_job_queue', (use, enterprise) => ({
    changes: use.watchOriginal(),
    read: pipe(
      use.originalQueue(enterprise),
      TE.map(({ value, now, position }) => ({
        position,
        data: value.map((one) => jobJson(one, now)),
        state: value.map(jobState),
      })),
    ),
  })),
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
