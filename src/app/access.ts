/** Who may do what: tokens are kept as hashes in the stream `access`; the token itself is shown once. */
import { createHash, randomBytes, randomUUID, timingSafeEqual } from 'node:crypto';
import * as E from 'fp-ts/lib/Either.js';
import type { AccessView } from '../../projections/access.js';
import {
  access,
  grantFrom,
  grantsOf,
  hasAdmin,
  isUsable,
  maySpeakFor,
  type AccessCommand,
  type AccessRefusal,
  type TokenState,
} from '../domain/access.js';
import { mayHandOut, scopeText, type Grant } from '../domain/grants.js';
import { deriveId } from '../kernel/ids.js';
import { plusMillis } from '../kernel/time.js';
import type {
  AccessUseCases,
  GrantRequest,
  GrantView,
  IssuedToken,
  IssueToken,
  TokenView,
} from './access-use-cases.js';
import { appError, type AppError } from './errors.js';
import { handle, load, type Deps, type Envelope, type Handled } from './handle.js';
import type { ReadModel } from './read-models.js';
import type { Caller, CommandContext, Done } from './use-cases.js';

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

/** The token as a person copies it: 32 random bytes, base64url, with a prefix that secret scanners can find. */
const newToken = (): string => `baton_${randomBytes(32).toString('base64url')}`;

export interface Access {
  readonly useCases: AccessUseCases;
  /** Whom the token of that id stands for, as of now; undefined when it is not usable. */
  readonly callerOf: (tokenId: string) => Caller | undefined;
  /** Makes an admin token when nobody has a usable one, since whoever starts the server owns it. Undefined: somebody has. */
  readonly issueFirst: () => Promise<E.Either<AppError, string | undefined>>;
}

const refused = (refusal: AccessRefusal): AppError => {
  switch (refusal.code) {
    case 'token_unknown_id':
      return appError('not_found', refusal.code, 'There is no such token.', { hint: 'baton token list' });
    case 'token_revoked_before':
      return appError('conflict', refusal.code, 'The token was revoked before.');
    case 'expires_in_the_past':
      return appError('invalid', refusal.code, 'The token would have expired before it is issued.', {
        problems: [{ path: 'expiresAt', expected: 'an instant in the future', found: 'one in the past' }],
      });
    case 'role_not_held':
      return appError('not_found', refusal.code, 'The subject does not hold this role there.', {
        hint: 'baton role list',
      });
    case 'more_than_you_have':
      return appError(
        'forbidden',
        refusal.code,
        refusal.grant === undefined
          ? 'The subject holds roles that you cannot hand out, and a token of it would have them all.'
          : `Only an admin of ${scopeText(refusal.grant)} can hand out or take back a role there.`,
        { hint: 'Choose a narrower scope or another subject, or ask an admin of the whole scope.' },
      );
    case 'last_admin':
      return appError(
        'conflict',
        refusal.code,
        'Nobody could administer Baton afterwards: this is the last usable admin.',
        { hint: 'Give another subject the role admin everywhere, and a token, first.' },
      );
  }
};

const callerIn = (
  view: AccessView,
  tokenId: string,
  { subject, expiresAt }: Pick<TokenState, 'subject' | 'expiresAt'>,
): Caller => ({
  ...{ actor: subject, tokenId, grants: grantsOf(view, subject) },
  ...(expiresAt === undefined ? {} : { tokenEndsAt: expiresAt }),
});

const callerOf =
  (deps: Deps, model: ReadModel<AccessView>): Access['callerOf'] =>
  (tokenId) => {
    const view = model.view();
    const state = Object.hasOwn(view.tokens, tokenId) ? view.tokens[tokenId] : undefined;
    return state !== undefined && isUsable(state, deps.clock.now())
      ? callerIn(view, tokenId, state)
      : undefined;
  };

