/** The hook of examples/git-hook in a bare repository: real pushes, a real server, and what is left of both. */
import { execFile, execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ChangeView } from '../../src/app/use-cases.js';
import { aRepository, commit, gitIn } from '../source/given-repository.js';
import { skipped } from '../store/small-disk.js';
import { entry } from './program.js';
import { aWorld, type World } from './world.js';

const HOOK = join(import.meta.dirname, '..', '..', 'examples', 'git-hook', 'post-receive');
const V2 = { version: '2', job_dispatch: { version: 'v2' } };
const files = (config: object) => ({
  '.delivery/config.json': JSON.stringify(config, null, 2),
  '.delivery/project.toml': '[local_phases]\nunit = "true"\nlint = "true"\nsyntax = "true"\n',
});

/** The version of ShellCheck; undefined where it is not installed. */
const shellcheck = (): string | undefined => {
  try {
    return execFileSync('shellcheck', ['--version'], { encoding: 'utf8' });
  } catch {
    return undefined;
  }
};
const why = shellcheck() === undefined ? 'there is no shellcheck here' : undefined;

it.skipIf(why !== undefined)(`ShellCheck finds nothing in the hook${skipped(why)}`, () => {
  expect(execFileSync('shellcheck', ['--shell=sh', HOOK], { encoding: 'utf8' })).toBe('');
});

