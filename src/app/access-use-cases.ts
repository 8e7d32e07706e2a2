/** What people ask about tokens and roles. A part of `UseCases`. */
import type { TaskEither } from 'fp-ts/lib/TaskEither.js';
import type { Grant, GrantScope, Role } from '../domain/grants.js';
import type { AppError } from './errors.js';
import type { Caller, CommandContext, Done } from './calls.js';

export interface GrantRequest extends GrantScope {
  /** Pseudonymous: a word, never a person's name or address, since events are for ever. */
  readonly subject: string;
  readonly role: Role;
}

export interface IssueToken extends GrantRequest {
  readonly expiresAt?: string;
  /** From now; not beside `expiresAt`. */
  readonly expiresInMs?: number;
}

export interface GrantView extends Grant {
  readonly subject: string;
}

export interface TokenView {
  readonly id: string;
  readonly subject: string;
  /** What the subject may do now, whichever of its tokens it shows. */
  readonly grants: readonly Grant[];
  readonly issuedAt: string;
  readonly issuedBy: string;
  readonly expiresAt?: string;
  readonly revokedAt?: string;
  readonly usable: boolean;
}

/** `token` is shown once: absent when the command is a repeat. */
export interface IssuedToken extends TokenView {
  readonly token?: string;
}

export interface AccessUseCases {
  readonly issueToken: (
    context: CommandContext,
    request: IssueToken,
  ) => TaskEither<AppError, Done<IssuedToken>>;
  readonly revokeToken: (context: CommandContext, tokenId: string) => TaskEither<AppError, Done<TokenView>>;
  /** Of the subjects whose every role the caller could hand out. */
  readonly listTokens: (by: Caller) => TaskEither<AppError, readonly TokenView[]>;
  readonly grantRole: (
    context: CommandContext,
    request: GrantRequest,
  ) => TaskEither<AppError, Done<GrantView>>;
  readonly withdrawRole: (
    context: CommandContext,
    request: GrantRequest,
  ) => TaskEither<AppError, Done<GrantView>>;
  /** Those that the caller could take back. */
  readonly listRoles: (by: Caller) => TaskEither<AppError, readonly GrantView[]>;
  /** The caller whose token this is, as of now; compared by hash in constant time. */
  readonly authenticate: (token: string) => Caller | undefined;
}
