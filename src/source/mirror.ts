/** Our own bare copy of a repository: made once, never configured by the repository, used by one caller at a time. */
import { createHash } from 'node:crypto';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as E from 'fp-ts/lib/Either.js';
import type { AppError } from '../app/errors.js';
import { mirrorFailed } from './errors.js';
import type { RunGit } from './run-git.js';

/** Exports tell the job exactly what a clone would: no file left out, no text filled in (gitattributes(5)). */
const ATTRIBUTES = '* -export-ignore -export-subst\n';
/** Left over when the server was killed in the middle; nobody else writes here. */
const LOCKS = [
  ...['config.lock', 'packed-refs.lock'],
  ...['refs/fetched/branch.lock', 'refs/fetched/target.lock', 'refs/fetched/commit.lock'],
];

export interface Mirrors {
  /** Folder of the mirror, made when it is not there yet. Call inside `alone`. */
  readonly open: (repository: string) => Promise<E.Either<AppError, string>>;
  /** Runs `work` when every earlier one for the same key has ended. */
  readonly alone: <A>(key: string, work: () => Promise<A>) => Promise<A>;
}

/** Mirrors below `directory`, named by the SHA-256 of the repository's address. */
export const mirrors = (directory: string, git: RunGit): Mirrors => {
  const ready = new Set<string>();
  const tails = new Map<string, Promise<unknown>>();

  const open: Mirrors['open'] = async (repository) => {
    const path = join(directory, `${createHash('sha256').update(repository).digest('hex')}.git`);
    if (ready.has(path)) return E.right(path);
    await mkdir(directory, { recursive: true, mode: 0o700 });
    const made = await git({
      args: ['init', '--quiet', '--bare', '--template=', '--initial-branch=main', '--', path],
    });
    if (E.isLeft(made)) return E.left(mirrorFailed('make a mirror', made.left));
    if (made.right.exitCode !== 0)
      return E.left(mirrorFailed('make a mirror', { why: 'exit', stderr: made.right.stderr }));
    await mkdir(join(path, 'info'), { recursive: true });
    await writeFile(join(path, 'info/attributes'), ATTRIBUTES);
    await Promise.all(LOCKS.map((lock) => rm(join(path, lock), { force: true })));
    ready.add(path);
    return E.right(path);
  };

  const alone: Mirrors['alone'] = (key, work) => {
    const before = tails.get(key) ?? Promise.resolve();
    const mine = before.then(work);
    const tail = mine.then(
      () => undefined,
      () => undefined,
    );
    tails.set(key, tail);
    void tail.then(() => {
      if (tails.get(key) === tail) tails.delete(key);
    });
    return mine;
  };
  return { open, alone };
};
