/** The text that brings a commit into a workspace by the runner's own git, run by the shells that runners have. */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as E from 'fp-ts/lib/Either.js';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Source } from '../../src/events/shapes.js';
import { cloneEnvironment, cloneScript } from '../../src/source/clone.js';
import { gitSource } from '../../src/source/git.js';
import { generateKeyPair } from '../../src/ssh/keys.js';
import { findSshd, startSystemSshd } from '../../src/ssh/system-sshd.js';
import { hasSshd, requiresSshd } from '../sshd.js';
import { aFolder, aRepository, commit, gitIn } from './given-repository.js';

let folder: ReturnType<typeof aFolder>;
let work: string;
let workspace: string;

beforeEach(() => {
  folder = aFolder();
  work = aRepository(join(folder.path, 'root', 'web'));
  workspace = join(folder.path, 'workspace');
  mkdirSync(workspace);
});
afterEach(() => folder.dispose());

const resolved = async (): Promise<Source> => {
  const source = gitSource({
    directory: join(folder.path, 'mirrors'),
    roots: [join(folder.path, 'root')],
    environment: process.env,
  });
  const found = await source.resolve({ repository: work, branch: 'feature', target: 'main' })();
  if (E.isLeft(found)) throw new Error(found.left.message);
  return found.right.source;
};

const isThere = (program: string): boolean => spawnSync('which', [program]).status === 0;
const shells = [['dash'], ['bash'], ['busybox', 'sh']].filter(([program = '']) => isThere(program));

/** As a job: the text, then a step. `more`: variables, of secrets too. */
const run = (
  [program = 'sh', ...args]: readonly string[],
  environment: Readonly<Record<string, string>>,
  step = 'git rev-parse HEAD; ls -a',
) => {
  const script = join(folder.path, 'job');
  writeFileSync(script, `${cloneScript}${step}\n`);
  const { status, stdout, stderr } = spawnSync(program, [...args, script], {
    cwd: workspace,
    env: { PATH: process.env['PATH'], HOME: folder.path, ...environment },
    encoding: 'utf8',
  });
  return { status, out: stdout, err: stderr };
};

