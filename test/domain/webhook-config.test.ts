import * as E from 'fp-ts/lib/Either.js';
import { describe, expect, it } from 'vitest';
import { originOf, parseWebhooks } from '../../src/domain/webhook-config.js';

const parsed = (raw: unknown) => {
  const read = parseWebhooks(raw);
  return E.isRight(read) ? read.right : expect.fail(JSON.stringify(read.left));
};
const problems = (raw: unknown): readonly string[] => {
  const read = parseWebhooks(raw);
  return E.isLeft(read) ? read.left.map(({ path, found }) => `${path} found ${found}`) : expect.fail('taken');
};
const HOOK = { url: 'https://example.org/hooks/T0K3N', secret_file: 'chat.secret' };

describe('the table of webhooks', () => {
  it('is read in the order of names; without topics it is all of them, in their usual order otherwise', () => {
    expect(parsed({ b: HOOK, a: { ...HOOK, topics: ['runners', 'jobs'] } })).toEqual([
      { name: 'a', url: HOOK.url, secretFile: 'chat.secret', topics: ['jobs', 'runners'] },
      {
        name: 'b',
        url: HOOK.url,
        secretFile: 'chat.secret',
        topics: ['jobs', 'phases', 'changes', 'runners'],
      },
    ]);
  });

  it('given several mistakes, then each is told with its place, and no address is repeated', () => {
    const found = problems({
      'no name': HOOK,
      a: { url: 'http://example.org/T0K3N', secret_file: '', topics: ['job', 3], colour: 'red' },
      b: 'https://example.org',
      c: { ...HOOK, url: 'https://me:T0K3N@example.org/', topics: [] },
      d: {},
    });
    expect(found).toEqual([
      'a.colour found an unknown one',
      'a.url found one with "http:"',
      'a.secret_file found ""',
      'a.topics[0] found "job"',
      'a.topics[1] found 3',
      'b found "https://example.org"',
      'c.url found one with a user',
      'c.topics found []',
      'd.url found nothing',
      'd.secret_file found nothing',
      '"no name" found "no name"',
    ]);
    expect(JSON.stringify(found)).not.toContain('T0K3N');
  });

  it.each(['http://127.0.0.1:8080/x', 'http://localhost/x', 'http://[::1]:1/x'])(
    'takes plain http to the machine itself: %s',
    (url) => {
      expect(parsed({ a: { ...HOOK, url } })).toHaveLength(1);
    },
  );

  it.each([
    'http://127.0.0.1.example.org/',
    'http://localhost.example.org/',
    'ftp://example.org/',
    'example.org',
  ])('refuses what is neither https nor this machine: %s', (url) => {
    expect(problems({ a: { ...HOOK, url } })).toHaveLength(1);
  });

  it('given more than sixteen, or no table, then it says so', () => {
    const many = Object.fromEntries(Array.from({ length: 17 }, (_, n) => [`hook${n}`, HOOK]));
    expect(problems(many)).toEqual([' found 17']);
    expect(problems([HOOK])).toHaveLength(1);
    expect(parsed({})).toEqual([]);
  });

  it('reads what it is told of as people write it: an enterprise, an organisation, a project, a pipeline of it', () => {
    const scopes = ['acme', 'acme/web', 'acme/web/shop', 'acme/web/shop/release/2'];
    expect(parsed({ a: { ...HOOK, topics: ['jobs'], scopes } })[0]?.scopes).toEqual([
      { enterprise: 'acme' },
      { enterprise: 'acme', organisation: 'web' },
      { enterprise: 'acme', organisation: 'web', project: 'shop' },
      { enterprise: 'acme', organisation: 'web', project: 'shop', pipeline: 'release/2' },
    ]);
    expect(parsed({ a: HOOK })[0]).not.toHaveProperty('scopes');
  });

  it('given scopes that are none, or runners beside scopes, then each is told', () => {
    const scopes = ['', 'acme/', '-x', 'acme/web/shop/', 'acme/web/shop/a//b', 7, 'acme'];
    expect(
      problems({ a: { ...HOOK, scopes }, b: { ...HOOK, scopes: [] }, c: { ...HOOK, scopes: 'acme' } }),
    ).toEqual([
      ...['""', '"acme/"', '"-x"', '"acme/web/shop/"', '"acme/web/shop/a//b"', '7'].map(
        (found, n) => `a.scopes[${n}] found ${found}`,
      ),
      'b.scopes found []',
      'c.scopes found "acme"',
    ]);
    expect(problems({ a: { ...HOOK, topics: ['jobs', 'runners'], scopes: ['acme'] } })).toEqual([
      'a.scopes found both',
    ]);
  });

  it('shows scheme, host and port of an address, and nothing behind them', () => {
    expect(originOf({ url: 'https://example.org:8443/hooks/T0K3N?k=v' })).toBe('https://example.org:8443');
  });
});
