import * as E from 'fp-ts/lib/Either.js';
import { describe, expect, it } from 'vitest';
import { isSecretName, isSecretRef, ownerOf, placesOf, secretPlan } from '../../src/domain/secret-ref.js';

const scope = { enterprise: 'acme', organisation: 'shop', project: 'web' };

describe('names of secrets', () => {
  it.each(['TOKEN', '_x', 'deploy_token2', 'CIRCLE', 'UIDS'])('takes %s', (name) => {
    expect(isSecretName(name)).toBe(true);
  });
  it.each([
    '',
    '2x',
    'a-b',
    'a b',
    'ä',
    'PATH',
    'LD_PRELOAD',
    'BASH_ENV',
    'BATON_JOB_ID',
    '_BATON_line',
    'UID',
    'CI',
    'A\n',
    'x'.repeat(101),
  ])('refuses %j, which is no variable or is a shell’s own', (name) => {
    expect(isSecretName(name)).toBe(false);
  });
  it.each(['acme/T', 'acme/shop/T', 'acme/shop/web/T'])('takes the reference %s', (ref) => {
    expect(isSecretRef(ref)).toBe(true);
  });
  it.each(['T', '/T', 'acme//T', 'a/b/c/d/T', '../T', 'acme/shop/', 'acme/shop/web/PATH', 'runner/build-07'])(
    'refuses the reference %j',
    (ref) => {
      expect(isSecretRef(ref)).toBe(false);
    },
  );
  it('knows the owner', () => {
    expect(ownerOf('acme/T')).toEqual({ enterprise: 'acme' });
    expect(ownerOf('acme/shop/web/T')).toEqual(scope);
  });
});

describe('where a phase finds a secret', () => {
  it('given a name, then in its project, organisation, enterprise, in this order', () => {
    expect(placesOf('T', scope)).toEqual(['acme/shop/web/T', 'acme/shop/T', 'acme/T']);
  });
  it('given a reference, then exactly there, if it is its own', () => {
    for (const own of ['acme/T', 'acme/shop/T', 'acme/shop/web/T'])
      expect(placesOf(own, scope)).toEqual([own]);
    for (const other of ['evil/T', 'acme/web/T', 'acme/shop/web2/T', 'runner/build_07', 'acme/shop/web/x/T'])
      expect(placesOf(other, scope)).toEqual([]);
  });
  it('tells all problems at once', () => {
    const plan = secretPlan(['acme/T', 'evil/X', 'PATH', 'T', 'runner/r1'], scope);
    expect(E.isLeft(plan) && plan.left.map(({ path, expected }) => [path, expected])).toEqual([
      ['secretRefs[1]', 'a secret of acme/shop/web, acme/shop, acme'],
      ['secretRefs[2]', expect.stringContaining('a name of letters')],
      ['secretRefs[3]', 'each variable once'],
      ['secretRefs[4]', 'a secret of acme/shop/web, acme/shop, acme'],
    ]);
  });
});
