import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import * as E from 'fp-ts/lib/Either.js';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { AppError } from '../../src/app/errors.js';
import type { SourceProvider } from '../../src/app/ports.js';
import { gitSource } from '../../src/source/git.js';
import { aFolder, aRepository, commit, gitIn } from './given-repository.js';

let folder: ReturnType<typeof aFolder>;
let root: string;
let source: SourceProvider;

const provider = (roots: readonly string[] = [root]): SourceProvider =>
  gitSource({ directory: join(folder.path, 'mirrors'), roots, environment: process.env });

beforeEach(() => {
  folder = aFolder();
  root = join(folder.path, 'root');
  mkdirSync(root);
  source = provider();
});
afterEach(() => folder.dispose());

const resolve = async (repository: string, branch = 'feature', target = 'main') =>
  source.resolve({ repository, branch, target })();

const right = <A>(either: E.Either<AppError, A>): A => {
  if (E.isLeft(either)) throw new Error(JSON.stringify(either.left));
  return either.right;
};
const left = <A>(either: E.Either<AppError, A>): AppError => {
  if (E.isRight(either)) throw new Error(`accepted: ${JSON.stringify(either.right)}`);
  return either.left;
};

describe('resolve', () => {
  it('given a branch ahead of its target, then it names the merge, both tips and the title', async () => {
    const repository = aRepository(join(root, 'web'));
    const branchSha = commit(repository, { b: '2\n' }, 'Add b\n\nLonger text');
    const { source: found, title } = right(await resolve(repository));
    expect(title).toBe('Add b');
    expect(found).toMatchObject({ kind: 'git', repository, branch: 'feature' });
    const targetSha = gitIn(repository, ['rev-parse', 'main']);
    expect(found.merge).toEqual({ target: 'main', targetSha, branchSha });
    expect(found.sha).not.toBe(branchSha);
  });

  it('given the same tips, then another server gives the same sha', async () => {
    const repository = aRepository(join(root, 'web'));
    commit(repository, { b: '2\n' }, 'Add b');
    const first = right(await resolve(repository)).source;
    const other = gitSource({ directory: join(folder.path, 'other'), roots: [root] });
    const second = right(await other.resolve({ repository, branch: 'feature', target: 'main' })()).source;
    expect(second).toEqual(first);
  });

  it('given both sides have moved, then the merge holds both', async () => {
    const repository = aRepository(join(root, 'web'));
    commit(repository, { b: '2\n' }, 'Add b');
    gitIn(repository, ['checkout', '--quiet', 'main']);
    commit(repository, { c: '3\n' }, 'Add c');
    const { source: found } = right(await resolve(repository));
    expect(right(await source.readFile(found, 'b')())).toBe('2\n');
    expect(right(await source.readFile(found, 'c')())).toBe('3\n');
  });

  it('given the branch has moved on, then the new tip is taken and the old merge is still there', async () => {
    const repository = aRepository(join(root, 'web'));
    commit(repository, { b: 'old\n' }, 'Old');
    const old = right(await resolve(repository)).source;
    gitIn(repository, ['reset', '--quiet', '--hard', 'main']);
    commit(repository, { b: 'new\n' }, 'New');
    const now = right(await resolve(repository)).source;
    expect(right(await source.readFile(now, 'b')())).toBe('new\n');
    expect(right(await source.readFile(old, 'b')())).toBe('old\n');
  });

  it('given a bare repository and a file:// address, then both name the same source', async () => {
    const repository = aRepository(join(root, 'web'));
    commit(repository, { b: '2\n' }, 'Add b');
    const bare = join(root, 'bare.git');
    gitIn(root, ['clone', '--quiet', '--bare', repository, bare]);
    expect(right(await resolve(`file://${bare}`)).source).toEqual(right(await resolve(bare)).source);
  });

  it('given parallel calls for one repository, then all get their answer', async () => {
    const repository = aRepository(join(root, 'web'));
    commit(repository, { b: '2\n' }, 'Add b');
    gitIn(repository, ['checkout', '--quiet', '-b', 'other']);
    commit(repository, { c: '3\n' }, 'Add c');
    const answers = await Promise.all([
      ...[resolve(repository), resolve(repository, 'other'), resolve(repository)],
      resolve(repository, 'other'),
    ]);
    const shas = answers.map((answer) => right(answer).source.sha);
    expect(shas[0]).toBe(shas[2]);
    expect(shas[1]).toBe(shas[3]);
    expect(new Set(shas).size).toBe(2);
  });

  it('given a title that plays with the terminal, then only its letters stay', async () => {
    const repository = aRepository(join(root, 'web'));
    commit(repository, { b: '2\n' }, `\u001b[31mred\u202e ${'x'.repeat(300)}`);
    const { title } = right(await resolve(repository));
    expect(title.startsWith('[31mred x')).toBe(true);
    expect(title).toHaveLength(200);
  });
});

