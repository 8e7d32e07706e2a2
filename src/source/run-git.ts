/** Runs git as one would a stranger's program: no shell, no user configuration, no hooks, bounded in time and output. */
import { spawn } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { Transform, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import * as E from 'fp-ts/lib/Either.js';
import type { GitFailure } from './errors.js';

export interface GitRun {
  readonly args: readonly string[];
  /** Bare repository to work in. */
  readonly gitDir?: string;
  /** The one transport that this run may use; absent: none. */
  readonly protocol?: 'https' | 'ssh' | 'file';
  /** Added to the environment, over the fixed ones. */
  readonly environment?: Readonly<Record<string, string>>;
  readonly timeoutMs?: number;
  readonly maxBytes?: number;
  /** Standard output goes to this new file instead of memory. */
  readonly toFile?: string;
}

export interface GitOutput {
  readonly exitCode: number;
  readonly stdout: string;
}

const LOCAL_TIMEOUT_MS = 60_000;
const MAX_OUTPUT = 1024 * 1024;
const MAX_STDERR = 16 * 1024;
/** Git removes its lock files on TERM; after this it is killed. */
const TERM_GRACE_MS = 3000;

/** Taken over from the server's environment, if there; everything else stays away from git. */
const inherited = [
  'PATH',
  'SSH_AUTH_SOCK',
  'HTTPS_PROXY',
  'https_proxy',
  'NO_PROXY',
  'no_proxy',
  'SSL_CERT_FILE',
  'SSL_CERT_DIR',
];

const fixedEnvironment: Readonly<Record<string, string>> = {
  PATH: '/usr/local/bin:/usr/bin:/bin',
  LC_ALL: 'C',
  HOME: '/nonexistent',
  GIT_TERMINAL_PROMPT: '0',
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_ATTR_NOSYSTEM: '1',
  GIT_NO_REPLACE_OBJECTS: '1',
  // A partial clone must not fetch what is missing by a command of its own configuration (CVE-2024-32004).
  GIT_NO_LAZY_FETCH: '1',
  GIT_OPTIONAL_LOCKS: '0',
  GIT_SSH_VARIANT: 'ssh',
  // Constant text; -F none: no ProxyCommand and the like from a configuration file.
  GIT_SSH_COMMAND:
    'ssh -F none -o BatchMode=yes -o StrictHostKeyChecking=yes -o ConnectTimeout=20 -o ForwardAgent=no',
};

const configuration = (protocol: string | undefined): readonly string[] =>
  [
    'protocol.allow=never',
    ...(protocol === undefined ? [] : [`protocol.${protocol}.allow=always`]),
    'core.hooksPath=/dev/null',
    'core.fsmonitor=false',
    'credential.helper=',
    'gc.auto=0',
    'maintenance.auto=false',
    'fetch.recurseSubmodules=false',
    'submodule.recurse=false',
    // Objects are checked as they come in; names that would lead out of the tree when unpacked are refused.
    'fetch.fsckObjects=true',
    ...['hasDot', 'hasDotdot', 'hasDotgit', 'fullPathname'].map((id) => `fetch.fsck.${id}=error`),
    // Harmless and found in real histories.
    ...['badTimezone', 'missingSpaceBeforeDate', 'zeroPaddedFilemode', 'missingSpaceBeforeEmail'].map(
      (id) => `fetch.fsck.${id}=ignore`,
    ),
    'tar.umask=0022',
  ].flatMap((setting) => ['-c', setting]);

const printable = (text: string): string => text.replace(/[^\P{C}\n]/gu, '');

/** A runner of git that takes over the named variables of `server`'s environment. Any exit code is an answer, not a failure. */
export const gitRunner = (server: Readonly<Record<string, string | undefined>>) => {
  const base: Record<string, string> = { ...fixedEnvironment };
  for (const name of inherited) {
    const value = server[name];
    if (value !== undefined) base[name] = value;
  }
  return (run: GitRun): Promise<E.Either<GitFailure, GitOutput & { readonly stderr: string }>> =>
    runOnce({ ...base, ...run.environment }, run);
};
export type RunGit = ReturnType<typeof gitRunner>;

const runOnce = async (
  env: Record<string, string>,
  run: GitRun,
): Promise<E.Either<GitFailure, GitOutput & { readonly stderr: string }>> => {
  const args = [
    ...(run.gitDir === undefined ? [] : [`--git-dir=${run.gitDir}`]),
    '--no-pager',
    '--literal-pathspecs',
    ...configuration(run.protocol),
    ...run.args,
  ];
  // A group of its own, so that a stop reaches ssh and the other helpers that git starts.
  const child = spawn('git', args, { env, cwd: '/', detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
  let stopped: GitFailure['why'] | undefined;
  const signalGroup = (signal: NodeJS.Signals): void => {
    try {
      if (child.pid !== undefined) process.kill(-child.pid, signal);
    } catch {
      // gone already
    }
  };
  let killer: NodeJS.Timeout | undefined;
  const stop = (why: GitFailure['why']): void => {
    if (stopped) return;
    stopped = why;
    signalGroup('SIGTERM');
    killer = setTimeout(() => signalGroup('SIGKILL'), TERM_GRACE_MS);
  };
  const timer = setTimeout(() => stop('timed_out'), run.timeoutMs ?? LOCAL_TIMEOUT_MS);

  const limit = run.maxBytes ?? MAX_OUTPUT;
  const out: Buffer[] = [];
  let size = 0;
  const bounded = new Transform({
    transform(chunk: Buffer, _, done) {
      size += chunk.length;
      if (size > limit) stop('too_much_output');
      done(null, stopped ? undefined : chunk);
    },
  });
  const sink =
    run.toFile === undefined
      ? new Writable({
          write: (chunk: Buffer, _, done) => {
            out.push(chunk);
            done();
          },
        })
      : createWriteStream(run.toFile, { flags: 'w', mode: 0o600, flush: true });
  let errors = Buffer.alloc(0);
  child.stderr.on('data', (chunk: Buffer) => {
    errors = Buffer.concat([errors, chunk]).subarray(-MAX_STDERR);
  });
  const ended = new Promise<{ code: number | null; error?: NodeJS.ErrnoException }>((resolve) => {
    child.once('error', (error) => resolve({ code: null, error }));
    child.once('close', (code) => resolve({ code }));
  });
  const copied = await pipeline(child.stdout, bounded, sink).then(
    () => undefined,
    (error: unknown) => error ?? new Error('unknown'),
  );
  if (copied !== undefined) stop('io');
  const { code, error } = await ended;
  clearTimeout(timer);
  clearTimeout(killer);
  const stderr = printable(errors.toString('utf8'));
  if (error) return E.left({ why: error.code === 'ENOENT' ? 'missing' : 'io', stderr, cause: error });
  if (stopped) return E.left({ why: stopped, stderr, cause: copied });
  if (code === null) return E.left({ why: 'exit', stderr: stderr || 'git was killed by a signal' });
  return E.right({ exitCode: code, stdout: Buffer.concat(out).toString('utf8'), stderr });
};
