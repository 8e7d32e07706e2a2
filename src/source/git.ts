/**
 * What exactly does a change run? Branch and target of a git repository, merged, as one commit that never changes. Git and
 * what it reads are taken as hostile: see `address.ts` for where it may go and `run-git.ts` for how it is held.
 */
import { existsSync } from 'node:fs';
import { access, mkdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import * as E from 'fp-ts/lib/Either.js';
import { appError, type AppError } from '../app/errors.js';
import type { SourceProvider } from '../app/ports.js';
import { shown } from '../domain/problem.js';
import type { Source } from '../events/shapes.js';
import { readAddress, type Address } from './address.js';
import { branchProblem } from './branch.js';
import { cloneEnvironment, cloneScript } from './clone.js';
import { branchRefused, mirrorFailed } from './errors.js';
import { fetchCommit, fetchTarget, fetchTips, transportTo, type Transport } from './fetch.js';
import { dropBranch, land, type Push } from './land.js';
import { isSha, mergeTips, type Tips } from './merge.js';
import { mirrors } from './mirror.js';
import { gitRunner } from './run-git.js';

export interface GitOptions {
  /** Mirrors and archives are kept here; removed while nothing runs, it is filled again for new changes. */
  readonly directory: string;
  /** Local repositories must lie below one of these; none: no local ones. */
  readonly roots: readonly string[];
  /** The server's environment; only PATH, the ssh agent's socket and proxy settings are used. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
  readonly fetchTimeoutMs?: number;
  readonly maxFileBytes?: number;
  readonly maxArchiveBytes?: number;
  /** Runners get their source by their own git; nothing is packed for them. */
  readonly runnersClone?: boolean;
}

const MAX_TITLE = 200;

/** How many archives are remembered; one that is not is asked for again. */
const MOST_PACKED = 10_000;

/** What a merge comes from and goes to. */
interface MirrorOf {
  readonly gitDir: string;
  readonly transport: Transport;
  readonly address: Address;
  readonly wanted: Tips;
}

/** Sources from git. Calls for one repository wait for each other. Needs git 2.38 or newer. */
export const gitSource = (options: GitOptions): SourceProvider => {
  const { directory, roots, environment = {}, fetchTimeoutMs = 600_000 } = options;
  const { maxFileBytes = 1024 * 1024, maxArchiveBytes = 4 * 1024 ** 3 } = options;
  const git = gitRunner(environment);
  const { open, alone } = mirrors(directory, git);
  const archives = join(directory, 'archives');

  const resolve: SourceProvider['resolve'] = (request) => () =>
    guarded(async () => {
      const refused = refuseBranches(request.branch, request.target);
      if (refused) return E.left(refused);
      const address = await readAddress(request.repository, roots);
      if (E.isLeft(address)) return address;
      const repository = address.right.name;
      return alone(repository, async () => {
        const mirror = await open(repository);
        if (E.isLeft(mirror)) return mirror;
        const tips = await fetchTips(git, mirror.right, address.right, request, fetchTimeoutMs);
        if (E.isLeft(tips)) return tips;
        const sha = await mergeTips(git, mirror.right, tips.right);
        if (E.isLeft(sha)) return sha;
        const { branch, target, branchSha, targetSha } = tips.right;
        const title = await titleOf(mirror.right, branchSha);
        const merge = { target, targetSha, branchSha };
        const source: Source = { kind: 'git', repository, sha: sha.right, branch, merge };
        return E.map((text: string) => ({ source, title: text || branch }))(title);
      });
    });

  const titleOf = async (gitDir: string, sha: string): Promise<E.Either<AppError, string>> => {
    const read = await git({
      gitDir,
      args: ['log', '-1', '--no-show-signature', '--format=%s', '--end-of-options', sha],
    });
    if (E.isLeft(read)) return E.left(mirrorFailed('read the title', read.left));
    // Format characters too: they can turn the direction of the text around it.
    const clean = read.right.stdout.replace(/\p{C}/gu, '').trim();
    return E.right(Array.from(clean).slice(0, MAX_TITLE).join(''));
  };

  const merge: SourceProvider['merge'] = (patchset) => () =>
    withMirror(patchset, async ({ gitDir, transport, address, wanted }) => {
      const targetSha = await fetchTarget(git, transport, address, wanted.target);
      if (E.isLeft(targetSha)) return targetSha;
      if (targetSha.right === undefined) return E.left(targetMissing(address.name, wanted.target));
      const sha = await remake(gitDir, address, { ...wanted, targetSha: targetSha.right });
      if (E.isLeft(sha)) return sha;
      const tips = { target: wanted.target, targetSha: targetSha.right, branchSha: wanted.branchSha };
      return E.right({ ...patchset, sha: sha.right, merge: tips });
    });

  /** The same tips give the same merge, even in a mirror that was removed meanwhile. */
  const remake = async (
    gitDir: string,
    address: Address,
    tips: Tips,
  ): Promise<E.Either<AppError, string>> => {
    const known = await git({ gitDir, args: ['cat-file', '-e', `${tips.branchSha}^{commit}`] });
    if (E.isRight(known) && known.right.exitCode !== 0) {
      const fetched = await fetchTips(git, gitDir, address, tips, fetchTimeoutMs);
      if (E.isLeft(fetched)) return fetched;
    }
    return mergeTips(git, gitDir, tips);
  };

  const ready = async (
    source: Source,
  ): Promise<E.Either<AppError, { readonly address: Address; readonly wanted: Tips }>> => {
    const { branch, merge: tips, repository } = source;
    if (branch === undefined || tips === undefined || ![tips.branchSha, tips.targetSha].every(isSha))
      return E.left(unknownCommit(source));
    const refused = refuseBranches(branch, tips.target);
    if (refused) return E.left(refused);
    return E.map((address: Address) => ({ address, wanted: { ...tips, branch } }))(
      await readAddress(repository, roots),
    );
  };

  /** Runs `work` on the repository that a merge comes from and goes to; nobody else uses its mirror meanwhile. */
  const withMirror = <A>(source: Source, work: (at: MirrorOf) => Promise<E.Either<AppError, A>>) =>
    guarded(async () => {
      const found = await ready(source);
      if (E.isLeft(found)) return found;
      const { address, wanted } = found.right;
      return alone(address.name, async () => {
        const mirror = await open(address.name);
        if (E.isLeft(mirror)) return mirror;
        const transport = await transportTo(mirror.right, address, fetchTimeoutMs);
        return work({ gitDir: mirror.right, transport, address, wanted });
      });
    });

  /** Runs `work` on the repository that the merge is to go to, with the merge at hand. */
  const pushing = <A>(source: Source, work: (push: Push) => Promise<E.Either<AppError, A>>) =>
    withMirror(source, ({ transport, address, wanted }) =>
      work({ git, transport, address, tips: wanted, sha: source.sha }),
    );

  const landMerge: SourceProvider['land'] = (source) => () =>
    pushing(source, (push) =>
      land(push, async () => {
        const gitDir = push.transport.gitDir ?? '';
        const there = await git({ gitDir, args: ['cat-file', '-e', `${source.sha}^{commit}`] });
        if (E.isLeft(there)) return E.left(mirrorFailed('look for the merge', there.left));
        if (there.right.exitCode === 0) return E.right(true);
        const made = await remake(gitDir, push.address, push.tips);
        return E.right(E.isRight(made) && made.right === source.sha);
      }),
    );

  /** The mirror that holds the commit; fetched when a host names one that nobody resolved here. */
  const holding = async (source: Source): Promise<E.Either<AppError, string>> => {
    if (!isSha(source.sha)) return E.left(unknownCommit(source));
    const mirror = await open(source.repository);
    if (E.isLeft(mirror)) return mirror;
    const known = await isKnown(mirror.right, source.sha);
    if (E.isLeft(known) || known.right) return E.isLeft(known) ? known : mirror;
    if (source.branch !== undefined && branchProblem(source.branch)) return E.left(unknownCommit(source));
    const address = await readAddress(source.repository, roots);
    if (E.isLeft(address)) return address;
    const fetched = await fetchCommit(git, mirror.right, address.right, source, fetchTimeoutMs);
    if (E.isLeft(fetched)) return fetched;
    const now = await isKnown(mirror.right, source.sha);
    if (E.isLeft(now)) return now;
    return now.right ? mirror : E.left(unknownCommit(source));
  };

  const isKnown = async (gitDir: string, sha: string): Promise<E.Either<AppError, boolean>> => {
    const known = await git({ gitDir, args: ['cat-file', '-e', `${sha}^{commit}`] });
    return E.isLeft(known)
      ? E.left(mirrorFailed('look for the commit', known.left))
      : E.right(known.right.exitCode === 0);
  };

  const readFile: SourceProvider['readFile'] = (source, path) => () =>
    guarded(() =>
      alone(source.repository, async () => {
        if (!isInTree(path)) return E.left(pathRefused(path));
        const mirror = await holding(source);
        if (E.isLeft(mirror)) return mirror;
        const object = `${source.sha}:${path}`;
        const kind = await git({ gitDir: mirror.right, args: ['cat-file', '-t', object] });
        if (E.isLeft(kind)) return E.left(mirrorFailed(`read ${path}`, kind.left));
        if (kind.right.stdout.trim() !== 'blob') return E.right(undefined);
        const blob = await git({
          gitDir: mirror.right,
          args: ['cat-file', 'blob', object],
          maxBytes: maxFileBytes,
        });
        if (E.isLeft(blob)) return E.left(mirrorFailed(`read ${path}`, blob.left));
        return blob.right.exitCode === 0
          ? E.right(blob.right.stdout)
          : E.left(mirrorFailed(`read ${path}`, { why: 'exit', stderr: blob.right.stderr }));
      }),
    );

  /** Made, or found, for this repository since the start: a commit never changes, so that git need not be asked again. */
  const packed = new Map<string, string>();

  const archive: SourceProvider['archive'] = (source) => () =>
    guarded(async () => {
      const key = `${source.sha} ${source.repository}`;
      const before = packed.get(key);
      // not asked of another thread, which costs ten times as much
      if (before !== undefined && existsSync(before)) return E.right({ key: source.sha, tarFile: before });
      const made = await pack(source);
      if (E.isRight(made)) {
        packed.set(key, made.right.tarFile);
        const [oldest] = packed.keys();
        if (packed.size > MOST_PACKED && oldest !== undefined) packed.delete(oldest);
      }
      return made;
    });

  const pack = (source: Source): ReturnType<ReturnType<SourceProvider['archive']>> =>
    alone(source.repository, async () => {
      const mirror = await holding(source);
      if (E.isLeft(mirror)) return mirror;
      const { sha } = source;
      const tarFile = join(archives, `${sha}.tar`);
      // Forks share commits, so the file's own name is the lock.
      return alone(`archive:${sha}`, async () => {
        if (await isThere(tarFile)) return E.right({ key: sha, tarFile });
        await mkdir(archives, { recursive: true, mode: 0o700 });
        const half = `${tarFile}.tmp`;
        const written = await git({
          gitDir: mirror.right,
          args: ['archive', '--format=tar', '--end-of-options', sha],
          toFile: half,
          maxBytes: maxArchiveBytes,
          timeoutMs: fetchTimeoutMs,
        });
        if (E.isLeft(written)) return E.left(mirrorFailed('pack the tree', written.left));
        if (written.right.exitCode !== 0)
          return E.left(mirrorFailed('pack the tree', { why: 'exit', stderr: written.right.stderr }));
        await rename(half, tarFile);
        return E.right({ key: sha, tarFile });
      });
    });

  const clone: NonNullable<SourceProvider['clone']> = (source) => async () => {
    if (!isSha(source.sha) || (source.branch !== undefined && branchProblem(source.branch)))
      return E.left(unknownCommit(source));
    return E.map(({ url }: Address) => ({
      script: cloneScript,
      environment: cloneEnvironment(source, url),
    }))(await readAddress(source.repository, roots));
  };

  return {
    ...{ resolve, merge, readFile, archive },
    ...(options.runnersClone === true ? { clone } : {}),
    land: landMerge,
    dropBranch: (source) => () => pushing(source, dropBranch),
  };
};

/** Errors of the file system become values here; they are expected, a full disk above all. */
const guarded = async <A>(work: () => Promise<E.Either<AppError, A>>): Promise<E.Either<AppError, A>> => {
  try {
    return await work();
  } catch (cause) {
    if (!(cause instanceof Error && 'code' in cause)) throw cause;
    return E.left(mirrorFailed('use its folder', { why: 'io', stderr: '', cause }));
  }
};

const targetMissing = (repository: string, target: string): AppError =>
  appError(
    'source',
    'target_missing',
    `The target branch ${target} was expected in ${repository}; there is none.`,
    { hint: 'Push the branch, then approve again.' },
  );

const isThere = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );

const refuseBranches = (branch: string, target: string): AppError | undefined => {
  const odd = branchProblem(branch);
  if (odd) return branchRefused('branch', odd.found, odd.expected);
  const oddTarget = branchProblem(target);
  if (oddTarget) return branchRefused('target', oddTarget.found, oddTarget.expected);
  return branch === target
    ? branchRefused('branch', shown(branch), 'another branch than the target')
    : undefined;
};

/** A plain path inside the tree; no revision syntax, no way up. */
const isInTree = (path: string): boolean =>
  /^[\w.][\w./ -]{0,200}$/.test(path) && !path.split('/').some((part) => part === '' || part === '..');

const pathRefused = (path: string): AppError =>
  appError(
    'invalid',
    'path_refused',
    `A plain path inside the repository was expected; found ${shown(path)}.`,
  );

const unknownCommit = (source: Source): AppError =>
  appError(
    'source',
    'unknown_commit',
    `Commit ${shown(source.sha)} of ${source.repository} is neither in the server's copy nor given by the repository.`,
    {
      hint: 'Push the commit, or name the branch that holds it.',
    },
  );
