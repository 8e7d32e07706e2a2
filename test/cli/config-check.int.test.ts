/** `baton config check` beside a server: what no runner can match, and what becomes of it when the server is away. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as TE from 'fp-ts/lib/TaskEither.js';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { aRunner, startEdge, tokens, type Edge } from '../http/edge.js';
import { baton, type Ran } from './terminal.js';

let folder: string;
let edge: Edge;
const debian = { os: 'linux', platform_family: 'debian', platform: 'ubuntu' };
const runners = [
  aRunner({ name: 'a', attributes: debian }),
  aRunner({ name: 'b', attributes: debian }),
  aRunner({ name: 'c', attributes: debian, state: 'unreachable' }),
  aRunner({ name: 'gone', attributes: { ...debian, platform_family: 'rhel' }, state: 'retired' }),
];
const serve = async (list = runners): Promise<void> => {
  edge = await startEdge({ listRunners: () => TE.right(list) });
};
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'baton-cli-check-'));
  await serve();
});
afterEach(async () => {
  await edge.close();
  await rm(folder, { recursive: true });
});

const config = (filters: object, more: object = {}): string =>
  JSON.stringify({ version: '2', job_dispatch: { version: 'v2', filters }, ...more });
const MATRIX = config({ unit: [{ platform_family: ['ubuntu'] }, { platform_family: ['debian'] }] });

const check = async (
  content: string,
  argv: readonly string[],
  env: Record<string, string> = {},
): Promise<Ran> => {
  await writeFile(join(folder, 'config.json'), content);
  return baton(['config', 'check', 'config.json', ...argv], { env, cwd: folder });
};
const asked = (): string[] => ['--url', edge.url, '--token', tokens.viewer];

describe('given a server', () => {
  it('then each row that nothing enrolled can match is told with the nearest miss and what was meant, and the exit code is 6', async () => {
    const { code, out } = await check(MATRIX, asked());
    expect(code).toBe(6);
    expect(out.trimEnd().split('\n').at(-1)).toBe(
      'unit, row platform_family=ubuntu: no enrolled runner can match; platform_family is ubuntu: 3 runners have debian. ubuntu is a platform; its platform_family is debian',
    );
  });

  it('as JSON, then the same with its parts', async () => {
    const { code, out } = await check(MATRIX, [...asked(), '--json']);
    expect(code).toBe(6);
    expect(JSON.parse(out)).toMatchObject({
      ...{ problems: [], runners: 3 },
      unmatched: [
        {
          ...{ phase: 'unit', row: 'platform_family=ubuntu' },
          miss: { misses: [{ found: ['debian'], runners: ['a', 'b', 'c'] }] },
          text: expect.stringContaining('3 runners have debian') as string,
        },
      ],
    });
  });

  it('given a stage that only asks for too much there, then the stage is named', async () => {
    const baton = { stages: { acceptance: { filters: { deploy: { labels: ['live'] } } } } };
    const { code, out } = await check(config({}, { baton }), asked());
    expect(code).toBe(6);
    expect(out).toMatch(/^deploy in acceptance: no enrolled runner can match; labels include live: /m);
  });

  it('given rows that only runners match which break a rule, then which rule, as text and as JSON, and exit code 6', async () => {
    await edge.close();
    const incompatible = (name: string) => `The toolchain chefdk 2.4.17 on ${name} needs engine >=1.5.`;
    await serve([
      aRunner({ name: 'a', attributes: debian, incompatible: incompatible('a') }),
      aRunner({ name: 'b', attributes: debian, incompatible: incompatible('b') }),
      aRunner({ name: 'c', attributes: { ...debian, platform_family: 'rhel' } }),
    ]);
    const filters = { unit: { platform_family: ['debian'] }, lint: { os: ['linux'] } };
    const { code, out } = await check(config(filters), asked());
    expect([code, out.trimEnd().split('\n').at(-1)]).toEqual([
      6,
      'unit: every matching runner breaks a rule of compatibility; The toolchain chefdk 2.4.17 on a needs engine >=1.5. And 1 more.',
    ]);
    const { out: json } = await check(config(filters), [...asked(), '--json']);
    expect(JSON.parse(json)).toMatchObject({
      ...{ runners: 3, unmatched: [] },
      incompatible: [{ phase: 'unit', row: '', why: [incompatible('a'), incompatible('b')] }],
    });
  });

  it('given what can be matched, then all is well, and --server takes the address from the environment', async () => {
    const env = { BATON_URL: edge.url, BATON_TOKEN: tokens.viewer };
    const { code, err } = await check(config({ unit: { os: ['linux'] } }), ['--server'], env);
    expect([code, err, edge.names()]).toEqual([0, '', ['listRunners']]);
  });

  it('given no runner at all, then so, and exit code 6', async () => {
    await edge.close();
    await serve([]);
    const { code, err } = await check(config({}), asked());
    expect([code, err]).toEqual([6, 'No runner is enrolled: nothing can run.\n']);
  });

  it('given problems in the file, then those, with exit code 2, and the server is not asked', async () => {
    const { code } = await check(config({ unti: {} }), asked());
    expect([code, edge.names()]).toEqual([2, []]);
  });
});

describe('given an address in BATON_URL alone', () => {
  it('then it is asked, too', async () => {
    const { code } = await check(MATRIX, [], { BATON_URL: edge.url, BATON_TOKEN: tokens.viewer });
    expect(code).toBe(6);
  });

  it('given --no-server, then not', async () => {
    const { code } = await check(MATRIX, ['--no-server'], { BATON_URL: edge.url });
    expect([code, edge.names()]).toEqual([0, []]);
  });

  it.each([
    [
      'nothing answers',
      'http://127.0.0.1:1',
      /^note: checked without a server \(No Baton server answers at /m,
    ],
    ['it is no address', 'nonsense', /^note: checked without a server: /m],
  ])('when %s, then this is told, and the file alone decides', async (_, BATON_URL, told) => {
    const { code, out, err } = await check(MATRIX, [], { BATON_URL });
    expect(code).toBe(0);
    expect(out).toMatch(/^PHASE/);
    expect(err).toMatch(told);
  });

  it('when the token is refused, then it is the same', async () => {
    const { code, err } = await check(MATRIX, [], { BATON_URL: edge.url, BATON_TOKEN: 'wrong' });
    expect(code).toBe(0);
    expect(err).toMatch(/^note: checked without a server/m);
  });
});

it('given a server that was named and does not answer, then that is a failure, beside what the file says', async () => {
  const { code, out, err } = await check(MATRIX, ['--url', 'http://127.0.0.1:1']);
  expect(code).toBe(1);
  expect(out).toMatch(/^PHASE/);
  expect(err).toMatch(/^baton: No Baton server answers/m);
});
