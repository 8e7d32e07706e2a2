/** Streams `access` and `audit.seal`: who may do what, and the chain of hashes over history. */
import * as t from 'io-ts';
import { Count, shape } from './shapes.js';

export const Role = t.keyof({ viewer: null, operator: null, admin: null }, 'Role');

/** `sha256`: lower-case hex digest of the token; the token itself is shown once and kept nowhere. */
export const TokenIssued = shape(
  'TokenIssued',
  { tokenId: t.string, sha256: t.string, subject: t.string },
  { expiresAt: t.string },
);
export const TokenRevoked = t.type({ tokenId: t.string }, 'TokenRevoked');

const grant = { subject: t.string, role: Role };
/** An absent scope member means "all of them". */
const scope = { enterprise: t.string, organisation: t.string, project: t.string };
export const RoleGranted = shape('RoleGranted', grant, scope);
export const RoleWithdrawn = shape('RoleWithdrawn', grant, scope);

const place = t.type({ stream: t.string, revision: Count });
export const RangeSealed = t.type(
  { first: place, last: place, count: Count, previousRoot: t.string, root: t.string },
  'RangeSealed',
);

export const accessEvents = { TokenIssued, TokenRevoked, RoleGranted, RoleWithdrawn, RangeSealed };
