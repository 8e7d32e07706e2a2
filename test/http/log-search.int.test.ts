import { afterEach, describe, expect, it } from 'vitest';
import * as E from 'fp-ts/lib/Either.js';
import * as TE from 'fp-ts/lib/TaskEither.js';
import { aJob, startEdge, tokens, until, type Edge } from './edge.js';
import { appError } from '../../src/app/errors.js';
import type { UseCases } from '../../src/app/use-cases.js';

const path = `/api/v1/jobs/${aJob().id}/log/search`;

let edge: Edge | undefined;
const start = async (over: Partial<UseCases> = {}): Promise<Edge> => (edge = await startEdge(over));
afterEach(async () => {
  await edge?.close();
  edge = undefined;
});

describe('GET jobs/:id/log/search', () => {
  it('given a text, then it is looked for as it is', async () => {
    const server = await start();
    const q = encodeURIComponent('.* [(ä+');
    const response = await server.ask('GET', `${path}?q=${q}&case=true&from=7&limit=1000&attempt=1`);
    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({ total: { lines: 1, matches: 1 }, items: [{ line: 1 }] });
    const [caller, id, wanted, which] = server.calls.find(({ name }) => name === 'searchLog')?.args ?? [];
    expect(caller).toMatchObject({ actor: 'subject-admin' });
    expect(id).toBe(aJob().id);
    expect(wanted).toEqual({ text: '.* [(ä+', caseSensitive: true, from: 7, limit: 1000 });
    expect(which).toEqual({ attempt: 1 });
    await (await server.ask('GET', `${path}?q=a`)).text();
    const [, , usual] = server.calls.findLast(({ name }) => name === 'searchLog')?.args ?? [];
    expect(usual).toEqual({ text: 'a', caseSensitive: false, from: 1, limit: 100 });
  });

  it.each([
    ...['', '?q=', `?q=${'x'.repeat(201)}`, '?q=a%0Ab', '?q=%1B', '?q=a&limit=0', '?q=a&limit=1001'],
    ...['?q=a&from=0', '?q=a&case=1', '?q=a&regexp=true', '?q=a&regex=1', `?regex=true&q=${'x'.repeat(201)}`],
  ])('given %s, then 422', async (query) => {
    const response = await (await start()).ask('GET', path + query);
    expect(response.status).toBe(422);
    await response.text();
  });

  it('given an expression, then it is searched by it; its problem is told with the others', async () => {
    const server = await start({
      expressionProblems: (text) =>
        TE.right(
          text === 'a(b'
            ? [{ path: 'q', expected: 'an expression', found: '( at character 2', mend: 'close it' }]
            : [],
        ),
    });
    await (await server.ask('GET', `${path}?q=a.b&regex=true`)).text();
    expect(server.calls.find(({ name }) => name === 'searchLog')?.args[2]).toEqual({
      ...{ text: 'a.b', regex: true, caseSensitive: false, from: 1, limit: 100 },
    });
    const refused = await server.ask('GET', `${path}?q=a(b&regex=true&case=true&limit=0`);
    expect(refused.status).toBe(422);
    expect(await refused.json()).toMatchObject({
      reason: 'invalid_input',
      problems: [{ path: 'limit' }, { path: 'q', found: '( at character 2' }],
    });
    expect((await server.ask('GET', `${path}?q=a(b`)).status).toBe(200);
    expect(server.calls.filter(({ name }) => name === 'expressionProblems').map(({ args }) => args)).toEqual([
      ['a.b', false],
      ['a(b', true],
    ]);
  });

  it('given a client that leaves, then the search is told', async () => {
    let signal: AbortSignal | undefined;
    const server = await start({
      searchLog: (_asker, _id, _wanted, _which, left) => () => {
        signal = left;
        return new Promise((resolve) => {
          left.addEventListener('abort', () => {
            resolve(E.left(appError('busy', 'asker_left', 'Nobody waits for this any more.')));
          });
        });
      },
    });
    const abort = new AbortController();
    const asking = fetch(`${server.url}${path}?q=a`, {
      headers: { Authorization: `Bearer ${tokens.viewer}` },
      signal: abort.signal,
    });
    await until('it is searched', () => signal !== undefined);
    expect(signal?.aborted).toBe(false);
    abort.abort();
    await expect(asking).rejects.toThrow();
    await until('the search is told', () => signal?.aborted === true);
  });
});
