/** Who may do what: tokens are kept as hashes in the stream `access`; the token itself is shown once. */
import { createHash, randomBytes, randomUUID, timingSafeEqual } from 'node:crypto';
import * as E from 'fp-ts/lib/Either.js';
import type { BatonEvent } from '../events/catalog.js';
import type { AppError } from './errors.js';
import { handle, load, storeFailure, type Deps, type Envelope } from './handle.js';
import type { Caller } from './use-cases.js';

interface AccessState {
  readonly tokens: ReadonlyMap<
    string,
    { readonly sha256: string; readonly subject: string; readonly expiresAt: string | undefined }
  >;
  readonly roles: ReadonlyMap<string, Caller['role']>;
}

const RANK = { viewer: 0, operator: 1, admin: 2 };

const evolve = (state: AccessState, event: BatonEvent): AccessState => {
  switch (event.type) {
    case 'TokenIssued': {
      const { tokenId, sha256, subject, expiresAt } = event.data;
      return { ...state, tokens: new Map(state.tokens).set(tokenId, { sha256, subject, expiresAt }) };
    }
    case 'TokenRevoked': {
      const tokens = new Map(state.tokens);
      tokens.delete(event.data.tokenId);
      return { ...state, tokens };
    }
    case 'RoleGranted': {
      const { subject, role } = event.data;
      const had = state.roles.get(subject);
      return had !== undefined && RANK[had] >= RANK[role]
        ? state
        : { ...state, roles: new Map(state.roles).set(subject, role) };
    }
    case 'RoleWithdrawn': {
      const roles = new Map(state.roles);
      if (roles.get(event.data.subject) === event.data.role) roles.delete(event.data.subject);
      return { ...state, roles };
    }
    default:
      return state;
  }
};

const initial: AccessState = { tokens: new Map(), roles: new Map() };
const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

/** The token as a person copies it: 32 random bytes, base64url, with a prefix that secret scanners can find. */
const newToken = (): string => `baton_${randomBytes(32).toString('base64url')}`;

export interface Access {
  readonly authenticate: (token: string) => Caller | undefined;
  /** Shown once: present only when this start made the first admin token. */
  readonly firstToken: string | undefined;
}

/** Reads who has access; makes the first admin token when nobody has. */
export const openAccess = async (deps: Deps): Promise<E.Either<AppError, Access>> => {
  const history = await load(deps.store, 'access');
  if (E.isLeft(history)) return history;
  let state = history.right.events.reduce((s, { event }) => evolve(s, event), initial);
  let firstToken: string | undefined;
  if (state.tokens.size === 0) {
    firstToken = newToken();
    const issued: BatonEvent = {
      type: 'TokenIssued',
      data: { tokenId: randomUUID(), sha256: sha256(firstToken), subject: 'admin' },
    };
    const granted: BatonEvent = { type: 'RoleGranted', data: { subject: 'admin', role: 'admin' } };
    const envelope: Envelope = { commandId: randomUUID(), bodySha256: sha256(''), actor: 'baton' };
    const written = await handle(
      deps,
      'access',
      {
        initial,
        evolve,
        decide: (_: 'FirstToken', s): E.Either<never, readonly BatonEvent[]> =>
          E.right(s.tokens.size > 0 ? [] : [issued, granted]),
      },
      'FirstToken',
      envelope,
    );
    if (E.isLeft(written))
      return E.left(
        written.left.kind === 'failed'
          ? written.left.error
          : storeFailure({ code: 'stream_not_found', stream: 'access' }),
      );
    state = [issued, granted].reduce(evolve, state);
  }
  return E.right({
    firstToken,
    authenticate: (token) => {
      const given = Buffer.from(sha256(token), 'hex');
      let found: string | undefined;
      // every hash is compared, so that time tells nothing about which one matched
      for (const { sha256: hash, subject, expiresAt } of state.tokens.values()) {
        const same = timingSafeEqual(given, Buffer.from(hash, 'hex'));
        if (same && (expiresAt === undefined || expiresAt > deps.clock.now())) found = subject;
      }
      return found === undefined ? undefined : { actor: found, role: state.roles.get(found) ?? 'viewer' };
    },
  });
};
