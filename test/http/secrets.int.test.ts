/** The secrets routes over the real use cases and real sealed files: what goes in, who may, and that a value never comes out. */
import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as E from 'fp-ts/lib/Either.js';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { commands } from '../../projections/commands.js';
import type { EventStore, SecretStore } from '../../src/app/ports.js';
import { repeats } from '../../src/app/repeats.js';
import { keptAs, secretUseCases } from '../../src/app/secrets.js';
import type { Grant } from '../../src/domain/grants.js';
import { systemClock } from '../../src/kernel/time.js';
import { fileSecretStore } from '../../src/secrets/files.js';
import { operatorKey } from '../../src/secrets/operator-key.js';
import { memoryStore } from '../../src/store/memory.js';
import { readModel } from '../read-model.js';
import { startEdge, type Edge } from './edge.js';

const VALUE = `tok/${randomBytes(12).toString('base64')}"\\ end`;
const REF = 'acme/shop/web/DEPLOY_TOKEN';
const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

/** Who asks is named by the token. */
const people: Readonly<Record<string, readonly Grant[]>> = {
  everywhere: [{ role: 'admin' }],
  shop: [{ role: 'admin', enterprise: 'acme', organisation: 'shop' }],
  web: [{ role: 'admin', enterprise: 'acme', organisation: 'shop', project: 'web' }],
  operator: [{ role: 'operator' }],
  viewer: [{ role: 'viewer' }],
  // an admin of something else, who may only look here
  mixed: [{ role: 'admin', enterprise: 'other' }, { role: 'viewer' }],
};

let folder: string;
let store: EventStore;
let secrets: SecretStore;
let known: ReturnType<typeof readModel>;
let edge: Edge;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'baton-http-secrets-'));
  store = memoryStore();
  secrets = fileSecretStore(folder, operatorKey(Buffer.alloc(32, 7)));
  const model = readModel(commands, store, {
    onProblem: ({ message }) => {
      throw new Error(message);
    },
  });
  known = model;
  edge = await startEdge({
    ...secretUseCases({ store, clock: systemClock, secrets, repeats: repeats(model) }),
    authenticate: (token) => {
      const grants = people[token];
      return grants === undefined ? undefined : { actor: token, grants };
    },
  });
});
afterEach(async () => {
  await edge.close();
  await known.close();
  await store.close();
  await rm(folder, { recursive: true });
});

interface Asked {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  readonly json: unknown;
}
const ask = async (who: string, path: string, body?: unknown, key?: string): Promise<Asked> => {
  const response = await edge.ask(body === undefined ? 'GET' : 'POST', `/api/v1${path}`, {
    role: 'none',
    ...(body === undefined ? {} : { body }),
    headers: {
      Authorization: `Bearer ${who}`,
      ...(key === undefined ? {} : { 'Idempotency-Key': key }),
    },
  });
  const text = await response.text();
  return { status: response.status, headers: response.headers, text, json: JSON.parse(text) };
};

const valueOf = async (ref = REF): Promise<string | undefined> => {
  const found = await secrets.get(keptAs(ref))();
  return E.isRight(found) ? found.right : expect.fail(found.left.message);
};
const recorded = async () => {
  const all = await store.readAll('start')();
  return E.isRight(all) ? all.right : expect.fail(all.left.code);
};
const refsFor = async (who: string): Promise<readonly string[]> =>
  ((await ask(who, '/secrets')).json as { items: { ref: string }[] }).items.map(({ ref }) => ref);
const pathsOf = ({ json }: Asked): readonly string[] =>
  (json as { problems: { path: string }[] }).problems.map(({ path }) => path);

describe('the way of a secret', () => {
  it('given a value, when set, listed and removed, then each answer has its name and no more', async () => {
    const set = await ask('web', '/secrets', { ref: REF, value: VALUE, reason: 'first deployment' });
    const view = { ref: REF, setBy: 'web', reason: 'first deployment', setAt: expect.any(String) as string };
    expect([set.status, set.json]).toEqual([200, view]);
    expect(await valueOf()).toBe(VALUE);
    const listed = await ask('web', '/secrets');
    expect([listed.status, listed.json]).toEqual([200, { items: [view] }]);
    const removed = await ask('web', '/secrets/remove', { ref: REF, reason: 'rotated' });
    expect([removed.status, removed.json]).toEqual([200, { ref: REF }]);
    expect(await valueOf()).toBeUndefined();
    expect(await refsFor('web')).toEqual([]);
    const again = await ask('web', '/secrets/remove', { ref: REF });
    expect([again.status, again.json]).toMatchObject([404, { code: 'not_found', reason: 'secret_unknown' }]);
  });

  it.each([
    ['of one character', 'x'],
    ['of several lines', 'a\nb\n'],
    ['as long as may be', 'é'.repeat(16_384)],
  ])('given a value %s, then it is kept as it came', async (_, value) => {
    expect((await ask('web', '/secrets', { ref: REF, value })).status).toBe(200);
    expect(await valueOf()).toBe(value);
  });
});

