/** How the answer of a route goes out: JSON with its entity tag, a refusal, or a stream. */
import { createHash } from 'node:crypto';
import type { Caller } from '../app/use-cases.js';
import type { HttpContext } from './context.js';
import type { OpenStreams } from './open-streams.js';
import { refuse } from './respond.js';
import type { Answer } from './answer.js';

/**
 * The revision, for `If-Match`; behind it a digest of the answer, since what is shown of a thing may change while its own
 * stream does not (a runner takes a job).
 */
const entityTag = (revision: number, body: string): string =>
  `"${revision}-${createHash('sha256').update(body).digest('hex').slice(0, 12)}"`;

/** True when the client has it as it is (RFC 9110 §13.1.2). */
export const isKnown = (header: string, tag: string): boolean =>
  header.trim() === '*' || header.split(',').some((one) => one.trim().replace(/^W\//, '') === tag);

const sendJson = (ctx: HttpContext, answer: Extract<Answer, { kind: 'json' }>): void => {
  const body = JSON.stringify(answer.value);
  ctx.set({ ...answer.headers });
  // kept by nobody, or asked for anew each time
  ctx.set('Cache-Control', answer.revision === undefined ? 'no-store' : 'private, no-cache');
  if (answer.repeated === true) ctx.set('Idempotency-Replayed', 'true');
  if (answer.revision !== undefined) {
    const tag = entityTag(answer.revision, body);
    ctx.set('ETag', tag);
    const known = ctx.get('If-None-Match');
    if (ctx.method !== 'POST' && known !== '' && isKnown(known, tag)) {
      ctx.status = 304;
      return;
    }
  }
  ctx.status = answer.status;
  if (answer.headers?.['Content-Type'] === undefined)
    ctx.set('Content-Type', 'application/json; charset=utf-8');
  ctx.body = body;
};

export const send = (
  streams: OpenStreams,
  ctx: HttpContext,
  caller: Caller,
  callerNow: () => Caller | undefined,
  answer: Answer,
): void => {
  if (answer.kind === 'refusal') {
    ctx.set({ ...answer.headers });
    refuse(ctx, answer.error);
    return;
  }
  if (answer.kind === 'empty') {
    ctx.set('Cache-Control', 'no-store');
    ctx.status = 204;
    return;
  }
  if (answer.kind === 'json') {
    sendJson(ctx, answer);
    return;
  }
  const refusal = streams.refusal(caller);
  if (refusal !== undefined) {
    refuse(ctx, refusal);
    return;
  }
  ctx.status = answer.status;
  ctx.set({ ...answer.headers });
  if (ctx.method === 'HEAD') return;
  const { requestId } = ctx.state;
  ctx.body = streams.open(ctx, {
    caller,
    callerNow,
    pieces: (signal) => answer.pieces(signal, requestId),
    isEvents: answer.isEvents === true,
  });
};
