/**
 * Which repository does an address mean, and may git be pointed at it? An allow-list: https, ssh, `user@host:path`, and
 * local repositories below configured roots. Everything else (`ext::`, options, other schemes) ends here, unseen by git.
 */
import { access, readFile, realpath, stat } from 'node:fs/promises';
import { isAbsolute, join, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as E from 'fp-ts/lib/Either.js';
import { appError, type AppError } from '../app/errors.js';
import { shown } from '../domain/problem.js';
import { addressRefused } from './errors.js';

/** `url` is what git is given; `name` what people are shown and events record. */
export interface Address {
  readonly protocol: 'https' | 'ssh' | 'file';
  readonly url: string;
  readonly name: string;
}

const ALLOWED =
  'an https:// or ssh:// address, user@host:path, or an absolute path below a configured source root';
const HOST = /^(?:[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?|\[[0-9A-Fa-f:.]+\])$/;
const USER = /^[A-Za-z0-9_][A-Za-z0-9._-]*$/;

/** The address, ready for git; local ones with every symbolic link resolved. */
export const readAddress = async (
  text: string,
  roots: readonly string[],
): Promise<E.Either<AppError, Address>> => {
  const refuse = (found: string, mend = 'Correct the address.'): E.Either<AppError, never> =>
    E.left(addressRefused(found, ALLOWED, mend));
  if (text === '' || text.length > 1000) return refuse(`${text.length} characters`);
  if (/[\p{C}\s]/u.test(text) && !isAbsolute(text)) return refuse('spaces or control characters in it');
  if (/\p{C}/u.test(text)) return refuse('control characters in it');
  if (text.startsWith('-')) return refuse('a dash in front, which git would take for an option');
  if (isAbsolute(text)) return localRepository(text, roots);
  if (/^file:/i.test(text)) return fromFileUrl(text, roots);
  if (/^(?:https|ssh|git\+ssh):\/\//i.test(text)) return E.map(named)(fromUrl(text));
  const scp = /^([^@:/]+)@([^:/[\]]+|\[[^\]]+\]):([^-].*)$/.exec(text);
  if (!text.includes('::') && scp && USER.test(scp[1] ?? '') && HOST.test(scp[2] ?? ''))
    return E.right({ protocol: 'ssh', url: text, name: text });
  return refuse(shown(text));
};

const named = ({ protocol, url }: Omit<Address, 'name'>): Address => ({ protocol, url, name: url });

const fromUrl = (text: string): E.Either<AppError, Omit<Address, 'name'>> => {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || !HOST.test(url.hostname))
    return E.left(addressRefused('an address without a proper host', ALLOWED, 'Correct the host.'));
  // Shown without the text: it holds a secret.
  if (url.password !== '' || (url.protocol === 'https:' && url.username !== ''))
    return E.left(
      addressRefused(
        'a login inside the address',
        'an address without a login',
        'Remove the login: it would be recorded. Use an ssh address with a key.',
      ),
    );
  if (url.username !== '' && !USER.test(url.username))
    return E.left(addressRefused('an odd user name in the address', ALLOWED, 'Correct the user name.'));
  if (url.search !== '' || url.hash !== '')
    return E.left(addressRefused('a query or a # in the address', ALLOWED, 'Remove what follows the path.'));
  if (url.pathname.length < 2 || url.pathname.startsWith('/-'))
    return E.left(
      addressRefused('an address without a proper path', ALLOWED, 'Add the path of the repository.'),
    );
  const https = url.protocol === 'https:';
  return E.right({
    protocol: https ? 'https' : 'ssh',
    url: https ? url.href : url.href.replace(/^git\+ssh:/, 'ssh:'),
  });
};

const fromFileUrl = async (text: string, roots: readonly string[]): Promise<E.Either<AppError, Address>> => {
  try {
    return await localRepository(fileURLToPath(text), roots);
  } catch {
    return E.left(addressRefused(shown(text), ALLOWED, 'Write file:///absolute/path.'));
  }
};

const resolved = (path: string): Promise<string | undefined> => realpath(path).catch(() => undefined);
const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );

const isBelow = (path: string, root: string): boolean =>
  path === root || path.startsWith(root.endsWith(sep) ? root : root + sep);

/** `path` below a root, after resolving; git's own ways to lead elsewhere are looked at too. */
const localRepository = async (
  path: string,
  roots: readonly string[],
): Promise<E.Either<AppError, Address>> => {
  const realRoots = (await Promise.all(roots.map(resolved))).filter((root) => root !== undefined);
  const allowed = (real: string): boolean => realRoots.some((root) => isBelow(real, root));
  const outside = E.left(
    // The same answer whether the path exists or not: it must not tell what is on the machine.
    addressRefused(
      `${shown(path)}, which is not below a source root`,
      ALLOWED,
      roots.length === 0
        ? 'Configure a source root that holds the repository, or use an https or ssh address.'
        : `Move the repository below one of the source roots (${roots.join(', ')}), or use an https or ssh address.`,
    ),
  );
  const real = await resolved(path);
  if (real === undefined) return mayAnswer(path, roots) ? E.left(missing(path)) : outside;
  if (!allowed(real)) return outside;
  const found = await gitDirectory(real);
  if (E.isLeft(found)) return found;
  const gitDir = found.right;
  const inner = await Promise.all(
    ['', 'objects', 'objects/pack', 'refs'].map((part) => resolved(join(gitDir, part))),
  );
  if (inner.some((part) => part !== undefined && !allowed(part))) return outside;
  if (await borrows(gitDir)) return E.left(borrowing(real));
  return E.right({ protocol: 'file', url: inner[0] ?? gitDir, name: real });
};

/** Below a root as written, without `..`: then it may be said that nothing is there. */
const mayAnswer = (path: string, roots: readonly string[]): boolean =>
  !path.split(sep).includes('..') && roots.some((root) => isBelow(path, root));

const missing = (path: string): AppError =>
  appError(
    'source',
    'repository_missing',
    `A git repository was expected at ${shown(path)}; there is nothing.`,
    {
      hint: 'Check the path.',
    },
  );

const gitDirectory = async (path: string): Promise<E.Either<AppError, string>> => {
  const dotGit = join(path, '.git');
  const info = await stat(dotGit).catch(() => undefined);
  // A `.git` file points to a folder anywhere on the machine (gitrepository-layout(5)).
  if (info?.isFile())
    return E.left(
      appError(
        'source',
        'linked_work_tree',
        `${shown(path)} is a linked work tree or a submodule, not a repository of its own.`,
        {
          hint: 'Give the path of the main repository.',
        },
      ),
    );
  const gitDir = info ? dotGit : path;
  const parts = await Promise.all(['HEAD', 'objects', 'refs'].map((part) => exists(join(gitDir, part))));
  return parts.every((there) => there)
    ? E.right(gitDir)
    : E.left(
        appError(
          'source',
          'not_a_repository',
          `A git repository was expected at ${shown(path)}; the folder has none.`,
          {
            hint: 'Run `git init` and commit there, or correct the path.',
          },
        ),
      );
};

const borrows = async (gitDir: string): Promise<boolean> => {
  if (await exists(join(gitDir, 'commondir'))) return true;
  const alternates = await readFile(join(gitDir, 'objects/info/alternates'), 'utf8').catch(() => '');
  return alternates.trim() !== '';
};

const borrowing = (path: string): AppError =>
  appError(
    'source',
    'borrowed_objects',
    `${shown(path)} borrows its objects from another repository, which Baton does not follow.`,
    {
      hint: 'Run `git repack -a -d` there and remove objects/info/alternates.',
    },
  );
