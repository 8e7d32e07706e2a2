/** Real git repositories in temporary folders, made as a person would make them. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

const environment = {
  PATH: process.env['PATH'] ?? '/usr/bin:/bin',
  HOME: '/nonexistent',
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_AUTHOR_NAME: 'Author',
  GIT_AUTHOR_EMAIL: 'author@example.org',
  GIT_AUTHOR_DATE: '2024-01-02T03:04:05Z',
  GIT_COMMITTER_NAME: 'Author',
  GIT_COMMITTER_EMAIL: 'author@example.org',
  GIT_COMMITTER_DATE: '2024-01-02T03:04:05Z',
};

/** A temporary folder with its real path; remove it with `dispose`. */
export const aFolder = () => {
  const path = realpathSync(mkdtempSync(join(tmpdir(), 'baton-source-')));
  return { path, dispose: () => rmSync(path, { recursive: true, force: true }) };
};

/** Runs git in the folder; answers its trimmed output. */
export const gitIn = (folder: string, args: readonly string[], input?: string | Buffer): string =>
  execFileSync('git', args, { cwd: folder, env: environment, input, stdio: ['pipe', 'pipe', 'pipe'] })
    .toString()
    .trim();

/** Writes the files and commits them on the current branch. */
export const commit = (folder: string, files: Readonly<Record<string, string>>, message: string): string => {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  gitIn(folder, ['add', '--all']);
  gitIn(folder, ['commit', '--quiet', '--allow-empty', '--no-verify', '-m', message]);
  return gitIn(folder, ['rev-parse', 'HEAD']);
};

/** A repository with `files` on `main`, and branch `feature` checked out. */
export const aRepository = (
  folder: string,
  files: Readonly<Record<string, string>> = { a: '1\n' },
): string => {
  mkdirSync(folder, { recursive: true });
  gitIn(folder, ['init', '--quiet', '--initial-branch=main']);
  commit(folder, files, 'First');
  gitIn(folder, ['checkout', '--quiet', '-b', 'feature']);
  return folder;
};
