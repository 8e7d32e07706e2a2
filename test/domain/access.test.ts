import fc from 'fast-check';
import * as E from 'fp-ts/lib/Either.js';
import { describe, expect, it } from 'vitest';
import { access, grantsOf, hasAdmin, type AccessCommand } from '../../src/domain/access.js';
import { contains, mayHandOut, roleAt, suffices, type Grant } from '../../src/domain/grants.js';
import type { AccessEvent } from '../../src/events/catalog.js';
import { fold } from '../../src/kernel/decider.js';
import { givenFor } from '../given.js';

const given = givenFor(access);
const at = '2026-01-31T12:00:00.000Z';
const later = '2026-02-01T12:00:00.000Z';
const shop = { enterprise: 'acme', organisation: 'web', project: 'shop' };

const issued = (subject: string, more: object = {}): AccessEvent => ({
  type: 'TokenIssued',
  data: { tokenId: `token-${subject}`, sha256: 'ab', subject, ...more },
});
const granted = (subject: string, grant: Grant): AccessEvent => ({
  type: 'RoleGranted',
  data: { subject, ...grant },
});
const root = [issued('root'), granted('root', { role: 'admin' })];
const shopAdmin = [issued('sam'), granted('sam', { role: 'admin', ...shop })];
const issue = (by: string, subject: string, grant: Grant, more: object = {}): AccessCommand => ({
  ...{ kind: 'IssueToken', by, at, tokenId: 'new', sha256: 'cd', subject, grant },
  ...more,
});

describe('where a role holds', () => {
  it.each([
    [{}, shop, true],
    [{ enterprise: 'acme' }, shop, true],
    [{ enterprise: 'acme', organisation: 'web' }, shop, true],
    [shop, shop, true],
    [shop, { enterprise: 'acme', organisation: 'web' }, false],
    [{ enterprise: 'other' }, shop, false],
    [{ ...shop, enterprise: 'other' }, shop, false],
    [{ enterprise: 'acme' }, {}, false],
  ])('given a grant at %j, then %j lies within it: %s', (outer, inner, expected) => {
    expect(contains(outer, inner)).toBe(expected);
  });
  it('given several grants, then the highest whose scope contains the place', () => {
    const grants: Grant[] = [{ role: 'viewer' }, { role: 'operator', enterprise: 'acme' }];
    expect([roleAt(grants, shop), roleAt(grants, {}), roleAt([], shop)]).toEqual([
      'operator',
      'viewer',
      undefined,
    ]);
  });
});

describe('tokens', () => {
  it('given an admin of everything, when a token is issued, then its subject has the role', () => {
    given(root)
      .when(issue('root', 'ci', { role: 'viewer', ...shop }))
      .then([
        { type: 'TokenIssued', data: { tokenId: 'new', sha256: 'cd', subject: 'ci' } },
        granted('ci', { role: 'viewer', ...shop }),
      ]);
  });
  it('given a subject that has the role already, then only the token', () => {
    given([...root, granted('ci', { role: 'viewer' })])
      .when(issue('root', 'ci', { role: 'viewer' }))
      .thenTypes(['TokenIssued']);
  });
  it('given an admin of one project, then a token for more is refused', () => {
    given([...root, ...shopAdmin])
      .when(issue('sam', 'ci', { role: 'viewer', enterprise: 'acme' }))
      .thenRefused('more_than_you_have');
  });
  it('given an admin of one project, then a token for a subject that may do more is refused: it would have it all', () => {
    given([...root, ...shopAdmin])
      .when(issue('sam', 'root', { role: 'viewer', ...shop }))
      .thenRefused('more_than_you_have');
  });
  it('given an end in the past, then it is refused', () => {
    given(root)
      .when(issue('root', 'ci', { role: 'viewer' }, { expiresAt: at }))
      .thenRefused('expires_in_the_past');
  });
  it('given a token of somebody with more rights, then to revoke it is refused as if there were none', () => {
    given([...root, ...shopAdmin])
      .when({ kind: 'RevokeToken', by: 'sam', at, tokenId: 'token-root' })
      .thenRefused('token_unknown_id');
  });
  it('given a revoked token, then it is not revoked again', () => {
    given([...root, issued('ci'), { type: 'TokenRevoked', data: { tokenId: 'token-ci' } }])
      .when({ kind: 'RevokeToken', by: 'root', at, tokenId: 'token-ci' })
      .thenRefused('token_revoked_before');
  });
});

