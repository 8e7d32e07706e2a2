/** May this caller do this here? The one place where roles and scopes are held against each other. */
import * as E from 'fp-ts/lib/Either.js';
import type { TaskEither } from 'fp-ts/lib/TaskEither.js';
import { appError, type AppError } from '../app/errors.js';
import type { Caller, RunnerSight, Sees, UseCases } from '../app/use-cases.js';
import { highestRole, roleAt, scopeText, suffices, type GrantScope, type Role } from '../domain/grants.js';

/** The thing that a request is about: its scope, and parameters that name it in full. */
export interface Located<P> {
  readonly scope: GrantScope;
  readonly params?: Partial<P>;
}

/**
 * Where the role of a row is needed.
 * - `everywhere`: a grant that no scope narrows; so it is for rows that say nothing
 * - `anywhere`: in any scope; `run` must show no more than `call.sees` lets through
 * - a function: in the scope of the thing; it looks among what is seen only
 */
export type Where<P, B> =
  | 'everywhere'
  | 'anywhere'
  | ((
      useCases: UseCases,
      call: { readonly params: P; readonly body: B },
      sees: Sees,
    ) => TaskEither<AppError, Located<P>>);

/** What the caller may see; undefined when that is everything. */
export const seesOf = ({ grants }: Caller): Sees | undefined =>
  roleAt(grants, {}) === undefined ? (scope) => roleAt(grants, scope) !== undefined : undefined;

/** What of runners the caller may see; undefined when that is everything. */
export const sightOf = (caller: Caller): RunnerSight | undefined => {
  const sees = seesOf(caller);
  if (sees === undefined) return undefined;
  // whoever does not see everything holds each role within an enterprise
  const enterprises = caller.grants.flatMap(({ enterprise }) => enterprise ?? []);
  return { sees, enterprises: [...new Set(enterprises)] };
};

const tooLow = (needed: Role, place: GrantScope | undefined, found: Role | undefined): AppError => {
  const there = place === undefined ? '' : ` ${place === everywhere ? '' : 'at '}${scopeText(place)}`;
  return appError(
    'forbidden',
    'role_too_low',
    `This needs the role ${needed}${there}; the token has ${found ?? 'none'}${place === undefined ? '' : ' there'}.`,
    { hint: `Use a token with the role ${needed}${there}, or ask an admin for it: baton role grant.` },
  );
};

const everywhere: GrantScope = {};

/** Before anything of the request is looked at: somebody who has the role nowhere learns nothing at all. */
export const mayAtAll = (caller: Caller, needed: Role): E.Either<AppError, void> => {
  const found = highestRole(caller.grants);
  return suffices(found, needed) ? E.right(undefined) : E.left(tooLow(needed, undefined, found));
};

/** The refusal for somebody who has not the role in the whole of that place. */
export const authorizedAt = ({ grants }: Caller, needed: Role, place: GrantScope): AppError | undefined => {
  const found = roleAt(grants, place);
  return suffices(found, needed) ? undefined : tooLow(needed, place, found);
};

/** The refusal for somebody who has not the role in all scopes. */
export const authorizedEverywhere = (caller: Caller, needed: Role): AppError | undefined =>
  authorizedAt(caller, needed, everywhere);

/** Answers the parameters, named in full where the thing was looked up. What may not be seen is as if it were not there. */
export const mayHere = async <P, B>(
  useCases: UseCases,
  caller: Caller,
  needed: Role,
  where: Where<P, B>,
  call: { readonly params: P; readonly body: B },
): Promise<E.Either<AppError, P>> => {
  if (where === 'anywhere') return E.right(call.params);
  if (where === 'everywhere') {
    const refusal = authorizedEverywhere(caller, needed);
    return refusal === undefined ? E.right(call.params) : E.left(refusal);
  }
  const located = await where(useCases, call, seesOf(caller) ?? (() => true))();
  if (E.isLeft(located)) return located;
  const { scope, params } = located.right;
  const found = roleAt(caller.grants, scope);
  return suffices(found, needed)
    ? E.right({ ...call.params, ...params })
    : E.left(tooLow(needed, scope, found));
};
