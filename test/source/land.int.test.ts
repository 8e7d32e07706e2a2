/** Does a merge land exactly when nothing came between, and is never anything of somebody else overwritten? */
import { chmodSync, existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as E from 'fp-ts/lib/Either.js';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { AppError } from '../../src/app/errors.js';
import type { SourceProvider } from '../../src/app/ports.js';
import type { Source } from '../../src/events/shapes.js';
import { gitSource } from '../../src/source/git.js';
import { aFolder, aRepository, commit, gitIn } from './given-repository.js';

let folder: ReturnType<typeof aFolder>;
let root: string;
let source: SourceProvider;
let work: string;
let bare: string;

const right = <A>(either: E.Either<AppError, A>): A => {
  if (E.isLeft(either)) throw new Error(JSON.stringify(either.left));
  return either.right;
};
const left = <A>(either: E.Either<AppError, A>): AppError => {
  if (E.isRight(either)) throw new Error(`accepted: ${JSON.stringify(either.right)}`);
  return either.left;
};

const provider = (): SourceProvider =>
  gitSource({ directory: join(folder.path, 'mirrors'), roots: [root], environment: process.env });

/** `main` and one commit on `feature`, pushed to a bare repository. */
const pushed = (): void => {
  work = aRepository(join(folder.path, 'work'));
  commit(work, { b: '2\n' }, 'Add b');
  bare = join(root, 'web.git');
  gitIn(root, ['clone', '--quiet', '--bare', work, bare]);
  gitIn(bare, ['symbolic-ref', 'HEAD', 'refs/heads/main']);
  gitIn(work, ['remote', 'add', 'origin', bare]);
};

beforeEach(() => {
  folder = aFolder();
  root = join(folder.path, 'root');
  mkdirSync(root);
  source = provider();
  pushed();
});
afterEach(() => folder.dispose());

const submitted = async (): Promise<Source> =>
  right(await source.resolve({ repository: bare, branch: 'feature', target: 'main' })()).source;
const tipOf = (ref: string, repository = bare): string => gitIn(repository, ['rev-parse', ref]);

/** Somebody else pushes to `main`. */
const somebodyPushes = (files: Readonly<Record<string, string>>, message = 'Meanwhile'): string => {
  gitIn(work, ['checkout', '--quiet', '-B', 'other', 'main']);
  const sha = commit(work, files, message);
  gitIn(work, ['push', '--quiet', 'origin', 'other:main']);
  return sha;
};

describe('merge', () => {
  it('given the target has not moved, then it is the very merge that was verified', async () => {
    const verified = await submitted();
    expect(right(await source.merge(verified)())).toEqual(verified);
  });

  it('given the target has moved, then a new merge of the same commit with the new tip', async () => {
    const verified = await submitted();
    const targetSha = somebodyPushes({ c: '3\n' });
    const merge = right(await source.merge(verified)());
    expect(merge.merge).toEqual({ ...verified.merge, targetSha });
    expect(merge.sha).not.toBe(verified.sha);
    expect(right(await source.readFile(merge, 'c')())).toBe('3\n');
  });

  it('given the branch has moved on or is gone, then still exactly the commit that was verified', async () => {
    const verified = await submitted();
    commit(work, { b: 'later\n' }, 'Later');
    gitIn(work, ['push', '--quiet', 'origin', 'feature']);
    expect(right(await source.merge(verified)()).sha).toBe(verified.sha);
    gitIn(bare, ['update-ref', '-d', 'refs/heads/feature']);
    expect(right(await source.merge(verified)()).sha).toBe(verified.sha);
  });

  it('given a conflict, then refused with every file', async () => {
    const verified = await submitted();
    somebodyPushes({ b: 'else\n', 'deep/er': 'x\n' });
    const error = left(await source.merge(verified)());
    expect([error.code, error.reason]).toEqual(['source', 'merge_conflict']);
    expect(error.problems?.map(({ path }) => path)).toEqual(['b']);
    expect(error.message).toContain('conflicts in b');
  });

  it('given the target is gone, then refused: target_missing', async () => {
    const verified = await submitted();
    gitIn(bare, ['update-ref', '-d', 'refs/heads/main']);
    expect(left(await source.merge(verified)()).reason).toBe('target_missing');
  });
});

describe('land', () => {
  it('given nothing came between, then the target is the merge, with both parents', async () => {
    const merge = await submitted();
    expect(right(await source.land(merge)())).toEqual({ kind: 'landed' });
    expect(tipOf('main')).toBe(merge.sha);
    expect([tipOf('main^1'), tipOf('main^2')]).toEqual([merge.merge?.targetSha, merge.merge?.branchSha]);
  });

  it('given somebody pushed in between, then refused, and nothing of theirs is overwritten', async () => {
    const merge = await submitted();
    const theirs = somebodyPushes({ c: '3\n' });
    expect(right(await source.land(merge)())).toMatchObject({ kind: 'refused', why: 'target_moved' });
    expect(tipOf('main')).toBe(theirs);
  });

  it('given somebody pushes between the look and the push, then the lease is lost and nothing is overwritten', async () => {
    const merge = await submitted();
    // A git that, when it is to push, first lets somebody else push.
    gitIn(work, ['checkout', '--quiet', '-B', 'other', 'main']);
    const theirs = commit(work, { c: '3\n' }, 'Meanwhile');
    const tools = join(folder.path, 'tools');
    mkdirSync(tools);
    const real = gitIn(work, ['--exec-path']);
    writeFileSync(
      join(tools, 'git'),
      `#!/bin/sh\nfor word; do [ "$word" != push ] || '${real}/git' -C '${work}' push --quiet origin other:main; done\nexec '${real}/git' "$@"\n`,
    );
    chmodSync(join(tools, 'git'), 0o755);
    const racing = gitSource({
      ...{ directory: join(folder.path, 'mirrors'), roots: [root] },
      environment: { PATH: `${tools}:${process.env['PATH'] ?? ''}` },
    });
    expect(right(await racing.land(merge)())).toMatchObject({ kind: 'refused', why: 'target_moved' });
    expect(tipOf('main')).toBe(theirs);
  });

  it('given a crash before the push, then asking again lands it; given one after it, then nothing is pushed', async () => {
    const merge = await submitted();
    expect(right(await provider().land(merge)())).toEqual({ kind: 'landed' });
    const log = gitIn(bare, ['rev-list', '--count', 'main']);
    expect(right(await provider().land(merge)())).toEqual({ kind: 'landed' });
    expect([tipOf('main'), gitIn(bare, ['rev-list', '--count', 'main'])]).toEqual([merge.sha, log]);
  });

  it('given others went on from the merge after the crash, then it has landed', async () => {
    const merge = await submitted();
    right(await source.land(merge)());
    gitIn(work, ['fetch', '--quiet', 'origin']);
    gitIn(work, ['checkout', '--quiet', '-B', 'on', 'origin/main']);
    const theirs = commit(work, { d: '4\n' }, 'Go on');
    gitIn(work, ['push', '--quiet', 'origin', 'on:main']);
    expect(right(await provider().land(merge)())).toEqual({ kind: 'landed' });
    expect(tipOf('main')).toBe(theirs);
  });

  it("given the server's copy was removed, then the same merge is made again", async () => {
    const merge = await submitted();
    rmSync(join(folder.path, 'mirrors'), { recursive: true });
    expect(right(await provider().land(merge)())).toEqual({ kind: 'landed' });
    expect(tipOf('main')).toBe(merge.sha);
  });

  it('given copy and branch are gone, then refused: merge_lost; but not once it has landed', async () => {
    const merge = await submitted();
    gitIn(bare, ['update-ref', '-d', 'refs/heads/feature']);
    rmSync(join(folder.path, 'mirrors'), { recursive: true });
    expect(right(await provider().land(merge)())).toMatchObject({ kind: 'refused', why: 'merge_lost' });
    gitIn(bare, ['update-ref', 'refs/heads/feature', merge.merge?.branchSha ?? '']);
    right(await provider().land(merge)());
    rmSync(join(folder.path, 'mirrors'), { recursive: true });
    gitIn(bare, ['update-ref', '-d', 'refs/heads/feature']);
    expect(right(await provider().land(merge)())).toEqual({ kind: 'landed' });
  });

  it('given the target is checked out there, then refused with the way git says it, work tree untouched', async () => {
    gitIn(work, ['checkout', '--quiet', 'main']);
    gitIn(work, ['config', 'receive.denyCurrentBranch', 'updateInstead']);
    const moved = join(root, 'work');
    gitIn(root, ['clone', '--quiet', work, moved]);
    gitIn(moved, ['config', 'receive.denyCurrentBranch', 'updateInstead']);
    gitIn(moved, ['branch', '--quiet', 'feature', 'origin/feature']);
    const merge = right(
      await source.resolve({ repository: moved, branch: 'feature', target: 'main' })(),
    ).source;
    const landing = right(await source.land(merge)());
    expect(landing).toMatchObject({ kind: 'refused', why: 'target_checked_out' });
    expect(tipOf('main', moved)).toBe(merge.merge?.targetSha);
    expect(existsSync(join(moved, 'b'))).toBe(false);
  });

  it('given hooks in a local repository, then none of them runs as the user of the server', async () => {
    const marker = join(folder.path, 'ran');
    for (const hook of ['pre-receive', 'update', 'post-receive', 'post-update', 'reference-transaction']) {
      mkdirSync(join(bare, 'hooks'), { recursive: true });
      writeFileSync(join(bare, 'hooks', hook), `#!/bin/sh\ntouch '${marker}'\n`);
      chmodSync(join(bare, 'hooks', hook), 0o755);
    }
    gitIn(bare, ['config', 'core.hooksPath', join(bare, 'hooks')]);
    const merge = await submitted();
    expect(right(await source.land(merge)())).toEqual({ kind: 'landed' });
    expect(existsSync(marker)).toBe(false);
  });

  it('given the repository refuses the objects, then refused: not_writable', async () => {
    gitIn(bare, ['config', 'receive.maxInputSize', '1']);
    const merge = await submitted();
    const landing = right(await source.land(merge)());
    expect(landing).toMatchObject({ kind: 'refused', why: 'not_writable' });
    expect(tipOf('main')).toBe(merge.merge?.targetSha);
  });

  it('given the ref is locked by somebody, then nothing is concluded; when it is free, then it lands', async () => {
    const merge = await submitted();
    const lock = join(bare, 'refs/heads/main.lock');
    writeFileSync(lock, '');
    expect(left(await source.land(merge)()).reason).toBe('push_undecided');
    rmSync(lock);
    expect(right(await source.land(merge)())).toEqual({ kind: 'landed' });
  });

  it('given the repository is away, then nothing is concluded', async () => {
    const merge = await submitted();
    gitIn(root, ['config', '--file', join(bare, 'config'), 'core.repositoryformatversion', '99']);
    expect(left(await source.land(merge)()).code).toBe('source');
    gitIn(root, ['config', '--file', join(bare, 'config'), 'core.repositoryformatversion', '0']);
    expect(tipOf('main')).toBe(merge.merge?.targetSha);
  });

  it.each(["it's-a;touch x", 'ünï/çode', '$(id)', 'a&b|c', '--force', 'x:y'])(
    'given a branch named %s, then it lands or is refused by its name, and nothing else happens',
    async (branch) => {
      const named = !/^-|:/.test(branch);
      const at = tipOf('feature');
      const spaceless = branch.replaceAll(' ', '_');
      if (named) gitIn(bare, ['update-ref', `refs/heads/${spaceless}`, at]);
      const found = await source.resolve({ repository: bare, branch: spaceless, target: 'main' })();
      if (!named) {
        expect(left(found).reason).toBe('branch_refused');
        return;
      }
      const merge = right(found).source;
      expect(right(await source.land(merge)())).toEqual({ kind: 'landed' });
      expect(right(await source.dropBranch(merge)())).toBe(true);
      expect(gitIn(bare, ['for-each-ref', '--format=%(refname)', 'refs/heads'])).toBe(
        'refs/heads/feature\nrefs/heads/main',
      );
    },
  );

  it.each([
    { branch: '--mirror' },
    { branch: 'a:b' },
    { merge: { target: '-x', targetSha: '', branchSha: '' } },
  ])('given a recorded source that is not as we write it (%o), then it never reaches git', async (more) => {
    const merge = { ...(await submitted()), ...more } as Source;
    expect(E.isLeft(await source.land(merge)())).toBe(true);
    expect(tipOf('main')).not.toBe(merge.sha);
  });
});

describe('dropBranch', () => {
  it('given the branch is as it was merged, then it is removed; once more is no harm', async () => {
    const merge = await submitted();
    right(await source.land(merge)());
    expect(right(await source.dropBranch(merge)())).toBe(true);
    expect(gitIn(bare, ['for-each-ref', '--format=%(refname)', 'refs/heads'])).toBe('refs/heads/main');
    expect(right(await source.dropBranch(merge)())).toBe(true);
  });

  it('given the branch has moved on, then it stays', async () => {
    const merge = await submitted();
    const later = commit(work, { b: 'later\n' }, 'Later');
    gitIn(work, ['push', '--quiet', 'origin', 'feature']);
    expect(right(await source.dropBranch(merge)())).toBe(false);
    expect(tipOf('feature')).toBe(later);
  });

  it('given the repository does not allow it, then it stays', async () => {
    gitIn(bare, ['config', 'receive.denyDeletes', 'true']);
    const merge = await submitted();
    expect(right(await source.dropBranch(merge)())).toBe(false);
    expect(tipOf('feature')).toBe(merge.merge?.branchSha);
  });
});