describe.each(shells)('%s %s', (...shell) => {
  it('given a merge that exists only with the server, then the very same commit, checked out', async () => {
    commit(work, { b: '2\n' }, 'Add b');
    const source = await resolved();
    const ran = run(shell, cloneEnvironment(source, work));
    expect(ran).toEqual({ status: 0, err: '', out: `${source.sha}\n.\n..\n.git\na\nb\n` });
  });

  it('given branches that have moved on since, then still what was merged', async () => {
    commit(work, { b: '2\n' }, 'Add b');
    const source = await resolved();
    commit(work, { b: '3\n' }, 'Change b');
    gitIn(work, ['checkout', '--quiet', 'main']);
    commit(work, { c: '1\n' }, 'Add c');
    expect(run(shell, cloneEnvironment(source, work), 'git rev-parse HEAD; cat b')).toEqual({
      ...{ status: 0, err: '' },
      out: `${source.sha}\n2\n`,
    });
  });

  it('given a commit of a branch, then that commit; hooks and settings of the runner’s user do not run for it', () => {
    const sha = commit(work, { b: '2\n' }, 'Add b');
    const template = join(folder.path, 'template', 'hooks');
    mkdirSync(template, { recursive: true });
    writeFileSync(join(template, 'post-checkout'), '#!/bin/sh\necho hook ran >&2\n', { mode: 0o755 });
    const environment = cloneEnvironment({ kind: 'git', repository: work, sha, branch: 'feature' }, work);
    const ran = run(shell, { ...environment, GIT_TEMPLATE_DIR: join(folder.path, 'template') });
    expect([ran.status, ran.err, ran.out.split('\n')[0]]).toEqual([0, '', sha]);
  });

  it.each([
    [
      'a repository that is not there',
      '/nonexistent/web',
      undefined,
      'cannot be fetched from /nonexistent/web',
    ],
    ['a transport that runs programs', 'ext::sh -c "touch ran"', undefined, 'cannot be fetched'],
    ['a commit that is not there', undefined, '0'.repeat(40), 'is not in'],
  ])('given %s, then one sentence and exit code 75, and no step runs', (_, url, wrongSha, sentence) => {
    const sha = wrongSha ?? commit(work, { b: '2\n' }, 'Add b');
    const environment = cloneEnvironment(
      { kind: 'git', repository: work, sha, branch: 'feature' },
      url ?? work,
    );
    const ran = run(shell, environment, 'touch step-ran');
    expect([ran.status, ran.err]).toEqual([75, expect.stringContaining(sentence)]);
    expect([existsSync(join(workspace, 'step-ran')), existsSync(join(workspace, 'ran'))]).toEqual([
      false,
      false,
    ]);
  });

  it('given a key, then ssh uses it from a file of mode 0600 that is gone afterwards, and the step does not have it', () => {
    const sha = commit(work, { b: '2\n' }, 'Add b');
    const bin = join(folder.path, 'bin');
    mkdirSync(bin);
    // stands for ssh: notes what it was given, then serves the repository as sshd would
    writeFileSync(
      join(bin, 'ssh'),
      `#!/bin/sh\nfor word; do printf '%s\\n' "$word"; done >>"${folder.path}/argv"\nstat -c %a .git/baton-key >>"${folder.path}/seen"\ncat .git/baton-key >>"${folder.path}/seen"\nexec git upload-pack "${work}"\n`,
      { mode: 0o755 },
    );
    const source: Source = { kind: 'git', repository: 'git@git.example.org:web', sha, branch: 'feature' };
    const ran = run(
      shell,
      {
        ...cloneEnvironment(source, source.repository),
        ...{ PATH: `${bin}:${process.env['PATH'] ?? ''}`, GIT_SSH_KEY: 'canary key' },
      },
      'git rev-parse HEAD; echo "${GIT_SSH_KEY-none}"; ls .git/baton-key; true',
    );
    expect([ran.status, ran.out]).toEqual([0, `${sha}\nnone\n`]);
    expect(readFileSync(join(folder.path, 'seen'), 'utf8')).toMatch(/^600\ncanary key\n/);
    expect(readFileSync(join(folder.path, 'argv'), 'utf8')).not.toContain('canary');
  });
});

describe.runIf(hasSshd || requiresSshd)('over ssh [needs sshd]', () => {
  it('given the key of the project, then the commit comes from a real git server; given another key, then refused', async () => {
    const sha = commit(work, { b: '2\n' }, 'Add b');
    const key = generateKeyPair();
    const sshd = await startSystemSshd({
      sshdPath: findSshd() ?? '',
      directory: join(folder.path, 'sshd'),
      authorizedKey: key.publicKey,
      environment: { HOME: folder.path },
    });
    try {
      const known = join(folder.path, 'known_hosts');
      writeFileSync(
        known,
        execFileSync('ssh-keyscan', ['-p', String(sshd.port), '127.0.0.1'], {
          stdio: ['ignore', 'pipe', 'ignore'],
        }),
      );
      const url = `ssh://${sshd.user}@127.0.0.1:${sshd.port}${work}`;
      const environment = {
        ...cloneEnvironment({ kind: 'git', repository: url, sha, branch: 'feature' }, url),
        GIT_SSH_COMMAND: `ssh -F /dev/null -o UserKnownHostsFile=${known}`,
      };
      const refused = run(['sh'], { ...environment, GIT_SSH_KEY: generateKeyPair().privateKey });
      expect([refused.status, refused.err]).toEqual([75, expect.stringContaining('Permission denied')]);
      expect(readdirSync(join(workspace, '.git'))).not.toContain('baton-key');
      rmSync(join(workspace, '.git'), { recursive: true });
      const ran = run(['sh'], { ...environment, GIT_SSH_KEY: key.privateKey }, 'git rev-parse HEAD');
      expect([ran.status, ran.out]).toEqual([0, `${sha}\n`]);
    } finally {
      await sshd.close();
    }
  });
});
