/** Does docs/api.md have one row for each route, with the role that it needs and all that may be sent, and no other? */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { Closed } from '../../src/http/closed.js';
import { openApi } from '../../src/http/openapi.js';
import { routes } from '../../src/http/routes.js';

const page = readFileSync(new URL('../../docs/api.md', import.meta.url), 'utf8');

interface Row {
  /** `GET /jobs/:`, whatever its parameters are called. */
  readonly route: string;
  readonly role: string;
  readonly text: string;
}

const named = (method: string, path: string): string =>
  `${method.toUpperCase()} ${path.replace(/:\w+|\{\w+\}/g, ':')}`;

/** One row may tell of neighbours: `POST /roles/grant`, `/withdraw`. */
const rowsOf = (line: string): readonly Row[] => {
  const [, first = '', role = ''] = line.split(/(?<!\\)\|/).map((cell) => cell.trim());
  const [, method = '', path = ''] = /^`(GET|POST|DELETE) (\/\S+)`/.exec(first) ?? [];
  const neighbours = [...first.matchAll(/, `(\/\w+)`/g)].map(([, end = '']) => path.replace(/\/\w+$/, end));
  return [path, ...neighbours].map((one) => ({ route: named(method, one), role, text: line }));
};

const rows = page
  .split('\n')
  .filter((line) => /^\| `(GET|POST|DELETE) \//.test(line))
  .flatMap(rowsOf);

const served = Object.entries(openApi(routes)['paths'] as Record<string, object>).flatMap(([path, methods]) =>
  Object.keys(methods).map((method) => named(method, path.replace(/^\/api\/v1(?!\/openapi)/, ''))),
);

const isClosed = (codec: object): codec is Closed<unknown> => 'members' in codec;
const membersOf = (codec: object): readonly string[] =>
  isClosed(codec) ? Object.keys({ ...codec.members.required, ...codec.members.optional }) : [];

describe('docs/api.md', () => {
  it('has one row for each route that is served, and none twice', () => {
    expect(rows.map(({ route }) => route).sort()).toEqual([...served].sort());
  });

  it.each(routes.map((route) => ({ ...route, name: named(route.method, route.path) })))(
    'says of $name which role it needs, and names all of its body',
    ({ name, role, input }) => {
      const row = rows.find(({ route }) => route === name);
      expect(row?.role).toBe(role);
      expect(membersOf(input.body).filter((member) => row?.text.includes(`\`${member}\``) !== true)).toEqual(
        [],
      );
    },
  );
});