/** Read as late as possible, so that what a command wrote holds for every request after its answer. */
const authenticate =
  (deps: Deps, model: ReadModel<AccessView>) =>
  (token: string): Caller | undefined => {
    const view = model.view();
    const now = deps.clock.now();
    const given = Buffer.from(sha256(token), 'hex');
    let found: Caller | undefined;
    // every hash is compared, so that time tells nothing about which one matched
    for (const [tokenId, state] of Object.entries(view.tokens)) {
      const hash = Buffer.from(state.sha256, 'hex');
      const same = hash.length === given.length && timingSafeEqual(given, hash);
      if (same && isUsable(state, now)) found = callerIn(view, tokenId, state);
    }
    return found;
  };

const expiryOf = ({ expiresAt, expiresInMs }: IssueToken, now: string): string | undefined =>
  expiresAt ?? (expiresInMs === undefined ? undefined : plusMillis(now, expiresInMs));

const accessUseCases = (deps: Deps, model: ReadModel<AccessView>): AccessUseCases => {
  const run = async (
    context: CommandContext,
    command: AccessCommand,
  ): Promise<E.Either<AppError, Handled>> => {
    const envelope: Envelope = {
      commandId: context.commandId,
      bodySha256: context.bodySha256,
      actor: context.caller.actor,
      ...(context.reason === undefined ? {} : { reason: context.reason }),
    };
    const done = await handle(deps, 'access', access, command, envelope);
    if (E.isLeft(done))
      return E.left(done.left.kind === 'failed' ? done.left.error : refused(done.left.refusal));
    if (done.right.position !== undefined) await model.waitFor(done.right.position);
    return done;
  };

  const tokenView = (tokenId: string): TokenView | undefined => {
    const view = model.view();
    const [token, issued] = [view.tokens[tokenId], view.issued[tokenId]];
    if (token === undefined || issued === undefined) return undefined;
    const { at, by, revokedAt } = issued;
    const { subject, expiresAt } = token;
    return {
      id: tokenId,
      subject,
      grants: grantsOf(view, subject),
      issuedAt: at,
      issuedBy: by,
      ...(expiresAt === undefined ? {} : { expiresAt }),
      ...(revokedAt === undefined ? {} : { revokedAt }),
      usable: isUsable(token, deps.clock.now()),
    };
  };

  const shown = (tokenId: string): E.Either<AppError, TokenView> => {
    const found = tokenView(tokenId);
    return found === undefined ? E.left(refused({ code: 'token_unknown_id' })) : E.right(found);
  };

  const issue = async (
    context: CommandContext,
    request: IssueToken,
  ): Promise<E.Either<AppError, Done<IssuedToken>>> => {
    const token = newToken();
    const at = deps.clock.now();
    const expiresAt = expiryOf(request, at);
    const tokenId = deriveId(context.commandId, 'token');
    const done = await run(context, {
      kind: 'IssueToken',
      by: context.caller.actor,
      at,
      tokenId,
      sha256: sha256(token),
      subject: request.subject,
      grant: grantFrom(request.role, request),
      ...(expiresAt === undefined ? {} : { expiresAt }),
    });
    if (E.isLeft(done)) return done;
    const { repeated } = done.right;
    // a repeat cannot show it again: only its hash was kept
    return E.map((view: TokenView) => ({ value: { ...view, ...(repeated ? {} : { token }) }, repeated }))(
      shown(tokenId),
    );
  };

  /** A full id, or the only one that starts so among those that the caller may see; what is unknown stays as it is. */
  const wholeId = async (by: string, id: string): Promise<E.Either<AppError, string>> => {
    await model.caughtUp();
    const view = model.view();
    if (Object.hasOwn(view.tokens, id)) return E.right(id);
    const [only, ...more] = Object.entries(view.tokens).flatMap(([candidate, { subject }]) =>
      candidate.startsWith(id) && maySpeakFor(view, by, subject) ? [candidate] : [],
    );
    return more.length === 0
      ? E.right(only ?? id)
      : E.left(
          appError('not_found', 'id_ambiguous', `${more.length + 1} ids start with ${id}.`, {
            hint: 'Give more characters.',
          }),
        );
  };

  const revoke = async (
    context: CommandContext,
    id: string,
  ): Promise<E.Either<AppError, Done<TokenView>>> => {
    const by = context.caller.actor;
    const found = await wholeId(by, id);
    if (E.isLeft(found)) return found;
    const tokenId = found.right;
    const done = await run(context, { kind: 'RevokeToken', by, at: deps.clock.now(), tokenId });
    if (E.isLeft(done)) return done;
    return E.map((value: TokenView) => ({ value, repeated: done.right.repeated }))(shown(tokenId));
  };

  const hand =
    (kind: 'GrantRole' | 'WithdrawRole') =>
    (context: CommandContext, { subject, role, ...scope }: GrantRequest) =>
    async (): Promise<E.Either<AppError, Done<GrantView>>> => {
      const grant = grantFrom(role, scope);
      const by = context.caller.actor;
      const done = await run(context, { kind, by, at: deps.clock.now(), subject, grant });
      if (E.isLeft(done)) return done;
      const repeated = done.right.repeated || done.right.events.length === 0;
      return E.right({ value: { subject, ...grant }, repeated });
    };

  return {
    authenticate: authenticate(deps, model),
    issueToken: (context, request) => () => issue(context, request),
    revokeToken: (context, tokenId) => () => revoke(context, tokenId),
    listTokens: (by) => async () => {
      await model.caughtUp();
      const view = model.view();
      return E.right(
        Object.entries(view.tokens).flatMap(([id, { subject }]) => {
          const found = maySpeakFor(view, by.actor, subject) ? tokenView(id) : undefined;
          return found === undefined ? [] : [structuredClone(found)];
        }),
      );
    },
    grantRole: hand('GrantRole'),
    withdrawRole: hand('WithdrawRole'),
    listRoles: (by) => async () => {
      await model.caughtUp();
      const { grants } = model.view();
      const mine: readonly Grant[] = grantsOf(model.view(), by.actor);
      return E.right(
        Object.entries(grants).flatMap(([subject, held]) =>
          held.filter((grant) => mayHandOut(mine, grant)).map((grant) => ({ subject, ...grant })),
        ),
      );
    },
  };
};

