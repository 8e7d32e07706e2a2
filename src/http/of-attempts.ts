/** What a job tells of itself: a route of its own, since its token is that of one attempt, and of nobody else. */
import * as E from 'fp-ts/lib/Either.js';
import { appError } from '../app/errors.js';
import type { AttemptRef } from '../app/ports.js';
import type { UseCases } from '../app/use-cases.js';
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
const MOST_REPORT_BYTES = 4 * 1024 * 1024;

/** More than a program needs that tells each piece of output as it comes; each of them tells the whole again. */
const REPORTS: Rate = { perSecond: 20, burst: 100 };

const tooLarge = appError('invalid', 'body_too_large', 'The report is larger than 4 MiB.', {
  hint: 'What the job prints is kept anyway: tell the end of it with a short log, or none.',
});

const readReport = jsonBody(MOST_REPORT_BYTES, tooLarge);

/** As the original's programs know it, below both of its prefixes. Its runs have numbers; a job knows its own by another id. */
const ORIGINAL_PATH =
  /^(?:\/workflow)?\/api\/v0\/e\/([A-Za-z0-9._-]{1,100})\/orgs\/[^/]+\/projects\/[^/]+\/pipelines\/[^/]+\/phase_runs\/([A-Za-z0-9-]{1,64})$/;

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

type Reporting = Pick<UseCases, 'mayReport' | 'attemptWith' | 'reportProgress' | 'originalPhaseRun'>;

/** Who reports, and by which token. */
interface Reporter {
  readonly attempt: AttemptRef;
  readonly token: string;
}

/** By the original's address and header; undefined where that is not the token of a job there. */
const byOriginal = async (useCases: Reporting, ctx: HttpContext): Promise<Reporter | undefined> => {
  const [, enterprise, run] = ORIGINAL_PATH.exec(ctx.path) ?? [];
  const token = ctx.get('chef-delivery-token');
  if (enterprise === undefined || run === undefined || token === '') return undefined;
  const numbered = /^\d{1,15}$/.test(run)
    ? await useCases.originalPhaseRun({ enterprise }, Number(run))()
    : undefined;
  if (numbered !== undefined && E.isLeft(numbered)) return undefined;
  const of = numbered === undefined ? { phaseRunId: run } : { jobId: numbered.right.value.job.id };
  const attempt = await useCases.attemptWith(of, token);
  return attempt === undefined ? undefined : { attempt, token };
};

/** Answers `POST` there; everything else goes on. Nothing is read of a body before the token is known. */
export const ofAttempts = (
  useCases: Reporting,
  failing: Rate,
  nowMs: () => number = () => performance.now(),
): HttpMiddleware => {
  const failures = rateLimiter(failing);
  const reports = rateLimiter(REPORTS);

  const take = async (ctx: HttpContext, { attempt, token }: Reporter, answered: (stored: object) => void) => {
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
      else answered(answer.right);
    });
  };

  return async (ctx, next) => {
    const [, jobId, number] = (ctx.method === 'POST' ? PATH.exec(ctx.path) : undefined) ?? [];
    if (jobId === undefined) {
      const reporter = ctx.method === 'POST' ? await byOriginal(useCases, ctx) : undefined;
      if (reporter === undefined) {
        await next();
        return;
      }
      ctx.state.route = 'v0/phase_runs';
      await take(ctx, reporter, () => void (ctx.status = 204));
      return;
    }
    ctx.state.route = REPORT_PATH;
    const attempt: AttemptRef = { jobId, attempt: Number(number) };
    const token = bearerOf(ctx);
    if (token !== undefined && useCases.mayReport(attempt, token)) {
      await take(ctx, { attempt, token }, (stored) => void (ctx.body = stored));
      return;
    }
    const ms = failures.waitFor(ctx.req.socket.remoteAddress ?? '', nowMs());
    if (ms === undefined) refuse(ctx, unknown);
    else wait(ctx, ms, 'too_many_failures', 'Too many requests without a usable token came from here.');
  };
};