describe('resolve, refused with a reason and a sentence', () => {
  it('given a conflict, then the files are listed', async () => {
    const repository = aRepository(join(root, 'web'));
    commit(repository, { a: 'mine\n', 'dir/b c': 'mine\n' }, 'Mine');
    gitIn(repository, ['checkout', '--quiet', 'main']);
    commit(repository, { a: 'theirs\n', 'dir/b c': 'theirs\n' }, 'Theirs');
    const error = left(await resolve(repository));
    expect([error.code, error.reason]).toEqual(['source', 'merge_conflict']);
    expect(error.message).toBe('Branch feature cannot be merged into main: conflicts in a, dir/b c.');
  });

  it('given nothing new on the branch, then the change is empty', async () => {
    const repository = aRepository(join(root, 'web'));
    expect(left(await resolve(repository)).reason).toBe('empty_change');
  });

  it('given branches without a common commit, then they are unrelated', async () => {
    const repository = aRepository(join(root, 'web'));
    gitIn(repository, ['checkout', '--quiet', '--orphan', 'lonely']);
    commit(repository, { z: '1\n' }, 'Lonely');
    expect(left(await resolve(repository, 'lonely')).reason).toBe('unrelated_histories');
  });

  it.each([
    ['an unknown branch', 'web', 'nothing', 'main', 'branch_missing', 'The branch nothing was expected in'],
    [
      'an unknown target',
      'web',
      'feature',
      'trunk',
      'target_missing',
      'The target branch trunk was expected in',
    ],
    ['a folder without a repository', 'empty', 'feature', 'main', 'not_a_repository', 'the folder has none'],
    ['nothing at the path', 'absent', 'feature', 'main', 'repository_missing', 'there is nothing'],
    ['the target as branch', 'web', 'main', 'main', 'branch_refused', 'another branch than the target'],
  ])('given %s, then it is told', async (_, name, branch, target, reason, words) => {
    commit(aRepository(join(root, 'web')), { b: '2\n' }, 'Add b');
    mkdirSync(join(root, 'empty'));
    const error = left(await resolve(join(root, name), branch, target));
    expect(error.reason).toBe(reason);
    expect(error.message).toContain(words);
  });

  // Port 1 on the loopback: nothing listens, so the answer is at once.
  it.each(['https://127.0.0.1:1/web.git', 'ssh://git@127.0.0.1:1/web.git'])(
    'given %s, which refuses connections, then it could not be reached',
    async (address) => {
      const error = left(await resolve(address));
      expect([error.reason, error.message]).toEqual([
        'repository_unreachable',
        `The repository ${address} could not be reached.`,
      ]);
    },
  );

  it('given a server without git, then it says so', async () => {
    source = gitSource({
      directory: join(folder.path, 'm'),
      roots: [root],
      environment: { PATH: folder.path },
    });
    const error = left(await resolve(aRepository(join(root, 'web'))));
    expect(error.reason).toBe('git_missing');
  });

  it('given a data folder that is a file, then it is a value, not a crash', async () => {
    writeFileSync(join(folder.path, 'mirrors'), '');
    expect(left(await resolve(aRepository(join(root, 'web')))).reason).toBe('io');
  });

  it('given too little time, then git is stopped and it is told', async () => {
    source = gitSource({ directory: join(folder.path, 'm'), roots: [root], fetchTimeoutMs: 1 });
    const repository = aRepository(join(root, 'web'));
    commit(repository, { b: '2\n' }, 'Add b');
    expect(left(await resolve(repository)).reason).toBe('git_timed_out');
  });
});

