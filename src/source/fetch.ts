/** Brings the tips of two branches into the mirror, or says which of them, or what else, is missing. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as E from 'fp-ts/lib/Either.js';
import { appError, type AppError } from '../app/errors.js';
import type { Address } from './address.js';
import { repositoryFailed } from './errors.js';
import { isSha, type Tips } from './merge.js';
import type { GitRun, RunGit } from './run-git.js';

interface Wanted {
  readonly branch: string;
  readonly target: string;
}

/** Always the same two refs: names chosen by a repository never become names in our mirror. */
const refs = { branch: 'refs/fetched/branch', target: 'refs/fetched/target' } as const;

export type Transport = Omit<GitRun, 'args'>;

/** How to reach the repository, and nothing else. */
export const transportTo = async (
  gitDir: string,
  address: Address,
  timeoutMs: number,
): Promise<Transport> => ({
  ...{ gitDir, protocol: address.protocol, timeoutMs },
  environment: await trust(gitDir, address),
});

const QUIETLY = [
  ...['fetch', '--quiet', '--no-tags', '--no-write-fetch-head', '--no-recurse-submodules', '--force'],
  '--end-of-options',
];

/** Sha of the target's tip as it is now, brought into the mirror; undefined when there is no such branch. */
export const fetchTarget = async (
  git: RunGit,
  transport: Transport,
  address: Address,
  target: string,
): Promise<E.Either<AppError, string | undefined>> => {
  const listed = await listTips(git, transport, address, [target]);
  if (E.isLeft(listed)) return listed;
  if (!listed.right.has(target)) return E.right(undefined);
  const args = [...QUIETLY, address.url, `+refs/heads/${target}:${refs.target}`];
  const fetched = await git({ ...transport, args });
  if (E.isLeft(fetched)) return E.left(repositoryFailed(address.name, fetched.left));
  const { exitCode, stderr } = fetched.right;
  if (exitCode !== 0) return E.left(repositoryFailed(address.name, { why: 'exit', stderr }));
  const tip = await tipOf(git, transport.gitDir ?? '', refs.target);
  return tip === undefined
    ? E.left(repositoryFailed(address.name, { why: 'exit', stderr: 'the branch is no commit' }))
    : E.right(tip);
};

/** Tips of these branches as the repository tells them now; one that is not there is left out. */
export const listTips = async (
  git: RunGit,
  transport: Transport,
  address: Address,
  branches: readonly string[],
): Promise<E.Either<AppError, ReadonlyMap<string, string>>> => {
  const names = branches.map((branch) => `refs/heads/${branch}`);
  const listed = await git({
    ...transport,
    args: ['ls-remote', '--heads', '--end-of-options', address.url, ...names],
  });
  if (E.isLeft(listed)) return E.left(repositoryFailed(address.name, listed.left));
  const { exitCode, stdout, stderr } = listed.right;
  if (exitCode !== 0) return E.left(repositoryFailed(address.name, { why: 'exit', stderr }));
  // A pattern also matches at the end of longer names, hence the exact comparison.
  const tips = stdout.split('\n').flatMap((line): (readonly [string, string])[] => {
    const [sha = '', name = ''] = line.split('\t');
    return isSha(sha) && names.includes(name) ? [[name.slice('refs/heads/'.length), sha]] : [];
  });
  return E.right(new Map(tips));
};

const tipOf = async (git: RunGit, gitDir: string, ref: string): Promise<string | undefined> => {
  const answer = await git({ gitDir, args: ['rev-parse', '--verify', '--end-of-options', ref] });
  return E.isRight(answer) ? answer.right.stdout.split('\n').find(isSha) : undefined;
};

/** Shas of both tips as they are now. */
export const fetchTips = async (
  git: RunGit,
  gitDir: string,
  address: Address,
  wanted: Wanted,
  timeoutMs: number,
): Promise<E.Either<AppError, Tips>> => {
  const transport = await transportTo(gitDir, address, timeoutMs);
  const fetched = await git({
    ...transport,
    args: [
      ...QUIETLY,
      address.url,
      `+refs/heads/${wanted.branch}:${refs.branch}`,
      `+refs/heads/${wanted.target}:${refs.target}`,
    ],
  });
  if (E.isLeft(fetched)) return E.left(repositoryFailed(address.name, fetched.left));
  if (fetched.right.exitCode !== 0)
    return E.left(await explain(git, transport, address, wanted, fetched.right.stderr));
  const branchSha = await tipOf(git, gitDir, refs.branch);
  const targetSha = await tipOf(git, gitDir, refs.target);
  return branchSha !== undefined && targetSha !== undefined
    ? E.right({ ...wanted, branchSha, targetSha })
    : E.left(repositoryFailed(address.name, { why: 'exit', stderr: 'the branches are not commits' }));
};

/** Brings one commit into the mirror, by its name or with its branch. Whether it is there afterwards is for the caller to see. */
export const fetchCommit = async (
  git: RunGit,
  gitDir: string,
  address: Address,
  { sha, branch }: { readonly sha: string; readonly branch?: string },
  timeoutMs: number,
): Promise<E.Either<AppError, void>> => {
  const environment = await trust(gitDir, address);
  const fetchRef = (ref: string) =>
    git({
      ...{ gitDir, protocol: address.protocol, timeoutMs, environment },
      args: [
        ...['fetch', '--quiet', '--no-tags', '--no-write-fetch-head', '--no-recurse-submodules', '--force'],
        ...['--end-of-options', address.url, `+${ref}:refs/fetched/commit`],
      ],
    });
  const byName = await fetchRef(sha);
  if (E.isRight(byName) && byName.right.exitCode === 0) return E.right(undefined);
  // not every server gives a commit by its name (uploadpack.allowAnySHA1InWant, git-config(1))
  const last = branch === undefined ? byName : await fetchRef(`refs/heads/${branch}`);
  if (E.isLeft(last)) return E.left(repositoryFailed(address.name, last.left));
  return last.right.exitCode === 0
    ? E.right(undefined)
    : E.left(repositoryFailed(address.name, { why: 'exit', stderr: last.right.stderr }));
};

/**
 * A local repository may belong to another user: being below a source root is the operator's word that it may be read.
 * The word must stand in a file: git hides `-c` from the program that reads the other repository (safe.directory, git-config(1)).
 */
const trust = async (gitDir: string, address: Address): Promise<Readonly<Record<string, string>>> => {
  if (address.protocol !== 'file') return {};
  const file = join(gitDir, 'baton-trust');
  const quoted = [address.url, address.name].map((path) => path.replace(/["\\]/g, '\\$&'));
  await writeFile(file, `[safe]\n${quoted.map((path) => `\tdirectory = "${path}"\n`).join('')}`);
  return { GIT_CONFIG_GLOBAL: file };
};

/** Asks for the list of branches: git's answer to a fetch names a missing branch only in words. */
const explain = async (
  git: RunGit,
  transport: Transport,
  address: Address,
  { branch, target }: Wanted,
  stderr: string,
): Promise<AppError> => {
  const failed = repositoryFailed(address.name, { why: 'exit', stderr });
  const listed = await listTips(git, transport, address, [branch, target]);
  if (E.isLeft(listed)) return failed;
  if (!listed.right.has(branch)) return absent('branch_missing', 'branch', branch, address);
  if (!listed.right.has(target)) return absent('target_missing', 'target branch', target, address);
  return failed;
};

const absent = (reason: string, what: string, name: string, address: Address): AppError =>
  appError('source', reason, `The ${what} ${name} was expected in ${address.name}; there is none.`, {
    hint: 'Push the branch, or correct its name.',
  });