describe('a request that cannot be used', () => {
  it.each([
    'DEPLOY_TOKEN',
    'acme/shop/web/api/TOKEN',
    'acme/../web/TOKEN',
    'acme//TOKEN',
    '/TOKEN',
    'acme/9TOKEN',
    'acme/PATH',
    'acme/BATON_TOKEN',
    'acme/LD_PRELOAD',
    'runner/build-07',
    ' acme/TOKEN',
    '',
    7,
    null,
  ])('given the reference %j, then 422 names it for set and remove, and nothing is kept', async (ref) => {
    for (const [path, body] of [
      ['/secrets', { ref, value: VALUE }],
      ['/secrets/remove', { ref }],
    ] as const) {
      const refused = await ask('everywhere', path, body);
      expect([refused.status, pathsOf(refused)]).toEqual([422, ['ref']]);
      expect(refused.text).not.toContain('tok/');
    }
    expect([edge.names(), await recorded(), await readdir(folder)]).toEqual([[], [], []]);
  });

  it.each([
    ['none', undefined],
    ['an empty one', ''],
    ['one with NUL', 'tok/a\0b'],
    ['one that UTF-8 cannot carry', 'tok/\ud800'],
    ['one that is too long in bytes', `tok/${'é'.repeat(16_383)}`],
    ['a list', ['tok/list']],
    ['an object', { tok: 'tok/object' }],
  ])('given %s as value, then 422 names it and does not repeat it', async (_, value) => {
    const refused = await ask('web', '/secrets', { ref: REF, value });
    expect([refused.status, pathsOf(refused)]).toEqual([422, ['value']]);
    expect(refused.text + edge.lines.join('')).not.toContain('tok/');
    expect([edge.names(), await readdir(folder)]).toEqual([[], []]);
  });

  it('given several things wrong, then all of them at once, and not the value', async () => {
    const refused = await ask('web', '/secrets', {
      ...{ ref: 'TOKEN', value: `${VALUE}\0`, reason: 'a\nb', colour: VALUE },
    });
    expect(refused.status).toBe(422);
    expect([...pathsOf(refused)].sort()).toEqual(['colour', 'reason', 'ref', 'value']);
    expect(refused.text + edge.lines.join('')).not.toContain('tok/');
  });
});

describe('where the value stands', () => {
  it('given all that is asked of a secret, then it is in no answer, header, log line or event, nor is its plain digest', async () => {
    const body = { ref: REF, value: VALUE };
    const answers = [
      await ask('web', '/secrets', body, 'k'),
      await ask('web', '/secrets', body, 'k'),
      await ask('web', '/secrets', { ref: REF, value: VALUE, more: VALUE }),
      await ask('viewer', '/secrets', body),
      await ask('nobody', '/secrets', body),
      await ask('web', '/secrets'),
      await ask('web', '/secrets/remove', { ref: REF, value: VALUE }),
      await ask('web', '/secrets/remove', { ref: REF }),
    ];
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 422, 403, 401, 200, 422, 200]);
    for (const { headers } of answers) {
      // an entity tag would hold a digest of an answer, and answers about secrets are kept by nobody
      expect(headers.get('ETag')).toBeNull();
      expect(headers.get('Cache-Control')).toBe('no-store');
    }
    const everything = [
      ...answers.flatMap(({ headers, text }) => [text, JSON.stringify([...headers])]),
      ...edge.lines,
      JSON.stringify(await recorded()),
    ].join('\n');
    expect(everything).toContain(REF);
    for (const shape of [
      ...[VALUE, JSON.stringify(VALUE).slice(1, -1), Buffer.from(VALUE).toString('base64')],
      // guesses could be tried against either
      ...[sha256(VALUE), sha256(JSON.stringify(body))],
    ])
      expect(everything).not.toContain(shape);
  });
});

