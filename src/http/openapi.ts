/** The description of the API for programs (OpenAPI 3.1), made from the table of routes and the codecs of what comes in. */
import type * as t from 'io-ts';
import type { Closed } from './closed.js';
import { HeaderValues, IfMatchHeader, ReportBody } from './codecs.js';
import { REPORT_PATH } from './of-attempts.js';
import { refusalsWith } from './openapi-parts.js';
import type { Route } from './route.js';
import { schemaOf } from './schema-of.js';
import { cookieScheme, sessionOperations } from './session/description.js';
import { SESSION_PATH } from './session/routes.js';
import { viewSchemas } from './view-schemas.js';

const isClosed = (codec: t.Mixed): codec is Closed<unknown> => 'members' in codec;

/** The members of a closed codec as parameters. */
const parametersOf = (
  where: 'path' | 'query' | 'header',
  codec: t.Mixed,
): readonly Record<string, unknown>[] => {
  if (!isClosed(codec)) return [];
  const { required, optional } = codec.members;
  const parameter = (isRequired: boolean) =>
    function one([name, member]: [string, t.Mixed]) {
      return { name, in: where, required: isRequired, schema: schemaOf(member) };
    };
  return [
    ...Object.entries(required).map(parameter(true)),
    ...Object.entries(optional).map(parameter(false)),
  ];
};

const isEmpty = (codec: t.Mixed): boolean =>
  isClosed(codec) && Object.keys({ ...codec.members.required, ...codec.members.optional }).length === 0;

const wheres = {
  everywhere: 'in a grant that no scope narrows',
  anywhere: 'in any scope; the answer shows only what the token may see',
  there: 'in the enterprise, organisation or project that the thing belongs to',
} as const;

/** Statuses that a row can answer beside its own. */
const refusalsOf = ({ method, where, takesRevision, path }: Route): readonly number[] => [
  ...[401, 403, 422, 429, 500, 503],
  ...(path.includes(':') || where === 'there' ? [404] : []),
  ...(method === 'post' ? [400, 409, 413, 415] : []),
  ...(takesRevision ? [412] : []),
];

const success = ({ doc, path }: Route): Record<string, unknown> => {
  const { status = 200, also, media = 'application/json', answer } = doc;
  const schema = answer ?? (media === 'application/json' ? {} : { type: 'string' });
  const told = { description: doc.summary, content: { [media]: { schema } } };
  return {
    [String(status)]: told,
    ...(also === undefined ? {} : { [String(also.status)]: { ...told, description: also.when } }),
    // only the bytes of a log know ranges
    ...(path.endsWith('/log') ? { '206': { ...told, description: 'The range that was asked for' } } : {}),
  };
};

const bodyOf = ({ method, input, doc }: Route): Record<string, unknown> =>
  method === 'get' || isEmpty(input.body)
    ? {}
    : {
        requestBody: {
          required: 'required' in schemaOf(input.body),
          content: {
            'application/json': {
              schema: schemaOf(input.body),
              ...(doc.example === undefined ? {} : { example: doc.example }),
            },
          },
        },
      };

const operation = (route: Route): Record<string, unknown> => {
  const { method, path, role, where, input, takesRevision, doc } = route;
  const [tag = ''] = path.split('/').filter((part) => part !== '');
  return {
    operationId: `${method}${path.replace(/[/:]+(\w)/g, (_, first: string) => `_${first}`)}`,
    summary: doc.summary,
    description: `Needs the role ${role} ${wheres[where]}.`,
    tags: [tag],
    parameters: [
      ...parametersOf('path', input.params),
      ...parametersOf('query', input.query),
      ...parametersOf('header', input.headers),
      ...(method === 'post' ? parametersOf('header', HeaderValues) : []),
      ...(takesRevision ? parametersOf('header', IfMatchHeader) : []),
    ],
    ...bodyOf(route),
    responses: { ...success(route), ...refusalsWith(refusalsOf(route)) },
  };
};

const open = (summary: string, media: string, statuses: readonly number[]): Record<string, unknown> => ({
  get: {
    ...{ operationId: summary.replace(/\W+/g, '_').toLowerCase(), summary, security: [], tags: ['server'] },
    responses: Object.fromEntries(
      statuses.map((status) => [
        String(status),
        { description: summary, content: { [media]: { schema: {} } } },
      ]),
    ),
  },
});

/** The one route for jobs themselves. */
const report = {
  operationId: 'post_jobs_id_attempts_attempt_report',
  summary: 'What a job tells of itself: its whole log so far, and at last how it went',
  description: 'Needs the token that the attempt itself finds in BATON_REPORT_TOKEN, and takes no other.',
  tags: ['jobs'],
  security: [{ attempt: [] }],
  parameters: [
    { name: 'id', in: 'path', required: true, schema: { type: 'string' } },
    { name: 'attempt', in: 'path', required: true, schema: { type: 'integer', minimum: 1 } },
  ],
  requestBody: {
    required: true,
    content: {
      'application/json': {
        schema: schemaOf(ReportBody),
        example: { run_success: true, run_log: 'all is well\n', run_status: 'finished', run_complete: true },
      },
    },
  },
  responses: {
    '200': {
      description: 'Taken',
      content: {
        'application/json': {
          schema: {
            type: 'object',
            properties: { storedBytes: { type: 'integer', description: 'of all that it has told' } },
            required: ['storedBytes'],
          },
        },
      },
    },
    ...refusalsWith([400, 401, 404, 409, 413, 415, 422, 429, 500, 503]),
  },
};

/** Of what is below `/api/v1`: the path has the major, members are only ever added. */
const API_VERSION = '1.0.0';

const described = (path: string): string => `/api/v1${path.replace(/:(\w+)/g, '{$1}')}`;

/** Everything that is served, as one document. */
export const openApi = (routes: readonly Route[]): Record<string, unknown> => {
  const paths: Record<string, Record<string, unknown>> = {
    '/healthz': open('That the process answers', 'application/json', [200]),
    '/readyz': open('Whether it can do its work, and why not', 'application/json', [200, 503]),
    '/metrics': open('Measures for Prometheus', 'text/plain', [200]),
    '/api/v1/openapi.json': open('This document', 'application/json', [200]),
  };
  for (const route of routes) (paths[described(route.path)] ??= {})[route.method] = operation(route);
  paths[described(REPORT_PATH)] = { post: report };
  paths[described(SESSION_PATH)] = sessionOperations;
  return {
    openapi: '3.1.0',
    info: {
      title: 'Baton',
      version: API_VERSION,
      description: 'Runs the phase jobs of a deployment pipeline on machines reachable by SSH.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/' }],
    security: [{ token: [] }, { cookie: [] }],
    paths,
    components: {
      securitySchemes: {
        token: { type: 'http', scheme: 'bearer' },
        cookie: cookieScheme,
        attempt: { type: 'http', scheme: 'bearer', description: 'BATON_REPORT_TOKEN of one attempt' },
      },
      schemas: viewSchemas,
    },
  };
};
