/** What the commands on a runner take and refuse, and what reaches the use cases. */
import * as TE from 'fp-ts/lib/TaskEither.js';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { appError } from '../../src/app/errors.js';
import { startEdge, type Edge, type Role } from './edge.js';

let edge: Edge;
beforeEach(async () => {
  edge = await startEdge({
    clearRunner: () => TE.left(appError('conflict', 'trust_needed', 'It shows another key.')),
  });
});
afterEach(() => edge.close());

const FP = `SHA256:${'A'.repeat(43)}`;
const post = (verb: string, body: unknown, role: Role = 'admin', headers: Record<string, string> = {}) =>
  edge.ask('POST', `/api/v1/runners/build-07/${verb}`, { role, body, headers });
const args = (): unknown => edge.calls.at(-1)?.args.slice(1);

describe('POST /runners/:name/…', () => {
  it.each([
    ['drain', { reason: 'new disk' }, 'drainRunner', ['build-07'], 200],
    ['pause', { until: '30m' }, 'pauseRunner', ['build-07', '30m'], 200],
    ['pause', {}, 'pauseRunner', ['build-07', undefined], 200],
    ['resume', {}, 'resumeRunner', ['build-07'], 200],
    ['clear', { slot: 1 }, 'clearRunner', ['build-07', 1], 409],
    ['trust', { fingerprint: FP }, 'trustRunner', ['build-07', { fingerprint: FP, hop: 'runner' }], 200],
    ['trust', { jump: true }, 'trustRunner', ['build-07', { hop: 'jump' }], 200],
    ['remove', {}, 'removeRunner', ['build-07', false], 202],
    ['remove', { cancelJobs: true }, 'removeRunner', ['build-07', true], 202],
    ['prove', {}, 'proveRunner', ['build-07'], 200],
    ['settings', { isolated: true }, 'setRunner', ['build-07', { isolated: true }], 200],
    ['settings', { slots: 2, jump: '', reason: 'r' }, 'setRunner', ['build-07', { slots: 2, jump: '' }], 200],
  ])('given %s with %j, then %s', async (verb, body, called, given, status) => {
    const response = await post(verb, body);
    await response.body?.cancel();
    expect(response.status).toBe(status);
    expect([edge.names().at(-1), args()]).toEqual([called, given]);
  });

  it('given a reason and a key, then both reach the command; the same key is the same command', async () => {
    for (let n = 0; n < 2; n++)
      await (
        await post('drain', { reason: 'new disk' }, 'operator', { 'Idempotency-Key': 'k' })
      ).body?.cancel();
    const [first, second] = edge.calls.slice(-2).map(({ args: [context] }) => context);
    expect(first).toMatchObject({ reason: 'new disk', caller: { actor: 'subject-operator' } });
    expect(second).toEqual(first);
  });

  it.each([
    ['pause', { until: 'tomorrow' }, 'until'],
    ['pause', { until: '2026-01-31T12:00:00' }, 'until'],
    ['clear', { slot: -1 }, 'slot'],
    ['trust', { fingerprint: 'SHA256:short' }, 'fingerprint'],
    ['settings', { jump: '-oProxyCommand=x@y' }, 'jump'],
    ['settings', { auth: 'password' }, 'auth'],
    ['settings', { name: 'other' }, 'name'],
    ['remove', { force: true }, 'force'],
    ['drain', { reason: 'a\nb' }, 'reason'],
  ])('given %s with %j, then 422 that names %s, and nothing is called', async (verb, body, path) => {
    const response = await post(verb, body);
    expect(response.status).toBe(422);
    const { problems } = (await response.json()) as { problems: { path: string }[] };
    expect(problems.map((problem) => problem.path)).toEqual([path]);
    expect(edge.names()).toEqual([]);
  });

  it.each(['trust', 'remove', 'settings', 'prove'])('given %s by an operator, then 403', async (verb) => {
    const response = await post(verb, {}, 'operator');
    await response.body?.cancel();
    expect([response.status, edge.names()]).toEqual([403, []]);
  });
});