const issueFirst = async (
  deps: Deps,
  model: ReadModel<AccessView>,
): Promise<E.Either<AppError, string | undefined>> => {
  const token = newToken();
  const at = deps.clock.now();
  const first: AccessCommand = {
    kind: 'IssueToken',
    at,
    tokenId: randomUUID(),
    sha256: sha256(token),
    subject: 'admin',
    grant: { role: 'admin' },
  };
  const envelope: Envelope = { commandId: randomUUID(), bodySha256: sha256(''), actor: 'baton' };
  const onlyIfNone: typeof access = {
    ...access,
    decide: (command, state) => (hasAdmin(state, at) ? E.right([]) : access.decide(command, state)),
  };
  const written = await handle(deps, 'access', onlyIfNone, first, envelope);
  if (E.isLeft(written))
    return E.left(written.left.kind === 'failed' ? written.left.error : refused(written.left.refusal));
  await model.caughtUp();
  return E.right(written.right.events.length > 0 ? token : undefined);
};

/** Reads who has access. */
export const openAccess = async (
  deps: Deps,
  model: ReadModel<AccessView>,
): Promise<E.Either<AppError, Access>> => {
  // an event of this stream that cannot be read ends the start: it may be the one that revoked a token
  const readable = await load(deps.store, 'access');
  if (E.isLeft(readable)) return readable;
  await model.caughtUp();
  return E.right({
    useCases: accessUseCases(deps, model),
    callerOf: callerOf(deps, model),
    issueFirst: () => issueFirst(deps, model),
  });
};
