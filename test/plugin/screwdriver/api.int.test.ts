/** What is made of the answers of a real server. */
import { createServer, type Server } from 'node:http';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { Away, hasEnded, screwdriverApi } from '../../../plugin/hosts/screwdriver/api.js';
import { freePort } from '../../../src/ssh/system-sshd.js';

const access = { buildId: 7, token: 'the token of the start' };
let server: Server;
let apiUri: string;
let answer: { readonly status: number; readonly text: string };

beforeEach(async () => {
  server = createServer((_, res) => res.writeHead(answer.status).end(answer.text));
  const port = await freePort();
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  apiUri = `http://127.0.0.1:${port}`;
});
afterEach(() => {
  server.close();
  server.closeAllConnections();
});

it.each(['a-token-in-clear', '{"token":"a-token-in-clear"', '{"other":"a-token-in-clear"}', 'null'])(
  'an answer that is not the expected one comes again later, and its text is in no error: %s',
  async (text) => {
    answer = { status: 200, text };
    const error: unknown = await screwdriverApi({ apiUri, storeUri: apiUri, timeoutMs: 5000 })
      .exchange(access, 5)
      .catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(Away);
    expect(String(error)).toBe(
      'Away: POST /v4/builds/7/token was answered with something else than expected',
    );
    expect(error).not.toHaveProperty('cause');
  },
);

it('a build that has ended is told from whatever else is refused', async () => {
  const api = screwdriverApi({ apiUri, storeUri: apiUri, timeoutMs: 5000 });
  const told = async (status: number, message: string): Promise<boolean | undefined> => {
    answer = { status, text: JSON.stringify({ statusCode: status, message }) };
    const found = await api.collapsed(access, 9);
    return found === 'ok' ? undefined : hasEnded(found);
  };
  const sentence = 'Can only update RUNNING, QUEUED, BLOCKED, FROZEN, or UNSTABLE builds';
  expect([await told(403, sentence), await told(401, 'Invalid token'), await told(200, '')]).toEqual([
    true,
    false,
    undefined,
  ]);
});
