/** What a job tells of itself: a route of its own, since its token is that of one attempt, and of nobody else. */
import type { AttemptRef } from '../app/ports.js';
import type { UseCases } from '../app/use-cases.js';
import * as E from 'fp-ts/lib/Either.js';
import { appError } from '../app/errors.js';
import { bearerOf } from './auth.js';
import { ReportBody } from './codecs.js';
import type { HttpContext, HttpMiddleware } from './context.js';
import { jsonBody } from './guards.js';
import { rateLimiter, retryAfter, tooMany } from './limits.js';
import { refuse } from './respond.js';
import { invalid } from './route.js';
import type { Rate } from './token-bucket.js';

/** As the description of the API has it, below `/api/v1`. */
export const REPORT_PATH = '/jobs/:id/attempts/:attempt/report';

const PATH = /^\/api\/v1\/jobs\/([A-Za-z0-9._-]{1,200})\/attempts\/(\d{1,6})\/report$/;

/** A whole log in one text; some dozens of jobs may send one at the same time, and all of them are held in memory. */
export const MOST_REPORT_BYTES = 4 * 1024 * 1024;

/** More than a program needs that tells each piece of output as it comes; each of them tells the whole again. */
const REPORTS: Rate = { perSecond: 20, burst: 100 };

const tooLarge = appError('invalid', 'body_too_large', 'The report is larger than 4 MiB.', {
  hint: 'What the job prints is kept anyway: tell the end of it with a short log, or none.',
});

export const readReport = jsonBody(MOST_REPORT_BYTES, tooLarge);

const attemptIn = (path: string): AttemptRef | undefined => {
  const [, jobId, attempt] = PATH.exec(path) ?? [];
  return jobId === undefined ? undefined : { jobId, attempt: Number(attempt) };
};

const wait = (ctx: HttpContext, ms: number, reason: string, sentence: string): void => {
  const seconds = retryAfter(ms);
  ctx.set('Retry-After', seconds);
  refuse(ctx, tooMany(reason, sentence, seconds));
};

const unknown = appError(
  'unauthenticated',
  'report_token_unknown',
  'The request carries no token of this attempt.',
  { hint: 'Send `Authorization: Bearer` and what BATON_REPORT_TOKEN holds in the environment of the job.' },
);

/** Answers `POST` there; everything else goes on. Nothing is read of a body before the token is known. */
export const ofAttempts = (
  useCases: Pick<UseCases, 'mayReport' | 'reportProgress'>,
  failing: Rate,
  nowMs: () => number = () => performance.now(),
): HttpMiddleware => {
  const failures = rateLimiter(failing);
  const reports = rateLimiter(REPORTS);
  return async (ctx, next) => {
    const attempt = ctx.method === 'POST' ? attemptIn(ctx.path) : undefined;
    if (attempt === undefined) {
      await next();
      return;
    }
    ctx.state.route = REPORT_PATH;
    const token = bearerOf(ctx);
    if (token === undefined || !useCases.mayReport(attempt, token)) {
      const ms = failures.waitFor(ctx.req.socket.remoteAddress ?? '', nowMs());
      if (ms === undefined) refuse(ctx, unknown);
      else wait(ctx, ms, 'too_many_failures', 'Too many requests without a usable token came from here.');
      return;
    }
    const ms = reports.waitFor(`${attempt.jobId}.${attempt.attempt}`, nowMs());
    if (ms !== undefined) {
      wait(ctx, ms, 'rate_exceeded', 'This attempt reports more often than is allowed.');
      return;
    }
    await readReport(ctx, async () => {
      const body = ReportBody.decode(ctx.request.body ?? {});
      if (E.isLeft(body)) {
        refuse(ctx, invalid(body.left));
        return;
      }
      const { run_success: success, run_log: log, run_status: status, run_complete } = body.right;
      const report = { success, log, status, complete: run_complete ?? false };
      const answer = await useCases.reportProgress(attempt, token, report)();
      if (E.isLeft(answer)) refuse(ctx, answer.left);
      else ctx.body = answer.right;
    });
  };
};