describe.each(['dash', 'bash'])('a push to _for under %s', (shell) => {
  let world: World;
  let bare = '';
  let work = '';
  let called = '';

  beforeAll(async () => {
    world = await aWorld();
    await world.start();
    work = aRepository(join(world.folder, 'work'), files(V2));
    bare = join(world.repositories, 'shop.git');
    gitIn(world.folder, ['init', '--quiet', '--bare', '--initial-branch=main', bare]);
    gitIn(work, ['remote', 'add', 'origin', bare]);
    gitIn(work, ['push', '--quiet', 'origin', 'main']);
    called = join(world.folder, 'called');
    const baton = `#!/bin/sh\nprintf '%s\\n' "$*" >>'${called}'\nexec '${process.execPath}' '${entry}' "$@"\n`;
    const settings = {
      command: world.file('baton', baton, 0o755),
      url: world.url,
      tokenFile: world.file('token', `${world.token}\n`),
    };
    for (const [name, value] of Object.entries(settings)) gitIn(bare, ['config', `baton.${name}`, value]);
    const hook = readFileSync(HOOK, 'utf8').replace('#!/bin/sh', `#!/usr/bin/env ${shell}`);
    mkdirSync(join(bare, 'hooks'), { recursive: true });
    writeFileSync(join(bare, 'hooks', 'post-receive'), hook, { mode: 0o755 });
  });
  afterAll(() => world.close());

  /** What the person who pushes sees; the push itself always succeeds, since the hook comes after it. */
  const push = (...refs: readonly string[]): Promise<string> =>
    new Promise((resolve, reject) => {
      const env = { PATH: process.env['PATH'] ?? '', HOME: world.folder, LC_ALL: 'C' };
      execFile('git', ['push', 'origin', ...refs], { cwd: work, env }, (error, _out, seen) => {
        if (error === null) resolve(seen);
        else reject(new Error(seen));
      });
    });
  const aCommit = (text: string, config: object = V2): string => {
    gitIn(work, ['checkout', '--quiet', '--detach', 'main']);
    return commit(work, { ...files(config), text }, text);
  };
  const broken = { ...V2, skip_phases: ['smoky'], job_dispatch: { version: 'v2', filters: { lnit: {} } } };
  const refs = (): readonly string[] =>
    gitIn(bare, ['for-each-ref', '--format=%(refname:lstrip=2) %(objectname)']).split('\n');
  const tipOf = (branch: string): string | undefined =>
    refs()
      .find((line) => line.startsWith(`${branch} `))
      ?.slice(branch.length + 1);
  const changes = async (): Promise<readonly ChangeView[]> =>
    ((await world.ask('GET', '/changes')).json() as { items: ChangeView[] }).items;
  const expectNoTrace = (): void => {
    expect(refs().filter((line) => line.startsWith('_for'))).toEqual([]);
  };

  it('given a good commit, then the branch is set, a change is made, and where it is found is told', async () => {
    const sha = aCommit('Say hello');
    const seen = await push(`${sha}:refs/heads/_for/main/feature/hello`);
    const [change] = await changes();
    expect(change).toMatchObject({ branch: 'feature/hello', pipeline: 'main', project: 'shop' });
    expect(seen).toContain(`remote:   baton change show ${change?.id.slice(0, 8) ?? ''}`);
    expect(seen).toContain(`remote:   ${world.url}/api/v1/changes/${change?.id ?? ''}`);
    expect(tipOf('feature/hello')).toBe(sha);
    expectNoTrace();
    expect(readFileSync(called, 'utf8')).toContain('change submit');
    expect(readFileSync(called, 'utf8')).not.toContain(world.token);
  });

  it('given a configuration with problems, then all are told with their places, and the branch is as it was', async () => {
    const seen = await push(`${aCommit('Break it', broken)}:refs/heads/_for/main/new`);
    expect(seen).toMatch(/\.delivery\/config\.json: skip_phases\[0\] \(line \d+, column \d+\): expected/);
    expect(seen).toMatch(/\.delivery\/config\.json: job_dispatch\.filters\.lnit \(line \d+, column \d+\)/);
    expect(seen).toContain('The branch new was removed again.');
    expect(tipOf('new')).toBeUndefined();
    const before = tipOf('feature/hello') ?? '';
    const again = await push(`${aCommit('Break hello', broken)}:refs/heads/_for/main/feature/hello`);
    expect(again).toContain(`put back to ${before}`);
    expect(tipOf('feature/hello')).toBe(before);
    expectNoTrace();
  });

  it('given several refs, branches as usual and a delete among them, then each is seen to for itself', async () => {
    const [one, bad, plain] = [aCommit('One'), aCommit('Bad', broken), aCommit('Plain')];
    await push(`${plain}:refs/heads/gone`);
    const seen = await push(
      ...[`${bad}:refs/heads/_for/main/bad`, `${one}:refs/heads/_for/main/one`, ':refs/heads/gone'],
      ...[
        `${plain}:refs/heads/plain`,
        `${plain}:refs/heads/_for/main/main`,
        `${plain}:refs/heads/_for/nothing`,
      ],
      `${plain}:refs/heads/_for/no-such-pipeline/two`,
    );
    expect([tipOf('one'), tipOf('bad'), tipOf('plain'), tipOf('gone')]).toEqual([
      ...[one, undefined, plain, undefined],
    ]);
    expect(tipOf('two')).toBeUndefined();
    expect(seen).toContain('other than its target');
    expect(seen).toContain('push to _for/<pipeline>/<branch>');
    expect(seen).toContain('no-such-pipeline');
    expectNoTrace();
  });

  it('given names that a shell or a program would obey, then they are names', async () => {
    const hostile = [
      '$(touch${IFS}pwned)',
      '`touch${IFS}pwned`',
      '";touch${IFS}pwned;"',
      "';touch${IFS}pwned;'",
      'a&touch${IFS}pwned',
      '%s%n$0',
    ];
    const sha = aCommit('Hostile');
    const dashed = ['-rf', '--help', '--token=x'];
    const seen = await push(...[...hostile, ...dashed].map((name) => `${sha}:refs/heads/_for/main/${name}`));
    const found = (await changes()).map(({ branch }) => branch);
    for (const name of hostile) {
      expect(found).toContain(name);
      expect(tipOf(name)).toBe(sha);
    }
    for (const name of dashed) {
      expect(found).not.toContain(name);
      expect(tipOf(name)).toBeUndefined();
    }
    expect(seen).not.toContain('Usage: baton');
    for (const folder of [bare, work, world.folder]) expect(existsSync(join(folder, 'pwned'))).toBe(false);
    expectNoTrace();
  });

  it('given two pushes at once, then both branches become changes; of one branch, one of the two commits stays', async () => {
    const [left, right] = [aCommit('Left'), aCommit('Right')];
    await Promise.all([
      push(`${left}:refs/heads/_for/main/left`),
      push(`${right}:refs/heads/_for/main/right`),
    ]);
    expect([tipOf('left'), tipOf('right')]).toEqual([left, right]);
    await Promise.allSettled([
      push(`${left}:refs/heads/_for/main/same`),
      push(`${right}:refs/heads/_for/main/same`),
    ]);
    expect([left, right]).toContain(tipOf('same'));
    expectNoTrace();
  });

  it('given a token that others can read, or no server, then that is said, and the branch is as it was', async () => {
    chmodSync(join(world.folder, 'token'), 0o644);
    const readable = await push(`${aCommit('Readable')}:refs/heads/_for/main/readable`);
    expect(readable).toContain('must be a file of mode 0600');
    chmodSync(join(world.folder, 'token'), 0o600);
    await world.stop();
    const away = await push(`${aCommit('Away')}:refs/heads/_for/main/away`);
    expect(away).toContain('No Baton server answers');
    expect(away).toContain('The branch away was removed again.');
    expect([tipOf('readable'), tipOf('away')]).toEqual([undefined, undefined]);
    expectNoTrace();
  });
});
