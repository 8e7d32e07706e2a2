/** The route on which jobs tell of themselves: its token, its limits, its refusals. */
import * as E from 'fp-ts/lib/Either.js';
import * as TE from 'fp-ts/lib/TaskEither.js';
import { afterEach, describe, expect, it } from 'vitest';
import { appError } from '../../src/app/errors.js';
import { ReportBody } from '../../src/http/codecs.js';
import { defaultLimits } from '../../src/http/limits.js';
import { answerPlace, differences } from './described.js';
import { aJob, startEdge, tokens, type Edge } from './edge.js';

const PATH = '/jobs/:id/attempts/:attempt/report';
let edge: Edge | undefined;
afterEach(() => edge?.close());

const post = (at: Edge, body: string, token = 'token-attempt', path = '/api/v1/jobs/j1/attempts/2/report') =>
  fetch(`${at.url}${path}`, {
    method: 'POST',
    headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' },
    body,
  });
const REPORT = { run_success: false, run_log: 'ä\u0000\u001b[1mb\n', run_status: 'running' };
const reasonOf = async (answer: Response): Promise<unknown> => {
  const { reason } = (await answer.json()) as { readonly reason?: unknown };
  return reason;
};

describe('a report', () => {
  it('given the token of its attempt, then it is handed on as it came, and answered as described', async () => {
    edge = await startEdge();
    const answer = await post(edge, JSON.stringify({ ...REPORT, run_complete: true }));
    expect(answer.status).toBe(200);
    expect(differences(answerPlace('post', PATH, 200, 'application/json'), await answer.json())).toEqual([]);
    expect(edge.calls.at(-1)).toEqual({
      name: 'reportProgress',
      args: [
        { jobId: 'j1', attempt: 2 },
        'token-attempt',
        { success: false, log: REPORT.run_log, status: 'running', complete: true },
      ],
    });
    await post(edge, JSON.stringify(REPORT));
    expect(edge.calls.at(-1)?.args[2]).toMatchObject({ complete: false });
  });

  it.each([tokens.admin, 'nobody'])(
    'given another token (%s), then refused, and its body is not looked at',
    async (token) => {
      edge = await startEdge();
      const answer = await post(edge, 'no JSON', token);
      expect([answer.status, await reasonOf(answer)]).toEqual([401, 'report_token_unknown']);
      expect(edge.names()).toEqual(['mayReport']);
    },
  );

  it('given the token of an attempt, then no other route takes it', async () => {
    edge = await startEdge();
    for (const path of ['/api/v1/jobs', '/api/v1/jobs/j1/attempts/2/report'])
      expect(
        (await fetch(`${edge.url}${path}`, { headers: { Authorization: 'Bearer token-attempt' } })).status,
      ).toBe(401);
  });

  it.each([
    [{}, ['run_success', 'run_log', 'run_status']],
    [{ ...REPORT, run_status: 'a\nb' }, ['run_status']],
    [{ ...REPORT, run_status: 'x'.repeat(101) }, ['run_status']],
    [{ ...REPORT, run_success: 'yes', run_log: 7 }, ['run_success', 'run_log']],
    [{ ...REPORT, started: true }, ['started']],
    [[], ['']],
  ])('given %j, then all that is wrong is told, and no log is repeated', async (body, paths) => {
    edge = await startEdge();
    const answer = await post(edge, JSON.stringify(body));
    const { problems = [], status } = (await answer.json()) as {
      readonly status: number;
      readonly problems?: readonly { readonly path: string }[];
    };
    expect(status).toBe(422);
    expect(problems.map(({ path }) => path).sort()).toEqual([...paths].sort());
  });

  it('given a log of 3 MiB, then taken; given one that is larger than 4 MiB, then 413 with what to do', async () => {
    edge = await startEdge();
    const large = (bytes: number) => JSON.stringify({ ...REPORT, run_log: 'x'.repeat(bytes) });
    expect((await post(edge, large(3 * 1024 * 1024))).status).toBe(200);
    const answer = await post(edge, large(4 * 1024 * 1024));
    expect(answer.status).toBe(413);
    expect(await answer.text()).toContain('What the job prints is kept anyway');
    expect((await post(edge, '{')).status).toBe(400);
  });

  it('given an attempt that is over, then 409 and a sentence', async () => {
    edge = await startEdge({
      reportProgress: () => TE.left(appError('conflict', 'attempt_is_over', 'It is over.')),
    });
    const answer = await post(edge, JSON.stringify(REPORT));
    expect([answer.status, await reasonOf(answer)]).toEqual([409, 'attempt_is_over']);
  });

  it('given a client in a loop, then it is told to wait, and others are not', async () => {
    edge = await startEdge();
    const statuses = new Set<number>();
    for (let n = 0; n < 150 && !statuses.has(429); n++)
      statuses.add((await post(edge, JSON.stringify(REPORT))).status);
    expect([...statuses]).toEqual([200, 429]);
    expect(
      (await post(edge, JSON.stringify(REPORT), 'token-attempt', '/api/v1/jobs/j2/attempts/1/report')).status,
    ).toBe(200);
  });

  it('given who guesses tokens, then he is told to wait', async () => {
    edge = await startEdge({}, { limits: { ...defaultLimits, failures: { perSecond: 0.001, burst: 2 } } });
    const guess = async (at: Edge) => (await post(at, '{}', 'guess')).status;
    expect([await guess(edge), await guess(edge), await guess(edge)]).toEqual([401, 401, 429]);
    expect((await post(edge, JSON.stringify(REPORT))).status).toBe(200);
  });

  it('then neither its log nor its token is in the log of the server', async () => {
    edge = await startEdge();
    await post(edge, JSON.stringify({ ...REPORT, run_log: 'the-word' }));
    await post(edge, JSON.stringify({ ...REPORT, run_log: 'the-word', run_status: '' }));
    expect(edge.lines.join('')).toContain('/attempts/2/report');
    expect(edge.lines.join('')).not.toMatch(/the-word|token-attempt/);
  });

  describe("at the original's address", () => {
    const RUN = '/api/v0/e/default/orgs/default/projects/web-shop/pipelines/master/phase_runs';
    const at = (to: Edge, path: string, token: string, body = JSON.stringify(REPORT)) =>
      fetch(`${to.url}${path}`, {
        method: 'POST',
        headers: {
          ...{ 'chef-delivery-user': 'builder', 'chef-delivery-token': token },
          'Content-Type': 'application/json',
        },
        body,
      });
    it.each([
      ['the number of the run', `${RUN}/7`, { jobId: aJob().id }],
      ['its number, below the other prefix', `/workflow${RUN}/7`, { jobId: aJob().id }],
      ['the id that a job knows', `${RUN}/run-0001`, { phaseRunId: 'run-0001' }],
    ])('given %s and the token of a job, then it is the same report', async (_, path, of) => {
      edge = await startEdge();
      const answer = await at(edge, path, 'token-attempt');
      expect([answer.status, await answer.text()]).toEqual([204, '']);
      const asked = edge.calls.filter(({ name }) => name !== 'originalPhaseRun');
      expect(asked).toEqual([
        { name: 'attemptWith', args: [of, 'token-attempt'] },
        {
          name: 'reportProgress',
          args: [
            { jobId: aJob().id, attempt: 1 },
            'token-attempt',
            { success: false, log: REPORT.run_log, status: 'running', complete: false },
          ],
        },
      ]);
    });
    it('given another token, then it is refused as everybody there, and nothing is reported', async () => {
      edge = await startEdge();
      expect((await at(edge, `${RUN}/7`, 'guess')).status).toBe(401);
      expect((await at(edge, `${RUN}/7`, '')).status).toBe(401);
      expect(edge.names()).not.toContain('reportProgress');
    });
    it("given a body that is wrong, or an attempt that is over, then in the original's words", async () => {
      edge = await startEdge({
        reportProgress: () => TE.left(appError('conflict', 'attempt_is_over', 'It is over.')),
      });
      const late = await at(edge, `${RUN}/7`, 'token-attempt');
      expect([late.status, await late.json()]).toMatchObject([
        409,
        { error: 'conflict', message: 'It is over.' },
      ]);
      const wrong = await at(edge, `${RUN}/7`, 'token-attempt', '{}');
      expect([wrong.status, await wrong.json()]).toMatchObject([400, { error: 'bad_request' }]);
    });
  });

  it('has an example that the server would take', () => {
    const place = ['paths', '/api/v1/jobs/{id}/attempts/{attempt}/report', 'post', 'requestBody'];
    const schema = [...place, 'content', 'application/json', 'schema'];
    const example = { run_success: true, run_log: '', run_status: 'finished', run_complete: true };
    expect(differences(schema, example)).toEqual([]);
    expect(E.isRight(ReportBody.decode(example))).toBe(true);
    expect(differences(schema, { ...example, more: 1 })).not.toEqual([]);
  });
});
