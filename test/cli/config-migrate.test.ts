/** `baton config migrate`: the new text on stdout, what is to be said of it on stderr, and a file that is old or new and nothing between. */
import { execFileSync } from 'node:child_process';
import { chmod, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { baton, type Ran } from './terminal.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'baton-cli-migrate-'));
});
afterEach(() => rm(folder, { recursive: true }));

const at = (name: string): string => join(folder, name);
const migrate = (...argv: string[]): Promise<Ran> =>
  baton(['config', 'migrate', ...argv], { env: {}, cwd: folder });
const given = async (text: string, ...argv: string[]): Promise<Ran> => {
  await writeFile(at('config.json'), text);
  return migrate('config.json', ...argv);
};

const OLD = `{"version": "2", "build_nodes": {"default": ["platform:ubuntu AND name:b*"]}, "tool": 1.50}`;
const NEW = `{
  "version": "2",
  "job_dispatch": {
    "version": "v2",
    "filters": {
      "default": {
        "platform": [
          "ubuntu"
        ]
      }
    }
  },
  "tool": 1.50
}
`;

describe('baton config migrate', () => {
  it('given queries, then the new file on stdout and remarks on stderr; the old file stays', async () => {
    const { code, out, err } = await given(OLD);
    expect([code, out]).toEqual([0, NEW]);
    expect(err).toBe(
      'default: name:b* is left out: it has a wildcard, and filters compare exactly\n' +
        'default: what is left of it is the filter now: more machines suit than before\n',
    );
    expect(await readFile(at('config.json'), 'utf8')).toBe(OLD);
  });

  it('given --write, then the file is the new one with its mode, nothing else is left, and check reads it', async () => {
    await writeFile(at('config.json'), OLD);
    await chmod(at('config.json'), 0o640);
    const { code, out, err } = await migrate('config.json', '--write');
    expect([code, out]).toEqual([0, '']);
    expect(err).toMatch(/^config\.json is written; baton config check reads it$/m);
    expect(await readFile(at('config.json'), 'utf8')).toBe(NEW);
    expect((await stat(at('config.json'))).mode & 0o777).toBe(0o640);
    expect(await readdir(folder)).toEqual(['config.json']);
    expect((await baton(['config', 'check', 'config.json'], { cwd: folder })).code).toBe(0);
    expect((await migrate('config.json', '--write')).code).toBe(2);
  });

  it('given a link, then what it points to is written', async () => {
    await writeFile(at('real.json'), OLD);
    await symlink('real.json', at('link.json'));
    expect((await migrate('link.json', '--write')).code).toBe(0);
    expect(await readFile(at('real.json'), 'utf8')).toBe(NEW);
    expect((await readdir(folder)).toSorted()).toEqual(['link.json', 'real.json']);
  });

  it('given --write and a pipe, then it is refused, since nobody would find the text there', async () => {
    execFileSync('mkfifo', [at('pipe')]);
    const [{ code, out, err }] = await Promise.all([migrate('pipe', '--write'), writeFile(at('pipe'), OLD)]);
    expect([code, out]).toEqual([1, '']);
    expect(err).toBe(
      'error: pipe cannot be written: it is no file\nhint: leave --write out, and put what is printed where it belongs\n',
    );
  });

  it('given --json, then all of it as JSON', async () => {
    const { out, err } = await given(OLD, '--json');
    expect(err).toBe('');
    expect(JSON.parse(out)).toMatchObject({
      ...{ file: 'config.json', written: false, complete: false, config: NEW },
      remarks: [{ about: 'default' }, { about: 'default' }],
    });
  });

  it.each([
    [
      'what is migrated',
      '{"version": "2", "job_dispatch": {"version": "v2"}}',
      /:1:35: job_dispatch\.version: /,
    ],
    ['no JSON', '{"version": "2",}', /:1:16: expected no comma/],
    [
      'a key twice that would be lost',
      '{"version": "2",\n "a": 1, "a": 2}',
      /:2:10: a: expected each key once/,
    ],
    [
      'nodes that are no object',
      '{"version": "2", "build_nodes": []}',
      /:1:18: build_nodes: expected an object/,
    ],
    ['a query that is no text', '{"version": "2", "build_nodes": {"unit": [1]}}', /build_nodes\.unit\[0\]/],
    [
      'other problems',
      '{"version": "2",\n "skip_phases": ["unti"]}',
      /:2:18: skip_phases\[0\].*write "unit"/,
    ],
    [
      'filters of Baton beside searches that become some',
      '{"version": "2", "build_nodes": {"unit": ["tags:a"]}, "baton": {"filters": {}}}',
      /baton\.filters: expected no baton\.filters beside build_nodes/,
    ],
  ])('given %s, then it is refused with its place, and not written', async (_, text, problem) => {
    const { code, out, err } = await given(text, '--write');
    expect([code, out]).toEqual([2, '']);
    expect(err).toMatch(problem);
    expect(await readFile(at('config.json'), 'utf8')).toBe(text);
  });

  it('given several queries as default, then a matrix for each phase that has none of its own', async () => {
    const { out } = await given(
      '{"version": "2", "build_nodes": {"default": ["os:linux", {"query": "tags:x"}], "unit": "name:a"}}',
    );
    const { job_dispatch, baton: own } = JSON.parse(out) as {
      readonly job_dispatch: unknown;
      readonly baton: { readonly filters: Readonly<Record<string, unknown>> };
    };
    expect(job_dispatch).toEqual({ version: 'v2' });
    expect(own.filters['lint']).toEqual([{ os: ['linux'] }, { labels: ['x'] }]);
    expect(own.filters['unit']).toEqual({ hostname: ['a'] });
    expect(Object.keys(own.filters)).toHaveLength(10);
  });

  it('given what would turn a terminal around, then it is escaped, and means the same', async () => {
    const { out } = await given('{"version": "2", "tool": "a\u202eb\u009b"}');
    expect(out).toContain(String.raw`"tool": "a\u202eb\u009b"`);
  });
});
