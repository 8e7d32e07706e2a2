/** Roles, and where each holds: an enterprise, an organisation, a project, or everywhere. */
import type { Scope } from '../events/shapes.js';

export type Role = 'viewer' | 'operator' | 'admin';

/** Where a role holds; an absent member stands for all of them. */
export type GrantScope = { readonly [K in keyof Scope]?: string };

export interface Grant extends GrantScope {
  readonly role: Role;
}

const ranks: Readonly<Record<Role, number>> = { viewer: 0, operator: 1, admin: 2 };

/** True when `role` may do what `needed` may; no role may nothing. */
export const suffices = (role: Role | undefined, needed: Role): boolean =>
  role !== undefined && ranks[role] >= ranks[needed];

const members = ['enterprise', 'organisation', 'project'] as const;

/** True when all of `inner` lies within `outer`. */
export const contains = (outer: GrantScope, inner: GrantScope): boolean =>
  members.every((member) => outer[member] === undefined || outer[member] === inner[member]);

/** The highest role that holds in the whole of `place`; `{}` is everywhere. */
export const roleAt = (grants: readonly Grant[], place: GrantScope): Role | undefined =>
  grants
    .filter((grant) => contains(grant, place))
    .map(({ role }) => role)
    .reduce<Role | undefined>((best, role) => (suffices(best, role) ? best : role), undefined);

/** The highest role that holds somewhere. */
export const highestRole = (grants: readonly Grant[]): Role | undefined =>
  roleAt(
    grants.map(({ role }) => ({ role })),
    {},
  );

/** True when whoever has `grants` may hand out or take back `grant`: an admin of all of its scope. */
export const mayHandOut = (grants: readonly Grant[], grant: Grant): boolean =>
  suffices(roleAt(grants, grant), 'admin');

export const sameGrant = (a: Grant, b: Grant): boolean =>
  a.role === b.role && members.every((member) => a[member] === b[member]);

/** The scope of a grant as people write it, e.g. `acme/web/shop`, `acme`, `everywhere`. */
export const scopeText = (scope: GrantScope): string =>
  members.every((member) => scope[member] === undefined)
    ? 'everywhere'
    : members
        .map((member) => scope[member])
        .join('/')
        .replace(/\/+$/, '');
