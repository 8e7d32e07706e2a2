/** Jobs: list, show, follow, cancel, close, retry, explain, and their logs. */
import { pipe } from 'fp-ts/lib/function.js';
import * as E from 'fp-ts/lib/Either.js';
import * as TE from 'fp-ts/lib/TaskEither.js';
import { withoutClosed } from '../../../projections/explain-answer.js';
import { outputOf } from '../../app/job-output.js';
import { done, doneTo, none, ok, seen, single } from '../answers.js';
import { asOf } from '../as-of.js';
import * as codecs from '../codecs.js';
import { jobFrames } from '../job-stream.js';
import { logBytes } from '../log-bytes.js';
import { logFrames } from '../log-stream.js';
import { route, type Route } from '../route.js';
import { sse } from '../sse.js';
import { ofJob } from '../where.js';
import { pageOf, ref } from '../view-schemas.js';

const EVENTS = 'text/event-stream';

/** Usual and largest page: who followed no cursors before pages came still gets what there is to show. */
const MOST_JOBS = 1000;

const USUAL_LINES = 1000;
const USUAL_MATCHES = 100;

export const jobRoutes: readonly Route[] = [
  route({
    ...none,
    method: 'get',
    path: '/jobs',
    doc: { summary: 'Jobs, newest first', answer: pageOf('Job') },
    role: 'viewer',
    where: 'anywhere',
    query: codecs.JobsPageQuery,
    run: (use, { query: { at, cursor, limit = MOST_JOBS, ...filter }, sees }) =>
      asOf(use, at, (reads) =>
        pipe(
          reads.listJobs(seen(filter, sees), { limit, ...(cursor === undefined ? {} : { cursor }) }),
          TE.map(ok),
        ),
      ),
  }),
  route({
    ...none,
    method: 'get',
    path: '/jobs/stream',
    doc: { summary: 'Jobs as they change: event `job`, data = a job', media: EVENTS },
    role: 'viewer',
    where: 'anywhere',
    query: codecs.JobsQuery,
    headers: codecs.PositionHeader,
    run: (use, { query, headers, pace, sees }) => {
      const after = headers['Last-Event-ID'];
      return TE.right(
        sse((signal, requestId) =>
          jobFrames(
            use,
            { filter: seen(query, sees), pace, requestId, ...(after === undefined ? {} : { after }) },
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
    doc: { summary: 'One job', answer: ref('Job') },
    role: 'viewer',
    where: ofJob,
    params: codecs.IdParam,
    query: codecs.AtQuery,
    run: (use, { params, query }) =>
      asOf(use, query.at, (reads) => pipe(reads.showJob(params.id), TE.map(single))),
  }),
  route({
    ...none,
    method: 'post',
    path: '/jobs/:id/cancel',
    doc: {
      ...{ summary: 'End a job, or keep it from starting', status: 202, answer: ref('Job') },
      example: { reason: 'wrong branch' },
    },
    role: 'operator',
    where: ofJob,
    params: codecs.IdParam,
    body: codecs.CancelBody,
    run: (use, { context, params }) => pipe(use.cancelJob(context, params.id), TE.map(doneTo(202))),
  }),
  route({
    ...none,
    method: 'post',
    path: '/jobs/:id/close',
    doc: {
      ...{ summary: 'Give up a job whose runner does not answer: it is lost', answer: ref('Job') },
      example: { as: 'lost', reason: 'build-07 was scrapped' },
    },
    role: 'operator',
    where: ofJob,
    params: codecs.IdParam,
    body: codecs.CloseBody,
    run: (use, { context, params }) => pipe(use.closeJob(context, params.id), TE.map(doneTo(200))),
  }),
  route({
    ...none,
    method: 'post',
    path: '/jobs/:id/retry',
    doc: {
      ...{
        summary: 'Try a job again that has ended without success',
        status: 202,
        answer: ref('JobRetried'),
      },
      example: { elsewhere: true, reason: 'the compiler of build-07 was broken' },
    },
    role: 'operator',
    where: ofJob,
    params: codecs.IdParam,
    body: codecs.RetryBody,
    run: (use, { context, params, body: { elsewhere = false } }) =>
      pipe(use.retryJob(context, params.id, { elsewhere }), TE.map(done(202))),
  }),
  route({
    ...none,
    method: 'get',
    path: '/jobs/:id/explain',
    doc: { summary: 'Why it waits, or why it ran there', answer: ref('Explanation') },
    role: 'viewer',
    where: ofJob,
    params: codecs.IdParam,
    query: codecs.AtQuery,
    run: (use, { params, query, sees }) =>
      asOf(use, query.at, (reads) =>
        pipe(
          reads.explainJob(params.id),
          TE.map((answer) => ok(sees === undefined ? answer : withoutClosed(answer))),
        ),
      ),
  }),
  route({
    ...none,
    method: 'get',
    path: '/jobs/:id/timeline',
    role: 'viewer',
    where: ofJob,
    params: codecs.IdParam,
    query: codecs.AtQuery,
    run: (use, { params, query }) =>
      asOf(use, query.at, (reads) => pipe(reads.jobTimeline(params.id), TE.map(ok))),
  }),
  route({
    ...none,
    method: 'get',
    path: '/jobs/:id/log',
    doc: {
      summary: 'The bytes of its log or of one of its outputs, or a `Range` of them',
      media: 'text/plain',
    },
    role: 'viewer',
    where: ofJob,
    params: codecs.IdParam,
    query: codecs.LogQuery,
    run: (use, { params, query, range }) => logBytes(use, params.id, query, range),
  }),
  route({
    ...none,
    method: 'get',
    path: '/jobs/:id/log/lines',
    doc: {
      summary: 'Where lines of its log are, when they came, and what they say',
      answer: ref('LogLines'),
    },
    role: 'viewer',
    where: ofJob,
    params: codecs.IdParam,
    query: codecs.LinesQuery,
    run: (use, { params, query: { from = 1, count = USUAL_LINES, text = false, ...which } }) =>
      pipe(use.logLines(params.id, from, count, which, text), TE.map(ok)),
  }),
  route({
    ...none,
    method: 'get',
    path: '/jobs/:id/log/search',
    doc: {
      summary: 'Lines of its log that hold a text or what an expression matches, and how many there are',
      answer: ref('LogMatches'),
    },
    role: 'viewer',
    where: ofJob,
    params: codecs.IdParam,
    query: codecs.SearchQuery,
    alsoWrong: (use, query) =>
      query['regex'] === 'true' && codecs.SearchText.is(query['q'])
        ? use.expressionProblems(query['q'], query['case'] === 'true')
        : TE.right([]),
    run: (use, { params, query, context, gone }) => {
      const { q, regex, case: caseSensitive = false, from = 1, limit = USUAL_MATCHES, ...which } = query;
      const wanted = { text: q, caseSensitive, from, limit, ...(regex === undefined ? {} : { regex }) };
      return pipe(use.searchLog(context.caller, params.id, wanted, which, gone()), TE.map(ok));
    },
  }),
  route({
    ...none,
    method: 'get',
    path: '/jobs/:id/log/stream',
    doc: { summary: 'Its log as it grows: events `bytes`, then `end`', media: EVENTS },
    role: 'viewer',
    where: ofJob,
    params: codecs.IdParam,
    query: codecs.FollowLogQuery,
    headers: codecs.ByteOffsetHeader,
    run: (use, { params, query: { from = 0, ...query }, headers, pace, logs }) =>
      pipe(
        use.showJob(params.id),
        TE.chainEitherK((job) =>
          pipe(
            outputOf(job, query.output),
            E.map(() => job),
          ),
        ),
        TE.map((job) =>
          sse((signal, requestId) =>
            logFrames(
              use,
              logs,
              { ...query, jobId: job.id, from: headers['Last-Event-ID'] ?? from, pace, requestId },
              signal,
            ),
          ),
        ),
      ),
  }),
];
