/** Tokens and roles from the command line, on a real server: what is shown, to whom, and when it holds. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as E from 'fp-ts/lib/Either.js';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { IssuedToken, TokenView } from '../../src/app/access-use-cases.js';
import { readConfig } from '../../src/config.js';
import { logger, startBaton, type Baton } from '../../src/main.js';
import { baton, type Ran } from './terminal.js';

let folder = '';
let server: Baton;
let admin = '';

const open = async (): Promise<void> => {
  const config = readConfig({ data: folder, listen: '127.0.0.1:0' }, {}, folder);
  if (E.isLeft(config)) throw new Error(config.left.message);
  const started = await startBaton(config.right, logger('silent'));
  if (E.isLeft(started)) throw new Error(started.left.message);
  server = started.right;
};
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'baton-token-'));
  await open();
  admin = server.firstToken ?? '';
});
afterEach(async () => {
  await server.close();
  await rm(folder, { recursive: true, force: true });
});

const as = (token: string, ...argv: string[]): Promise<Ran> =>
  baton(argv, { env: { BATON_URL: server.url, BATON_TOKEN: token } });
const scope = ['--enterprise', 'default', '--organisation', 'default', '--project', 'shop'];
const create = async (subject: string, ...more: string[]): Promise<IssuedToken> => {
  const ran = await as(admin, 'token', 'create', subject, ...more, '--json');
  expect(ran.err).toBe('');
  return JSON.parse(ran.out) as IssuedToken;
};

it('given a new token, then it works at once, and after its revocation no longer, also after a restart', async () => {
  const { id, token = '' } = await create('ops-1', '--role', 'operator', '--expires-in', '90d');
  expect((await as(token, 'queue')).code).toBe(0);
  expect((await as(token, 'token', 'list')).code).toBe(4);
  expect((await as(admin, 'token', 'revoke', id, '--reason', 'leaked')).code).toBe(0);
  expect((await as(token, 'queue')).code).toBe(4);
  await server.close();
  await open();
  expect(server.firstToken).toBeUndefined();
  expect((await as(token, 'queue')).code).toBe(4);
  expect((await as(admin, 'queue')).code).toBe(0);
});

it('given the beginning of its id, then the token is revoked, and by the beginning of none it is not', async () => {
  const { id } = await create('ops-1', '--role', 'operator');
  expect(await as(admin, 'token', 'revoke', id.slice(0, 8))).toMatchObject({ code: 0 });
  const { out } = await as(admin, 'token', 'list', '--json');
  const { items } = JSON.parse(out) as { items: TokenView[] };
  expect(items.filter(({ usable }) => usable).map((token) => token.subject)).toEqual(['admin']);
  expect(await as(admin, 'token', 'revoke', `${id.slice(0, 8)}ffff`)).toMatchObject({ code: 3 });
});

it('given a list, then no token and no hash is in it', async () => {
  const { token = '' } = await create('ops-1', '--role', 'viewer', ...scope);
  const { out } = await as(admin, 'token', 'list', '--json');
  expect(out).not.toContain(token);
  expect(out).not.toMatch(/[0-9a-f]{64}/);
  const { items } = JSON.parse(out) as { items: TokenView[] };
  expect(items.map(({ subject }) => subject).sort()).toEqual(['admin', 'ops-1']);
  expect((await as(admin, 'token', 'list')).out).toContain('viewer at default/default/shop');
});

it('given a role that is granted and withdrawn, then it holds for the next request', async () => {
  const { token = '' } = await create('ops-1', '--role', 'viewer', ...scope);
  expect((await as(token, 'token', 'list')).code).toBe(4);
  expect((await as(admin, 'role', 'grant', 'ops-1', '--role', 'admin', ...scope)).out).toBe(
    'ops-1 has the role admin at default/default/shop.\n',
  );
  expect((await as(token, 'role', 'list')).out).toContain('default/default/shop');
  await as(admin, 'role', 'withdraw', 'ops-1', '--role', 'admin', ...scope);
  expect((await as(token, 'role', 'list')).code).toBe(4);
});

it('given the last admin, then it cannot take its own role, and the sentence says so', async () => {
  const ran = await as(admin, 'role', 'withdraw', 'admin', '--role', 'admin');
  expect([ran.code, ran.out]).toEqual([5, '']);
  expect(ran.err).toContain('last usable admin');
});

it('given a scope without what is around it, then all that is missing is told', async () => {
  const ran = await as(admin, 'token', 'create', 'ops-1', '--role', 'viewer', '--project', 'shop');
  expect(ran.code).toBe(2);
  expect(ran.err).toContain('organisation: expected');
});

it('given the same key twice, then the same token id and no second token, and it is not shown again', async () => {
  const post = () =>
    fetch(`${server.url}/api/v1/tokens`, {
      method: 'POST',
      headers: {
        ...{ Authorization: `Bearer ${admin}`, 'Content-Type': 'application/json' },
        'Idempotency-Key': 'one',
      },
      body: JSON.stringify({ subject: 'ops-1', role: 'viewer' }),
    });
  const first = (await (await post()).json()) as IssuedToken;
  const again = await post();
  expect(again.headers.get('Idempotency-Replayed')).toBe('true');
  const { token, ...rest } = first;
  expect(await again.json()).toEqual(rest);
  expect((await as(token ?? '', 'queue')).code).toBe(0);
});
