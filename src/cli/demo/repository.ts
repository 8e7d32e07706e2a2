/** The demo's git repository: the sample project on `master`, and three branches that want to become changes. */
import { execFile } from 'node:child_process';
import { cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { environment } from '../../config.js';

const run = promisify(execFile);

/** Nearest folder above this file that holds the examples: the same from the sources and from the build. */
const sampleProject = (): string => {
  for (let at = dirname(fileURLToPath(import.meta.url)); at !== dirname(at); at = dirname(at)) {
    const candidate = join(at, 'examples', 'sample-project');
    if (existsSync(candidate)) return candidate;
  }
  throw new Error('the folder examples/sample-project is missing from this installation');
};

export const LONG_SECONDS = 300;
/** Lines that the job prints while its server is killed. */
export const COUNT_TO = 30;

const git = async (folder: string, ...args: readonly string[]): Promise<string> => {
  const { stdout } = await run(
    'git',
    ['-c', 'init.defaultBranch=master', '-c', 'commit.gpgsign=false', ...args],
    {
      cwd: folder,
      env: {
        PATH: environment()['PATH'],
        HOME: folder,
        GIT_CONFIG_NOSYSTEM: '1',
        GIT_AUTHOR_NAME: 'Demo',
        GIT_AUTHOR_EMAIL: 'demo@example.org',
        GIT_COMMITTER_NAME: 'Demo',
        GIT_COMMITTER_EMAIL: 'demo@example.org',
      },
    },
  );
  return stdout.trim();
};

/** A branch off `master` that changes one file and says why. */
const branch = async (
  folder: string,
  name: string,
  file: string,
  change: (text: string) => string,
  message: string,
): Promise<void> => {
  await git(folder, 'checkout', '-q', '-b', name, 'master');
  const path = join(folder, file);
  await writeFile(path, change(existsSync(path) ? await readFile(path, 'utf8') : ''));
  await git(folder, 'add', '-A');
  await git(folder, 'commit', '-q', '-m', message);
};

const withCommand =
  (phase: string, command: string) =>
  (toml: string): string =>
    toml.replace(new RegExp(`^${phase} = .*$`, 'm'), `${phase} = "${command}"`);

/** Title and shas of the tip of `master`: itself, then its parents. */
export const tipOf = async (repository: string): Promise<{ title: string; shas: readonly string[] }> => {
  const [title = '', shas = ''] = (await git(repository, 'log', '-1', '--format=%s%n%H %P', 'master')).split(
    '\n',
  );
  return { title, shas: shas.split(' ') };
};

/** Makes the project in `folder`, and a bare repository beside it, as a server would hold it; answers its path. */
export const makeRepository = async (folder: string): Promise<string> => {
  await mkdir(folder, { recursive: true });
  await cp(sampleProject(), folder, { recursive: true });
  await git(folder, 'init', '-q');
  await git(folder, 'add', '-A');
  await git(folder, 'commit', '-q', '-m', 'Compare versions');
  await branch(
    folder,
    'describe-usage',
    'README.md',
    (text) => `${text}\nVersions are compared as semver.org describes.\n`,
    'Describe how versions are compared',
  );
  await branch(
    folder,
    'soak-test',
    '.delivery/project.toml',
    withCommand('lint', `echo soaking for ${LONG_SECONDS} seconds; sleep ${LONG_SECONDS}`),
    'Soak for a long time',
  );
  await branch(
    folder,
    'count',
    '.delivery/project.toml',
    withCommand(
      'lint',
      `i=0; while [ $i -lt ${COUNT_TO} ]; do i=$((i+1)); echo line $i of ${COUNT_TO}; sleep 0.2; done`,
    ),
    'Count slowly',
  );
  await git(folder, 'checkout', '-q', 'master');
  await git(folder, 'clone', '-q', '--bare', folder, `${folder}.git`);
  return `${folder}.git`;
};