describe('the last admin', () => {
  const withdraw = {
    kind: 'WithdrawRole',
    by: 'root',
    at,
    subject: 'root',
    grant: { role: 'admin' },
  } as const;
  it('given nobody else, then neither its token nor its role can be taken', () => {
    given(root)
      .when({ kind: 'RevokeToken', by: 'root', at, tokenId: 'token-root' })
      .thenRefused('last_admin');
    given(root).when(withdraw).thenRefused('last_admin');
  });
  it('given another admin without a usable token, then it is still the last', () => {
    given([...root, granted('ann', { role: 'admin' })])
      .when(withdraw)
      .thenRefused('last_admin');
    given([...root, issued('ann', { expiresAt: at }), granted('ann', { role: 'admin' })])
      .when(withdraw)
      .thenRefused('last_admin');
  });
  it('given another admin with a token, then it may go', () => {
    given([...root, issued('ann', { expiresAt: later }), granted('ann', { role: 'admin' })])
      .when(withdraw)
      .thenTypes(['RoleWithdrawn']);
  });
});

describe('roles', () => {
  it('given a role that is held, then to grant it again changes nothing', () => {
    given([...root, granted('ci', { role: 'viewer', ...shop })])
      .when({ kind: 'GrantRole', by: 'root', at, subject: 'ci', grant: { role: 'viewer', ...shop } })
      .then([]);
  });
  it('given a role in another scope, then to withdraw it here is refused', () => {
    given([...root, granted('ci', { role: 'viewer', ...shop })])
      .when({ kind: 'WithdrawRole', by: 'root', at, subject: 'ci', grant: { role: 'viewer' } })
      .thenRefused('role_not_held');
  });
});

describe('whatever anybody asks', () => {
  const names = fc.constantFrom('root', 'ann', 'sam', 'eve');
  const some = <A>(value: A) => fc.option(fc.constant(value), { nil: undefined });
  const grants = fc
    .tuple(fc.constantFrom('viewer', 'operator', 'admin'), fc.nat(3))
    .map(([role, depth]): Grant => {
      const [enterprise, organisation, project] = ['acme', 'web', 'shop'].slice(0, depth);
      return {
        role: role,
        ...(enterprise === undefined ? {} : { enterprise }),
        ...(organisation === undefined ? {} : { organisation }),
        ...(project === undefined ? {} : { project }),
      };
    });
  const commands: fc.Arbitrary<AccessCommand> = fc.oneof(
    fc
      .record({ by: names, subject: names, grant: grants, tokenId: fc.uuid(), expiresAt: some(later) })
      .map(({ expiresAt, ...rest }) => ({
        ...{ kind: 'IssueToken' as const, at, sha256: 'ef', ...rest },
        ...(expiresAt === undefined ? {} : { expiresAt }),
      })),
    fc
      .record({ by: names, tokenId: names.map((name) => `token-${name}`) })
      .map((rest) => ({ kind: 'RevokeToken' as const, at, ...rest })),
    fc.record({
      ...{ kind: fc.constantFrom('GrantRole' as const, 'WithdrawRole' as const), at: fc.constant(at) },
      ...{ by: names, subject: names, grant: grants },
    }),
  );

  it('somebody can always administer, and nobody gives what they could not take back', () => {
    fc.assert(
      fc.property(fc.array(commands, { maxLength: 30 }), (asked) => {
        let history: readonly AccessEvent[] = [...root, ...shopAdmin];
        for (const command of asked) {
          const before = fold(access, history);
          const decision = access.decide(command, before);
          if (E.isLeft(decision)) continue;
          for (const event of decision.right)
            if (event.type === 'RoleGranted' || event.type === 'RoleWithdrawn')
              expect(mayHandOut(grantsOf(before, command.by ?? ''), event.data)).toBe(true);
          history = [...history, ...decision.right];
          const after = fold(access, history);
          expect(hasAdmin(after, at)).toBe(true);
          // whoever got a token now has nothing that the giver could not have given
          if (command.kind === 'IssueToken')
            for (const grant of grantsOf(after, command.subject))
              expect(suffices(roleAt(grantsOf(before, command.by ?? ''), grant), 'admin')).toBe(true);
        }
      }),
    );
  });
});
