import { execFileSync, spawnSync } from 'node:child_process';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as TE from 'fp-ts/lib/TaskEither.js';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { aJob, aRunner, startEdge, tokens, type Edge } from '../http/edge.js';
import { baton } from './terminal.js';

let edge: Edge | undefined;
afterEach(async () => {
  await edge?.close();
  edge = undefined;
});
const complete = async (...line: string[]): Promise<readonly string[]> => {
  const env = { BATON_URL: edge?.url ?? 'http://127.0.0.1:1', BATON_TOKEN: tokens.admin };
  const ran = await baton(['complete', '--', ...line], { env });
  expect(ran.code).toBe(0);
  return ran.out.split('\n').flatMap((text) => text.split('\t')[0] || []);
};

describe('baton complete', () => {
  it('given the beginning of a command, then the commands that start so', async () => {
    expect(await complete('hist')).toEqual(['history']);
    expect(await complete('job', 'sh')).toEqual(['show']);
  });

  it('given a dash, then the options of the command and those that all have', async () => {
    const found = await complete('job', 'cancel', '--');
    expect(found).toEqual(expect.arrayContaining(['--reason', '--url', '--json']));
    expect(found).not.toContain('--status');
  });

  it('given an option that takes a file, then the shell looks for files', async () => {
    expect(await complete('runner', 'add', 'x', '--identity', '')).toEqual([':files']);
  });

  it('given an option that takes text, then nothing', async () => {
    expect(await complete('job', 'cancel', '--reason', '')).toEqual([]);
  });

  it('given the place of a name, then the names that the server knows', async () => {
    edge = await startEdge({
      listRunners: () => TE.right([aRunner({ name: 'build-07' }), aRunner({ name: 'alpine' })]),
    });
    expect(await complete('runner', 'show', 'b')).toEqual(['build-07']);
    expect(await complete('history', '--runner', '')).toEqual(['build-07', 'alpine']);
  });

  it('given delete-runner and install-runner, then a name for the one, files for keys and packages of the other', async () => {
    edge = await startEdge({ listRunners: () => TE.right([aRunner({ name: 'build-07' })]) });
    expect(await complete('delete-runner', '')).toEqual(['build-07']);
    expect(await complete('runner', 'remove', 'b')).toEqual(['build-07']);
    expect(await complete('install-runner', '')).toEqual([]);
    expect(await complete('runner', 'install', '')).toEqual([]);
    for (const option of ['-i', '-I', '--trusted-cert', '--password-file'])
      expect(await complete('install-runner', 'h', 'u', option, '')).toEqual([':files']);
    expect(await complete('install-runner', 'h', 'u', '--is')).toEqual(['--isolate']);
    expect(await complete('install-runner', 'h', 'u', '--full')).toEqual([]);
  });

  it('given the place of an id, then the ids of jobs, and nothing behind the last argument', async () => {
    edge = await startEdge({ listJobs: () => TE.right({ items: [aJob()] }) });
    expect(await complete('job', 'show', '')).toEqual([aJob().id]);
    expect(await complete('job', 'show', 'x', '')).toEqual([]);
  });

  it('given no server, then nothing and no complaint', async () => {
    expect(await complete('runner', 'show', '')).toEqual([]);
  });
});

const has = (shell: string): boolean => spawnSync(shell, ['-c', 'exit 0']).status === 0;

/** A `baton` that answers as the real one would, with words that a shell must not take for code. */
const FAKE = `#!/bin/sh
shift 2
case "$*" in
  *--identity*) echo ':files' ;;
  *) printf 'build-07\\tready: yes\\nbuild-$(touch pwned)\\tx\\n\`touch pwned\`\\tx\\n' ;;
esac
`;

describe('the scripts in their shells', () => {
  let folder = '';
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'baton-completion-'));
    await writeFile(join(folder, 'baton'), FAKE);
    await chmod(join(folder, 'baton'), 0o755);
    for (const shell of ['bash', 'zsh', 'fish']) {
      const { out, code } = await baton(['completion', shell]);
      expect(code).toBe(0);
      await writeFile(join(folder, shell), out);
    }
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));
  const run = (shell: string, script: string): string =>
    execFileSync(
      shell,
      [...(shell === 'bash' ? ['--norc'] : shell === 'zsh' ? ['-f'] : ['--no-config']), '-c', script],
      {
        cwd: folder,
        encoding: 'utf8',
        env: { PATH: `${folder}:${process.env['PATH'] ?? ''}`, HOME: folder, TERM: 'dumb' },
      },
    );

  it('bash offers the words that fit, none of them run', () => {
    const script = `source ./bash
      COMP_WORDS=(baton runner show build-); COMP_CWORD=3; _baton; printf '%s\\n' "\${COMPREPLY[@]}"; ls pwned 2>/dev/null; true`;
    expect(run('bash', script)).toBe('build-07\nbuild-$(touch pwned)\n');
  });

  it('bash offers files where a file belongs', () => {
    const script = `source ./bash
      COMP_WORDS=(baton runner add x --identity zs); COMP_CWORD=5; _baton 2>/dev/null; printf '%s\\n' "\${COMPREPLY[@]}"`;
    expect(run('bash', script)).toBe('zsh\n');
  });

  it.skipIf(!has('zsh'))('zsh reads the script and hands the words with their meaning to its menu', () => {
    const script = `_describe() { print -r -- "$1"; print -rl -- "\${(@P)2}"; }
      _files() { print -r files; }
      source ./zsh
      words=(baton runner show b); CURRENT=4; _baton
      words=(baton runner add --identity ''); CURRENT=5; _baton; ls pwned 2>/dev/null; true`;
    expect(run('zsh', script).split('\n').slice(0, 2)).toEqual(['baton', 'build-07:ready: yes']);
    expect(run('zsh', script)).toMatch(/\nfiles\n$/u);
  });

  it.skipIf(!has('fish'))('fish offers the words with their meaning', () => {
    const out = run(
      'fish',
      `source ./fish; complete -C 'baton runner show b'; test -e pwned; and echo pwned; true`,
    );
    expect(out).toContain('build-07\tready: yes');
    expect(out).not.toMatch(/^pwned$/mu);
  });
});
