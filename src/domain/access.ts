/** Stream `access`: whose token is valid, and what each subject may do. Nobody hands out more than they have. */
import * as E from 'fp-ts/lib/Either.js';
import type { AccessEvent, BatonEvent } from '../events/catalog.js';
import type { Decider } from '../kernel/decider.js';
import { never } from '../kernel/decider.js';
import type { Instant } from '../kernel/time.js';
import { mayHandOut, roleAt, sameGrant, suffices, type Grant, type GrantScope } from './grants.js';

export interface TokenState {
  readonly subject: string;
  readonly sha256: string;
  readonly expiresAt?: Instant;
  readonly revoked: boolean;
}

/** Plain JSON, since the projection `access` is folded by the same rules. */
export interface AccessState {
  readonly tokens: Readonly<Record<string, TokenState>>;
  readonly grants: Readonly<Record<string, readonly Grant[]>>;
}

/** `by`: the subject who commands; absent: the system itself, at a start without any usable admin. */
export type AccessCommand =
  | {
      readonly kind: 'IssueToken';
      readonly by?: string;
      readonly at: Instant;
      readonly tokenId: string;
      readonly sha256: string;
      readonly subject: string;
      readonly grant: Grant;
      readonly expiresAt?: Instant;
    }
  | { readonly kind: 'RevokeToken'; readonly by: string; readonly at: Instant; readonly tokenId: string }
  | {
      readonly kind: 'GrantRole' | 'WithdrawRole';
      readonly by: string;
      readonly at: Instant;
      readonly subject: string;
      readonly grant: Grant;
    };

export type AccessRefusal =
  | { readonly code: 'token_unknown_id' }
  | { readonly code: 'token_revoked_before' }
  | { readonly code: 'expires_in_the_past' }
  | { readonly code: 'role_not_held' }
  /** The one who commands is no admin of all that the command touches. */
  | { readonly code: 'more_than_you_have'; readonly grant?: Grant }
  | { readonly code: 'last_admin' };

const own = <A>(table: Readonly<Record<string, A>>, key: string): A | undefined =>
  Object.hasOwn(table, key) ? table[key] : undefined;

export const grantsOf = (state: AccessState, subject: string): readonly Grant[] =>
  own(state.grants, subject) ?? [];

const narrowed = ({ enterprise, organisation, project }: GrantScope): GrantScope => ({
  ...(enterprise === undefined ? {} : { enterprise }),
  ...(organisation === undefined ? {} : { organisation }),
  ...(project === undefined ? {} : { project }),
});

/** A grant with nothing beside it, as it is recorded. */
export const grantFrom = (role: Grant['role'], scope: GrantScope): Grant => ({ role, ...narrowed(scope) });

/** One more event of the stream; events of other streams change nothing. */
export const evolveAccess = (state: AccessState, event: BatonEvent): AccessState => {
  switch (event.type) {
    case 'TokenIssued': {
      const { tokenId, sha256, subject, expiresAt } = event.data;
      const token = { subject, sha256, revoked: false, ...(expiresAt === undefined ? {} : { expiresAt }) };
      return { ...state, tokens: { ...state.tokens, [tokenId]: token } };
    }
    case 'TokenRevoked': {
      const token = own(state.tokens, event.data.tokenId);
      return token === undefined
        ? state
        : { ...state, tokens: { ...state.tokens, [event.data.tokenId]: { ...token, revoked: true } } };
    }
    case 'RoleGranted':
    case 'RoleWithdrawn': {
      const { subject, role } = event.data;
      const grant = grantFrom(role, event.data);
      const others = grantsOf(state, subject).filter((held) => !sameGrant(held, grant));
      const grants = event.type === 'RoleGranted' ? [...others, grant] : others;
      return { ...state, grants: { ...state.grants, [subject]: grants } };
    }
    default:
      return state;
  }
};

