/** Logins in the description of the API. */
import type { JsonSchema } from '../closed.js';
import { refusalsWith } from '../openapi-parts.js';
import { schemaOf } from '../schema-of.js';
import { ref } from '../view-schemas.js';
import { SessionBody } from './routes.js';

const operation = (operationId: string, summary: string, more: Record<string, unknown>): JsonSchema => ({
  ...{ operationId, summary, tags: ['session'] },
  ...more,
});

const told = (description: string, headers: Record<string, unknown> = {}): JsonSchema => ({
  '200': { description, headers, content: { 'application/json': { schema: ref('Session') } } },
});

const cookie = { 'Set-Cookie': { schema: { type: 'string' }, description: 'HttpOnly, SameSite=Strict' } };

/** What `security` names for a browser that has logged in; the name differs from one installation to the next. */
export const cookieScheme = {
  type: 'apiKey',
  in: 'cookie',
  name: '__Host-baton_0123abcd',
  description:
    'Set by a login; the eight hexadecimal digits are those of the installation, and the prefix is not there without TLS. Commands need an Origin that is this host, or Sec-Fetch-Site: same-origin.',
};

export const sessionOperations: Readonly<Record<'get' | 'post' | 'delete', JsonSchema>> = {
  get: operation('get_session', 'Who asks, how that is known, and until when', {
    description: 'Needs no role.',
    responses: { ...told('Who asks', cookie), ...refusalsWith([401, 403, 429, 500, 503]) },
  }),
  post: operation('post_session', 'Log a browser in with a token', {
    security: [],
    requestBody: {
      required: true,
      content: { 'application/json': { schema: schemaOf(SessionBody), example: { token: 'baton_…' } } },
    },
    responses: {
      ...told('Logged in', cookie),
      ...refusalsWith([400, 401, 403, 413, 415, 422, 429, 500, 503]),
    },
  }),
  delete: operation('delete_session', 'Log out: clear the cookie', {
    security: [],
    responses: {
      '204': { description: 'The cookie is cleared', headers: cookie },
      ...refusalsWith([403, 500]),
    },
  }),
};
