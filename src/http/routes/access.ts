/** Tokens and roles: who may do what, and where. */
import { pipe } from 'fp-ts/lib/function.js';
import * as TE from 'fp-ts/lib/TaskEither.js';
import type { GrantRequest } from '../../app/access-use-cases.js';
import { appError } from '../../app/errors.js';
import { done, list, none } from '../answers.js';
import * as codecs from '../codecs.js';
import { route, type Route } from '../route.js';
import { ofGrant } from '../where.js';
import { listOf, ref } from '../view-schemas.js';

/** The reason is in the context already. */
const grantIn = <B extends GrantRequest & { readonly reason?: string }>({ reason: _, ...body }: B) => body;

const twoEnds = appError('invalid', 'two_ends', 'The token cannot end at two times.', {
  problems: [
    { path: 'expiresIn', expected: 'nothing beside expiresAt', found: 'both', mend: 'leave one out' },
  ],
});

export const accessRoutes: readonly Route[] = [
  route({
    ...none,
    method: 'get',
    path: '/tokens',
    doc: { summary: 'Tokens, without what would let anyone use them', answer: listOf('Token') },
    role: 'admin',
    where: 'anywhere',
    run: (use, { context }) => pipe(use.listTokens(context.caller), TE.map(list)),
  }),
  route({
    ...none,
    method: 'post',
    path: '/tokens',
    doc: {
      ...{ summary: 'Issue a token; it is shown this once', status: 201, answer: ref('IssuedToken') },
      example: { subject: 'ci-web-shop', role: 'operator', expiresIn: '90d' },
    },
    role: 'admin',
    where: ofGrant,
    body: codecs.IssueTokenBody,
    run: (use, { context, body }) => {
      const { expiresIn: expiresInMs, ...request } = grantIn(body);
      if (expiresInMs !== undefined && request.expiresAt !== undefined) return TE.left(twoEnds);
      return pipe(
        use.issueToken(context, { ...request, ...(expiresInMs === undefined ? {} : { expiresInMs }) }),
        TE.map(done(201)),
      );
    },
  }),
  route({
    ...none,
    method: 'post',
    path: '/tokens/:id/revoke',
    doc: { summary: 'End a token, at once', answer: ref('Token') },
    role: 'admin',
    // in the scopes of the token's subject, which the decider looks up
    where: 'anywhere',
    ifMatch: false,
    params: codecs.IdParam,
    body: codecs.RevokeTokenBody,
    run: (use, { context, params }) => pipe(use.revokeToken(context, params.id), TE.map(done(200))),
  }),
  route({
    ...none,
    method: 'get',
    path: '/roles',
    doc: { summary: 'Who may do what, and where', answer: listOf('Grant') },
    role: 'admin',
    where: 'anywhere',
    run: (use, { context }) => pipe(use.listRoles(context.caller), TE.map(list)),
  }),
  route({
    ...none,
    method: 'post',
    path: '/roles/grant',
    doc: {
      ...{ summary: 'Give a subject a role', answer: ref('Grant') },
      example: { subject: 'ops-1', role: 'operator', enterprise: 'default' },
    },
    role: 'admin',
    where: ofGrant,
    body: codecs.GrantBody,
    run: (use, { context, body }) => pipe(use.grantRole(context, grantIn(body)), TE.map(done(200))),
  }),
  route({
    ...none,
    method: 'post',
    path: '/roles/withdraw',
    doc: { summary: 'Take a role back', answer: ref('Grant') },
    role: 'admin',
    where: ofGrant,
    body: codecs.GrantBody,
    run: (use, { context, body }) => pipe(use.withdrawRole(context, grantIn(body)), TE.map(done(200))),
  }),
];