/** Not revoked, and not past its end. */
export const isUsable = ({ revoked, expiresAt }: TokenState, at: Instant): boolean =>
  !revoked && (expiresAt === undefined || expiresAt > at);

/** True when somebody can still administer everything: an admin everywhere with a usable token. */
export const hasAdmin = (state: AccessState, at: Instant): boolean =>
  Object.values(state.tokens).some(
    (token) => isUsable(token, at) && suffices(roleAt(grantsOf(state, token.subject), {}), 'admin'),
  );

/** Whoever holds a token of `subject` has all its grants: only who could hand out all of them may touch its tokens. */
export const maySpeakFor = (state: AccessState, by: string, subject: string): boolean => {
  const mine = grantsOf(state, by);
  const theirs = grantsOf(state, subject);
  return theirs.length === 0
    ? suffices(roleAt(mine, {}), 'admin')
    : theirs.every((grant) => mayHandOut(mine, grant));
};

const refuse = (refusal: AccessRefusal) => E.left(refusal);
type Decision = E.Either<AccessRefusal, readonly AccessEvent[]>;

/** Refused when nobody could administer afterwards who can now. */
const unlessLast = (state: AccessState, at: Instant, events: readonly AccessEvent[]): Decision =>
  hasAdmin(state, at) && !hasAdmin(events.reduce(evolveAccess, state), at)
    ? refuse({ code: 'last_admin' })
    : E.right(events);

const granted = (state: AccessState, subject: string, grant: Grant): readonly AccessEvent[] =>
  grantsOf(state, subject).some((held) => sameGrant(held, grant))
    ? []
    : [{ type: 'RoleGranted', data: { subject, ...grant } }];

const issue = (state: AccessState, command: Extract<AccessCommand, { kind: 'IssueToken' }>): Decision => {
  const { by, at, tokenId, sha256, subject, grant, expiresAt } = command;
  if (expiresAt !== undefined && expiresAt <= at) return refuse({ code: 'expires_in_the_past' });
  if (by !== undefined) {
    if (!mayHandOut(grantsOf(state, by), grant)) return refuse({ code: 'more_than_you_have', grant });
    if (grantsOf(state, subject).length > 0 && !maySpeakFor(state, by, subject))
      return refuse({ code: 'more_than_you_have' });
  }
  return E.right([
    {
      type: 'TokenIssued',
      data: { tokenId, sha256, subject, ...(expiresAt === undefined ? {} : { expiresAt }) },
    },
    ...granted(state, subject, grant),
  ]);
};

const decide = (command: AccessCommand, state: AccessState): Decision => {
  switch (command.kind) {
    case 'IssueToken':
      return issue(state, command);
    case 'RevokeToken': {
      const token = own(state.tokens, command.tokenId);
      // whoever may not speak for its subject does not learn that there is such a token
      if (token === undefined || !maySpeakFor(state, command.by, token.subject))
        return refuse({ code: 'token_unknown_id' });
      if (token.revoked) return refuse({ code: 'token_revoked_before' });
      return unlessLast(state, command.at, [{ type: 'TokenRevoked', data: { tokenId: command.tokenId } }]);
    }
    case 'GrantRole':
    case 'WithdrawRole': {
      const { subject, grant, by, at } = command;
      if (!mayHandOut(grantsOf(state, by), grant)) return refuse({ code: 'more_than_you_have', grant });
      if (command.kind === 'GrantRole') return E.right(granted(state, subject, grant));
      if (!grantsOf(state, subject).some((held) => sameGrant(held, grant)))
        return refuse({ code: 'role_not_held' });
      return unlessLast(state, at, [{ type: 'RoleWithdrawn', data: { subject, ...grant } }]);
    }
    default:
      return never(command);
  }
};

export const access: Decider<AccessCommand, AccessState, AccessEvent, AccessRefusal> = {
  initial: { tokens: {}, grants: {} },
  decide,
  evolve: evolveAccess,
};