describe('who may', () => {
  beforeEach(async () => {
    for (const ref of [REF, 'acme/shop/TOKEN', 'other/TOKEN'])
      await ask('everywhere', '/secrets', { ref, value: 'before' });
    edge.calls.splice(0);
  });

  it.each(['viewer', 'operator'])(
    'given a %s, then 403 for all three, and nothing is called',
    async (who) => {
      for (const answer of [
        await ask(who, '/secrets'),
        await ask(who, '/secrets', { ref: REF, value: 'x' }),
        await ask(who, '/secrets/remove', { ref: REF }),
        // before anything is looked at: what is wrong is not told to them
        await ask(who, '/secrets', { ref: '', value: '' }),
      ])
        expect([answer.status, answer.json]).toMatchObject([403, { reason: 'role_too_low' }]);
      expect(edge.names()).toEqual([]);
    },
  );

  it.each([
    ['web', REF, true],
    ['web', 'acme/shop/TOKEN', false],
    ['web', 'acme/shop/api/TOKEN', false],
    ['shop', REF, true],
    ['shop', 'acme/shop/TOKEN', true],
    ['shop', 'acme/TOKEN', false],
    ['mixed', 'other/TOKEN', true],
    ['mixed', REF, false],
    ['everywhere', 'other/TOKEN', true],
  ])('given the admin %s and %s, then allowed: %s', async (who, ref, allowed) => {
    const before = await valueOf(ref);
    const set = await ask(who, '/secrets', { ref, value: 'after' });
    expect([set.status, await valueOf(ref)]).toEqual(allowed ? [200, 'after'] : [403, before]);
    const removed = await ask(who, '/secrets/remove', { ref });
    expect([removed.status, await valueOf(ref)]).toEqual(allowed ? [200, undefined] : [403, before]);
    if (!allowed) expect(edge.names()).toEqual([]);
  });

  it('given a list, then each admin sees what is theirs', async () => {
    expect(await refsFor('web')).toEqual([REF]);
    expect(await refsFor('shop')).toEqual(['acme/shop/TOKEN', REF]);
    expect(await refsFor('mixed')).toEqual(['other/TOKEN']);
    expect(await refsFor('everywhere')).toEqual(['acme/shop/TOKEN', REF, 'other/TOKEN']);
  });

  it('given a secret of others, when removed, then the same 403 whether or not there is one', async () => {
    const told = async (ref: string): Promise<unknown> => {
      const { status, json } = await ask('web', '/secrets/remove', { ref });
      return { ...(json as object), status, instance: '' };
    };
    expect(await told('other/TOKEN')).toEqual(await told('other/NEVER_SET'));
  });
});

describe('Idempotency-Key', () => {
  it('given the same request again, even late, then one event, and a value set since stays', async () => {
    const first = await ask('web', '/secrets', { ref: REF, value: 'old' }, 'k1');
    const newer = await ask('web', '/secrets', { ref: REF, value: 'new' }, 'k2');
    const again = await ask('web', '/secrets', { ref: REF, value: 'old' }, 'k1');
    expect([first, newer, again].map(({ headers }) => headers.get('Idempotency-Replayed'))).toEqual([
      ...[null, null, 'true'],
    ]);
    expect(await valueOf()).toBe('new');
    expect(await recorded()).toHaveLength(2);
  });

  it('given the same key with another value, then 409, and the first value stays', async () => {
    await ask('web', '/secrets', { ref: REF, value: 'first' }, 'k');
    const other = await ask('web', '/secrets', { ref: REF, value: 'other' }, 'k');
    expect([other.status, other.json]).toMatchObject([409, { code: 'idempotency_conflict' }]);
    expect(await valueOf()).toBe('first');
    expect(await recorded()).toHaveLength(1);
  });

  it('given a removal again, then the answer of the first, also after the secret was set anew', async () => {
    await ask('web', '/secrets', { ref: REF, value: 'first' });
    const removed = await ask('web', '/secrets/remove', { ref: REF }, 'k');
    await ask('web', '/secrets', { ref: REF, value: 'second' });
    const again = await ask('web', '/secrets/remove', { ref: REF }, 'k');
    expect([again.status, again.text]).toEqual([removed.status, removed.text]);
    expect(again.headers.get('Idempotency-Replayed')).toBe('true');
    expect(await valueOf()).toBe('second');
  });
});
