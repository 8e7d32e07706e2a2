/** What is asked of an enterprise as a whole, and what delivery-cli wants to know before it asks for anything. */
import { pipe } from 'fp-ts/lib/function.js';
import * as TE from 'fp-ts/lib/TaskEither.js';
import { appError } from '../../../app/errors.js';
import type { HttpMiddleware } from '../../context.js';
import { refuse } from '../../respond.js';
import { route, type Route } from '../../route.js';
import { queueStatusJson } from '../change-json.js';
import * as codecs from '../codecs.js';
import { reading } from '../of-enterprise.js';
import { withRole } from '../places.js';
import { json, nothing } from '../row.js';

export const enterpriseRoutes: readonly Route[] = [
  // delivery-cli asks for it to see whether its token is good, before each of its own requests
  reading(
    'orgs',
    (use) => use.originalOrganisations,
    (found) => ({
      orgs: found.map(({ name, projects }) => ({ name, project_count: projects })),
      _links: {},
    }),
  ),
  reading(
    'verify-token',
    () => TE.right,
    () => ({}),
  ),
  route({
    ...nothing,
    method: 'get',
    path: '/:ent/queue-status',
    role: 'admin',
    where: 'anywhere',
    params: codecs.EntParams,
    run: (use, { params, context: { caller } }) =>
      pipe(
        TE.fromEither(withRole(caller, 'admin', params.ent)),
        TE.chain(use.originalStages),
        TE.map((found) => json({ queue_status: found.flatMap(queueStatusJson) })),
      ),
  }),
  reading(
    'blocked_projects',
    (use) => use.originalBlocked,
    (projects) => ({ blocked_projects: projects }),
  ),
];

interface OpenRow {
  readonly method: 'get' | 'post';
  readonly path: string;
  readonly answer: HttpMiddleware;
}

const noPasswords: HttpMiddleware = (ctx) => {
  refuse(
    ctx,
    appError(
      'invalid',
      'not_implemented',
      'Baton has no passwords: make a token with `baton token create USER --role ROLE`, and put it into ~/.delivery/api-tokens as `SERVER,ENTERPRISE,USER|TOKEN`.',
    ),
  );
  return Promise.resolve();
};

/** Asked before there is a token. Passwords are not even read. */
export const openRows: readonly OpenRow[] = [
  {
    method: 'get',
    path: '/:ent/saml/enabled',
    answer: (ctx) => {
      ctx.set('Content-Type', 'application/json');
      ctx.body = JSON.stringify({ enabled: false });
      return Promise.resolve();
    },
  },
  { method: 'post', path: '/:ent/users/:user/get-token', answer: noPasswords },
  { method: 'post', path: '/:ent/get-token', answer: noPasswords },
];
