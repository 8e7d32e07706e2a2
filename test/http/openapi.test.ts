import { Validator } from '@seriousme/openapi-schema-validator';
import * as E from 'fp-ts/lib/Either.js';
import { describe, expect, it } from 'vitest';
import { openApi } from '../../src/http/openapi.js';
import { routes } from '../../src/http/routes.js';
import { answerPlace, differences } from './described.js';

interface Operation {
  readonly operationId: string;
  readonly summary: string;
  readonly parameters?: readonly { name: string; in: string }[];
  readonly requestBody?: unknown;
  readonly responses: Readonly<Record<string, unknown>>;
}
const document = openApi(routes) as {
  openapi: string;
  paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
};

describe('the description of the API', () => {
  it('is valid OpenAPI 3.1, as a public validator finds', async () => {
    const found = await new Validator().validate(structuredClone(document));
    expect(found).toEqual({ valid: true });
    expect(document.openapi).toMatch(/^3\.1\./);
  });

  it.each(routes.map((route) => ({ route, name: `${route.method} ${route.path}` })))(
    'tells of $name with a sentence, its refusals and every parameter in its path',
    ({ route }) => {
      const path = `/api/v1${route.path.replace(/:(\w+)/g, '{$1}')}`;
      const operation = document.paths[path]?.[route.method];
      expect(operation?.summary).toBeTruthy();
      expect(Object.keys(operation?.responses ?? {})).toEqual(expect.arrayContaining(['401', '403', '429']));
      const named = (operation?.parameters ?? []).filter((one) => one.in === 'path').map(({ name }) => name);
      expect(named).toEqual([...path.matchAll(/\{(\w+)\}/g)].map((match) => match[1]));
    },
  );

  it.each(
    routes.filter(({ doc }) => doc.example !== undefined).map((route) => ({ route, path: route.path })),
  )('has an example for $path that the server would take', ({ route: { path, input, doc } }) => {
    const place = ['paths', `/api/v1${path.replace(/:(\w+)/g, '{$1}')}`, 'post', 'requestBody'];
    expect(differences([...place, 'content', 'application/json', 'schema'], doc.example)).toEqual([]);
    expect(E.isRight(input.body.decode(doc.example))).toBe(true);
  });

  it('lets no other answer through', () => {
    const place = answerPlace('get', '/jobs/:id', 200, 'application/json');
    expect(differences(place, { id: 7 })).toEqual(expect.arrayContaining(['/id must be string']));
  });

  it('gives every operation a name of its own', () => {
    const names = Object.values(document.paths).flatMap((path) =>
      Object.values(path).map(({ operationId }) => operationId),
    );
    expect(new Set(names).size).toBe(names.length);
  });

  it('marks what must not be shown as written only', () => {
    expect(JSON.stringify(document.paths['/api/v1/runners']?.['post']?.requestBody)).toContain(
      '"writeOnly":true',
    );
  });
});