describe('hostile input', () => {
  const canary = (): string => join(folder.path, 'canary');
  afterEach(() => expect(existsSync(canary())).toBe(false));

  it.each([
    (file: string) => `ext::sh -c touch% ${file}`,
    (file: string) => `ext::touch ${file}`,
    (file: string) => `--upload-pack=touch ${file}`,
    (file: string) => `-u${file}`,
    (file: string) => `fd::17/${file}`,
    (file: string) => `ssh://-oProxyCommand=touch%20${file}/x`,
    (file: string) => `-oProxyCommand=touch${file}@host:x`,
    (file: string) => `user@-oProxyCommand=touch${file}:x`,
    (file: string) => `user@host:--upload-pack=touch ${file}`,
    (file: string) => `user@host::${file}`,
    (file: string) => `http://example.org/${file}`,
    (file: string) => `git://example.org${file}`,
    (file: string) => `https://example.org/x\n${file}`,
    () => 'https://name:secret-word@example.org/x.git',
    () => 'https://secret-word@example.org/x.git',
    () => 'relative/path',
    () => '',
  ])('given address %#, then git never sees it', async (address) => {
    const error = left(await resolve(address(canary())));
    expect([error.code, error.reason]).toEqual(['invalid', 'repository_refused']);
    expect(JSON.stringify(error)).not.toContain('secret-word');
    expect(existsSync(join(folder.path, 'mirrors'))).toBe(false);
  });

  it('given a branch that looks like an option, then git never sees it', async () => {
    const repository = aRepository(join(root, 'web'));
    const error = left(await resolve(repository, `--upload-pack=touch ${canary()}`));
    expect([error.code, error.reason]).toEqual(['invalid', 'branch_refused']);
  });

  it('given hooks in the repository, then none is run', async () => {
    const repository = aRepository(join(root, 'web'));
    commit(repository, { b: '2\n' }, 'Add b');
    for (const hook of [
      'pre-receive',
      'post-checkout',
      'reference-transaction',
      'post-merge',
      'pre-auto-gc',
    ]) {
      writeFileSync(join(repository, '.git/hooks', hook), `#!/bin/sh\ntouch ${canary()}\n`);
      chmodSync(join(repository, '.git/hooks', hook), 0o755);
    }
    right(await source.archive(right(await resolve(repository)).source)());
  });

  it('given commands in the configuration of the repository, then none is run', async () => {
    const repository = aRepository(join(root, 'web'), {
      a: '1\n',
      '.gitattributes': '* filter=bad merge=bad diff=bad\n',
    });
    commit(repository, { b: '2\n' }, 'Add b');
    const touch = `touch ${canary()}`;
    for (const key of [
      ...['core.fsmonitor', 'core.sshCommand', 'core.alternateRefsCommand', 'uploadpack.packObjectsHook'],
      ...[
        'filter.bad.smudge',
        'filter.bad.clean',
        'filter.bad.process',
        'merge.bad.driver',
        'tar.tar.command',
      ],
    ])
      gitIn(repository, ['config', key, touch]);
    const found = right(await resolve(repository)).source;
    right(await source.archive(found)());
  });

  it('given a partial clone that would fetch by a command of its own, then the command is not run', async () => {
    const repository = aRepository(join(root, 'web'));
    commit(repository, { b: '2\n' }, 'Add b');
    const blob = gitIn(repository, ['rev-parse', 'feature:b']);
    execFileSync('rm', ['-f', join(repository, '.git/objects', blob.slice(0, 2), blob.slice(2))]);
    gitIn(repository, ['config', 'core.repositoryFormatVersion', '1']);
    gitIn(repository, ['config', 'extensions.partialClone', 'origin']);
    gitIn(repository, ['config', 'remote.origin.promisor', 'true']);
    gitIn(repository, ['config', 'remote.origin.url', repository]);
    gitIn(repository, ['config', 'remote.origin.uploadpack', `touch ${canary()};`]);
    expect(left(await resolve(repository)).code).toBe('source');
  });

  it('given a path outside the roots, written plainly, with dots, by symbolic link, then it is refused', async () => {
    const outside = aRepository(join(folder.path, 'outside'));
    commit(outside, { b: 'secret\n' }, 'Add b');
    symlinkSync(outside, join(root, 'link'));
    mkdirSync(join(root, 'dot-git'));
    symlinkSync(join(outside, '.git'), join(root, 'dot-git/.git'));
    const plain = ['outside', 'root/../outside', 'root/link', 'root/dot-git', 'root-beside'];
    for (const path of plain.map((name) => `${folder.path}/${name}`)) {
      const error = left(await resolve(path));
      expect([path, error.reason]).toEqual([path, 'repository_refused']);
    }
    expect(
      left(await provider([]).resolve({ repository: outside, branch: 'feature', target: 'main' })()).hint,
    ).toContain('Configure a source root');
  });

  it('given a repository that leads elsewhere by a file, then it is refused', async () => {
    const outside = aRepository(join(folder.path, 'outside'));
    mkdirSync(join(root, 'gitfile'));
    writeFileSync(join(root, 'gitfile/.git'), `gitdir: ${outside}/.git\n`);
    expect(left(await resolve(join(root, 'gitfile'))).reason).toBe('linked_work_tree');
    const borrower = aRepository(join(root, 'borrower'));
    writeFileSync(join(borrower, '.git/objects/info/alternates'), `${outside}/.git/objects\n`);
    expect(left(await resolve(borrower)).reason).toBe('borrowed_objects');
  });

  it('given a tree with an entry that leads out of it, then it is not taken in', async () => {
    const repository = aRepository(join(root, 'web'));
    const blob = gitIn(repository, ['hash-object', '-w', '--stdin'], 'x');
    const entry = (mode: string, name: string, sha: string): Buffer =>
      Buffer.concat([Buffer.from(`${mode} ${name}\0`), Buffer.from(sha, 'hex')]);
    const write = (bytes: Buffer): string =>
      gitIn(repository, ['hash-object', '-t', 'tree', '-w', '--literally', '--stdin'], bytes);
    const tree = write(entry('40000', '..', write(entry('100644', 'evil', blob))));
    const evil = gitIn(repository, ['commit-tree', '-p', 'main', '-m', 'Evil', tree]);
    gitIn(repository, ['update-ref', 'refs/heads/evil', evil]);
    expect(left(await resolve(repository, 'evil')).code).toBe('source');
  });

  it.runIf(process.getuid?.() === 0)(
    'given a repository of another user below a root, then it works',
    async () => {
      const repository = aRepository(join(root, 'web'));
      commit(repository, { b: '2\n' }, 'Add b');
      const own = (path: string): void => {
        chownSync(path, 12_345, 12_345);
        for (const entry of readdirSync(path, { withFileTypes: true }))
          if (entry.isDirectory()) own(join(path, entry.name));
          else chownSync(join(path, entry.name), 12_345, 12_345);
      };
      own(repository);
      expect(right(await resolve(repository)).title).toBe('Add b');
    },
  );
});

