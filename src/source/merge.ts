/** What would the target be with this branch in it? A merge commit made without a work tree, the same each time. */
import * as E from 'fp-ts/lib/Either.js';
import { appError, type AppError } from '../app/errors.js';
import { mergeCommit } from '../domain/merge-commit.js';
import { mirrorFailed } from './errors.js';
import type { RunGit } from './run-git.js';

export interface Tips {
  readonly branch: string;
  readonly branchSha: string;
  readonly target: string;
  readonly targetSha: string;
}

/** Files named in a message; more are only counted. */
const SHOWN_FILES = 20;
/** Files listed in the refusal. */
const MOST_FILES = 1000;

/** Sha of the merge. Refused: `empty_change`, `merge_conflict` with the files, `unrelated_histories`. */
export const mergeTips = async (
  git: RunGit,
  gitDir: string,
  tips: Tips,
): Promise<E.Either<AppError, string>> => {
  const { branchSha, targetSha } = tips;
  const contained = await git({ gitDir, args: ['merge-base', '--is-ancestor', branchSha, targetSha] });
  if (E.isLeft(contained)) return E.left(mirrorFailed('compare the branches', contained.left));
  if (contained.right.exitCode === 0) return E.left(emptyChange(tips));

  const merged = await git({
    gitDir,
    args: [
      'merge-tree',
      '--write-tree',
      '-z',
      '--name-only',
      '--no-messages',
      '--end-of-options',
      targetSha,
      branchSha,
    ],
  });
  if (E.isLeft(merged)) return E.left(mirrorFailed('merge the branches', merged.left));
  const [tree = '', ...files] = merged.right.stdout.split('\0').filter((part) => part !== '');
  if (merged.right.exitCode === 1) return E.left(conflict(tips, files));
  if (merged.right.exitCode !== 0 || !isSha(tree)) return E.left(mergeRefused(tips, merged.right.stderr));
  return commit(git, gitDir, tips, tree);
};

/** A full object name, SHA-1 or SHA-256. */
export const isSha = (text: string): boolean => /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/.test(text);

/** Everything that goes into the commit comes from the tips, so the same tips give the same sha. */
const commit = async (
  git: RunGit,
  gitDir: string,
  { branch, branchSha, target, targetSha }: Tips,
  tree: string,
): Promise<E.Either<AppError, string>> => {
  const dated = await git({
    gitDir,
    args: ['log', '-1', '--no-show-signature', '--format=%ct', '--end-of-options', branchSha],
  });
  if (E.isLeft(dated)) return E.left(mirrorFailed('read the date of the branch', dated.left));
  // The branch's date, not 1970: some tools refuse to pack files that are older than 1980.
  const seconds = /^[1-9]\d{8,9}$/.exec(dated.right.stdout.trim())?.[0] ?? mergeCommit.fallbackSeconds;
  const when = `@${seconds} +0000`;
  const made = await git({
    gitDir,
    args: ['commit-tree', '-p', targetSha, '-p', branchSha, '-m', mergeCommit.message(branch, target), tree],
    environment: {
      GIT_AUTHOR_NAME: mergeCommit.name,
      GIT_AUTHOR_EMAIL: mergeCommit.email,
      GIT_AUTHOR_DATE: when,
      GIT_COMMITTER_NAME: mergeCommit.name,
      GIT_COMMITTER_EMAIL: mergeCommit.email,
      GIT_COMMITTER_DATE: when,
    },
  });
  if (E.isLeft(made)) return E.left(mirrorFailed('write the merge', made.left));
  const sha = made.right.stdout.trim();
  if (made.right.exitCode !== 0 || !isSha(sha))
    return E.left(mirrorFailed('write the merge', { why: 'exit', stderr: made.right.stderr }));
  // A ref of its own keeps the commit from ever being collected as garbage.
  const kept = await git({ gitDir, args: ['update-ref', '--end-of-options', `refs/baton/${sha}`, sha] });
  if (E.isLeft(kept)) return E.left(mirrorFailed('keep the merge', kept.left));
  return kept.right.exitCode === 0
    ? E.right(sha)
    : E.left(mirrorFailed('keep the merge', { why: 'exit', stderr: kept.right.stderr }));
};

const emptyChange = ({ branch, target }: Tips): AppError =>
  appError(
    'source',
    'empty_change',
    `Branch ${branch} has no commit that ${target} does not have, so there is nothing to verify.`,
    {
      hint: `Commit to ${branch} and push, then submit again.`,
    },
  );

const conflict = ({ branch, target }: Tips, files: readonly string[]): AppError => {
  const names = [...new Set(files)].sort().map((file) => file.replace(/\p{C}/gu, '?'));
  const rest = names.length > SHOWN_FILES ? ` and ${names.length - SHOWN_FILES} more` : '';
  const list = `${names.slice(0, SHOWN_FILES).join(', ')}${rest}`;
  return appError(
    'source',
    'merge_conflict',
    `Branch ${branch} cannot be merged into ${target}: conflicts in ${list}.`,
    {
      hint: `Merge ${target} into ${branch}, resolve the conflicts, push, then submit again.`,
      problems: names.slice(0, MOST_FILES).map((path) => ({
        ...{ path, expected: 'both sides to fit together', found: 'a conflict' },
      })),
    },
  );
};

const mergeRefused = (tips: Tips, stderr: string): AppError => {
  if (/unrelated histories/.test(stderr))
    return appError(
      'source',
      'unrelated_histories',
      `Branch ${tips.branch} and ${tips.target} have no common commit.`,
      {
        hint: `Make the branch from ${tips.target}.`,
      },
    );
  if (/usage:|unknown option|not a git command/.test(stderr))
    return appError(
      'source',
      'git_too_old',
      'Git 2.38 or newer was expected on the server; this one cannot merge without a work tree.',
      {
        hint: 'Install a newer git.',
      },
    );
  return mirrorFailed('merge the branches', { why: 'exit', stderr });
};
