/** `baton config check`: all that is wrong with a project's file, with its places; or what each phase asks for. */
import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, open, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { baton, type Ran } from './terminal.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'baton-cli-check-'));
});
afterEach(() => rm(folder, { recursive: true }));

const check = (...argv: string[]): Promise<Ran> =>
  baton(['config', 'check', ...argv], { env: {}, cwd: folder });
const checked = async (text: string, ...argv: string[]): Promise<Ran> => {
  await writeFile(join(folder, 'config.json'), text);
  return check('config.json', ...argv);
};

const WRONG = `{
  "version": "2",
  "build_cookbook": {"name": "b", "path": ".delivery/b"},
  "job_dispatch": {"version": "v2", "filters": {
    "unti": {"os": ["linux"]},
    "lint": {"os": "linux"}
  }}
}
`;

describe('baton config check', () => {
  it('given phases whose jobs report, then which, and what a server needs for that', async () => {
    const { code, out } = await checked(
      JSON.stringify({
        ...{ version: '2', job_dispatch: { version: 'v2' } },
        baton: { stages: { delivered: { reports: { deploy: true } } } },
      }),
    );
    expect(code).toBe(0);
    expect(out).toMatch(/^deploy in delivered .*reports$/m);
    expect(out.trimEnd().split('\n').at(-1)).toContain('--public-url');
    expect((await checked('{"version": "2", "job_dispatch": {"version": "v2"}}')).out).not.toContain(
      '--public-url',
    );
  });

  it('given problems, then each on a line of its own with its place, and exit code 2', async () => {
    const { code, out, err } = await checked(WRONG);
    expect([code, err]).toEqual([2, '']);
    const [first, second, ...more] = out.trimEnd().split('\n');
    expect(first).toMatch(/^config\.json:5:5: job_dispatch\.filters\.unti: expected .+ \(write "unit"\)$/);
    expect(second).toMatch(/^config\.json:6:14: job_dispatch\.filters\.lint\.os: expected .+, found "linux"/);
    expect(more).toEqual([]);
  });

  it('given problems of different parts of the file, then from top to bottom', async () => {
    const { out } = await checked(
      '{\n"baton": {"filterz": {}},\n"skip_phases": ["unti"],\n"job_dispatch": {"version": "v2", "filters": {"lnit": {}}},\n"phase_timeouts": {"smok": 1},\n"version": 2\n}\n',
    );
    expect([...out.matchAll(/^config\.json:(\d+):/gm)].map(([, line]) => line)).toEqual([
      '2',
      '3',
      '4',
      '5',
      '6',
    ]);
  });

  it('as JSON, then the same with path, line and column', async () => {
    const { code, out } = await checked(WRONG, '--json');
    expect(code).toBe(2);
    expect(JSON.parse(out)).toMatchObject({
      ...{ file: 'config.json', code: 'invalid' },
      problems: [
        { path: 'job_dispatch.filters.unti', line: 5, column: 5 },
        { path: 'job_dispatch.filters.lint.os', line: 6, column: 14 },
      ],
    });
  });

  it('given text that is no JSON, then the one place that spoils it', async () => {
    const { code, out } = await checked('{\n  "version": "2",\n}\n');
    expect(code).toBe(2);
    expect(out).toBe('config.json:2:17: expected no comma after the last item, found "," (remove it)\n');
  });

  it('given a project for Push Jobs, then what to write instead', async () => {
    const { code, out } = await checked('{"version": "1", "build_cookbook": "./b"}');
    expect(code).toBe(2);
    expect(out).toMatch(
      /^config\.json: job_dispatch: expected \{"version": "v2"\}, found nothing, which means Push Jobs/,
    );
  });

  it('given a file that is right, then what each phase asks for', async () => {
    await mkdir(join(folder, '.delivery'));
    const config = {
      ...{ version: '2', build_cookbook: { path: 'b' }, skip_phases: ['smoke'] },
      job_dispatch: {
        version: 'v2',
        filters: { unit: [{ platform_family: ['debian', 'rhel'] }, { os: ['linux'] }] },
      },
      phase_timeouts: { unit: 60 },
      baton: { output: { unit: 'split' } },
    };
    await writeFile(join(folder, '.delivery', 'config.json'), JSON.stringify(config));
    const { code, out, err } = await check();
    expect([code, err]).toEqual([0, '']);
    expect(out).toMatch(/^PHASE +RUNNERS +LIMIT +SECRETS +OUTPUTS$/m);
    expect(out).toMatch(/^unit +platform_family debian or rhel; os linux +1 min +- +apart$/m);
    expect(out).toMatch(/^smoke +skipped/m);
    expect(out).toMatch(/^lint +any runner +- +- +one$/m);
    expect(JSON.parse((await check('--json')).out)).toMatchObject({
      problems: [],
      phases: { unit: { timeoutMs: 60_000, output: 'split' }, smoke: { skipped: true } },
    });
  });

  it('given settings of Baton and of single stages, then they are told beside', async () => {
    const config = {
      ...{ version: '2', job_dispatch: { version: 'v2' }, skip_phases: ['unit'] },
      baton: {
        filters: { deploy: { platform_version: '>=22 <25', labels: ['a', 'b'] } },
        priority: { lint: 3 },
        retry: { lint: { attempts: 3, on: ['failed', 'lost'], delay: 60, exit_codes: [75] } },
        workspace: { default: { keep: 'on_failure', keep_time: 3600, cache: 'npm', free_mib: 10 } },
        stages: { union: { skip_phases: ['smoke'], workspace: { default: {} }, priority: { deploy: 1 } } },
      },
    };
    const { code, out } = await checked(JSON.stringify(config));
    expect(code).toBe(0);
    const row = (name: string): string => out.split('\n').find((line) => line.startsWith(`${name}  `)) ?? '';
    expect(out).toMatch(/^PHASE .* OUTPUTS +MORE$/m);
    const workspace = 'workspace kept: on_failure for 1 h; cache npm; 10 MiB free';
    expect(row('lint')).toMatch(
      new RegExp(`priority 3; up to 3 tries when failed or lost with 75, 1 min apart; ${workspace}$`),
    );
    expect(row('deploy')).toContain('platform_version is >=22 <25, labels include a and b');
    expect(row('deploy in union')).toMatch(/one +priority 1$/);
    expect(row('smoke in union')).toMatch(/skipped/);
    expect(row('unit')).toMatch(/skipped/);
    expect(JSON.parse((await check('config.json', '--json')).out)).toMatchObject({
      stages: { union: { deploy: { priority: 1 }, smoke: { skipped: true } } },
    });
  });

  it('given a key of another tool twice, then it is right, and told with its place', async () => {
    const text = '{"version": "2", "job_dispatch": {"version": "v2"},\n "tool": 1, "tool": 2}';
    const { code, err } = await checked(text);
    expect(code).toBe(0);
    expect(err).toBe('note: config.json:2:13: tool stands twice; most readers keep only the last one\n');
    expect(JSON.parse((await check('config.json', '--json')).out)).toMatchObject({
      twice: [{ path: 'tool', line: 2, column: 13 }],
    });
  });

  it('given dependencies, then in whose Unions the project takes part', async () => {
    const text = JSON.stringify({
      ...{ version: '2', job_dispatch: { version: 'v2' }, dependencies: ['api', 'infra/base:v1'] },
    });
    expect((await checked(text)).out).toMatch(
      /\nDepends on api, infra\/base:v1: takes part in their Unions\.\n$/,
    );
    expect(JSON.parse((await checked(text, '--json')).out)).toMatchObject({
      dependencies: [{ project: 'api' }, { organisation: 'infra', project: 'base', pipeline: 'v1' }],
    });
  });

  it('given no such file, then so, with a way out and exit code 1', async () => {
    const { code, out, err } = await check('none.json');
    expect([code, out]).toEqual([1, '']);
    expect(err).toBe(
      'error: none.json cannot be read: ENOENT\nhint: name the file, or run this where .delivery/config.json is\n',
    );
  });

  it('given a pipe that gives it in two pieces, then all of it is read', async () => {
    const pipe = join(folder, 'pipe');
    execFileSync('mkfifo', [pipe]);
    const checking = check(pipe);
    const writing = await open(pipe, 'w');
    await writing.write('{"version": "2", "build_cookbook": {"path": "b"},');
    // the first piece is taken before the second one comes
    await new Promise((resolve) => setImmediate(resolve));
    await writing.write('"job_dispatch": {"version": "v2"}}');
    await writing.close();
    expect(await checking).toMatchObject({ code: 0, err: '' });
  });

  it('given a file without end, then that it is too long, and it is not read to the end', async () => {
    const { code, out } = await check('/dev/zero');
    expect(code).toBe(2);
    expect(out).toMatch(/^\/dev\/zero: expected at most 65536 characters/);
  });
});