describe('readFile and archive', () => {
  const given = async (files: Readonly<Record<string, string>>) => {
    const repository = aRepository(join(root, 'web'));
    commit(repository, files, 'Files');
    return right(await resolve(repository)).source;
  };

  it('given no such file, or a folder, then undefined', async () => {
    const found = await given({ 'dir/b': '2\n' });
    expect(right(await source.readFile(found, 'dir/c')())).toBeUndefined();
    expect(right(await source.readFile(found, 'dir')())).toBeUndefined();
    expect(right(await source.readFile(found, 'dir/b')())).toBe('2\n');
  });

  it('given a path with a way up, or an unknown commit, then a sentence', async () => {
    const found = await given({ b: '2\n' });
    expect(left(await source.readFile(found, '../b')()).reason).toBe('path_refused');
    const unknown = { ...found, sha: 'f'.repeat(40) };
    expect(left(await source.readFile(unknown, 'b')()).reason).toBe('unknown_commit');
    expect(left(await source.archive(unknown)()).reason).toBe('unknown_commit');
    expect(left(await source.archive({ ...found, sha: '--output=x' })()).reason).toBe('unknown_commit');
  });

  it.each([
    ['by its name', undefined],
    ['with its branch', 'feature'],
  ])('given a commit that nobody resolved here, then it is fetched %s', async (_, branch) => {
    const repository = aRepository(join(root, 'web'));
    const sha = commit(repository, { b: '2\n' }, 'More');
    const named = { kind: 'git', repository, sha, ...(branch === undefined ? {} : { branch }) } as const;
    expect(right(await source.archive(named)()).key).toBe(sha);
    expect(right(await source.readFile(named, 'b')())).toBe('2\n');
  });

  it('given a commit of a repository outside of the roots, then nothing is fetched', async () => {
    const repository = aRepository(join(folder.path, 'elsewhere'));
    const named = { kind: 'git', repository, sha: commit(repository, {}, 'More') } as const;
    expect(left(await source.archive(named)()).message).toContain('not below a source root');
  });

  it('given a file above the limit, then it is refused, not cut', async () => {
    const found = await given({ b: 'x'.repeat(2000) });
    source = gitSource({ directory: join(folder.path, 'mirrors'), roots: [root], maxFileBytes: 1000 });
    expect(left(await source.readFile(found, 'b')()).reason).toBe('git_too_much_output');
  });

  it('given a commit, then its tar holds every file as it is, whatever its attributes say', async () => {
    const found = await given({
      'b c': '$Format:%H$\n',
      hidden: 'here\n',
      '.gitattributes': '* export-subst\nhidden export-ignore\n',
    });
    const [one, two] = await Promise.all([source.archive(found)(), source.archive(found)()]);
    const { key, tarFile } = right(one);
    expect([key, right(two).tarFile]).toEqual([found.sha, tarFile]);
    const out = join(folder.path, 'out');
    mkdirSync(out);
    execFileSync('tar', ['-xf', tarFile, '-C', out]);
    expect(readdirSync(out).sort()).toEqual(['.gitattributes', 'a', 'b c', 'hidden']);
    expect(execFileSync('cat', [join(out, 'b c')]).toString()).toBe('$Format:%H$\n');
    expect(readdirSync(join(folder.path, 'mirrors/archives'))).toEqual([`${found.sha}.tar`]);
  });

  it('given a tree above the limit, then it is refused and nothing is left as if it were whole', async () => {
    const found = await given({ b: 'x'.repeat(50_000) });
    source = gitSource({ directory: join(folder.path, 'mirrors'), roots: [root], maxArchiveBytes: 1000 });
    expect(left(await source.archive(found)()).reason).toBe('git_too_much_output');
    expect(right(await provider().archive(found)()).key).toBe(found.sha);
  });
});
