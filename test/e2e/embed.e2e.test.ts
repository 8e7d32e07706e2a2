/** Can a project of somebody else's install the package, load Baton and run a phase? */
import { execFile } from 'node:child_process';
import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { aSite, type Site } from '../plugin/subject.js';
import { openIn } from '../store/sqlite-tools.js';
import { eventPlace } from './event-place.js';

const run = promisify(execFile);
const project = fileURLToPath(new URL('../..', import.meta.url));

/** The example; told of the server where there is one, which a host does with one option more. */
const example = async (store: string | undefined): Promise<string> => {
  const text = await readFile(join(project, 'examples', 'embed', 'run.mjs'), 'utf8');
  const told = text.replace(
    '  data: settings.data,\n',
    (line) => `${line}  store: ${JSON.stringify(store)},\n`,
  );
  expect(told).not.toBe(text);
  return store === undefined ? text : told;
};

/** A folder of somebody else's, with the package as `npm publish` would send it, and our dependencies. */
const install = async (folder: string): Promise<void> => {
  const modules = join(folder, 'node_modules');
  await mkdir(join(modules, 'baton'), { recursive: true });
  const pack = ['pack', '--ignore-scripts', '--json', '--pack-destination', folder];
  const { stdout } = await run('npm', pack, { cwd: project });
  const [packed] = JSON.parse(stdout) as readonly { readonly filename: string }[];
  await run('tar', [
    '-xzf',
    join(folder, packed?.filename ?? ''),
    '-C',
    join(modules, 'baton'),
    '--strip-components=1',
  ]);
  await symlink(join(project, 'node_modules'), join(modules, 'baton', 'node_modules'));
  await symlink(join(project, 'node_modules', '@types'), join(modules, '@types'));
};

describe('the package, installed in another folder', () => {
  let site: Site;
  let folder: string;
  beforeAll(async () => {
    site = await aSite('in-process server');
    folder = join(site.folder, 'engine');
    await mkdir(folder);
    await install(folder);
  });
  afterAll(() => site.close());

  it('examples/embed loads the plugin, enrols a runner, and runs one phase to its end', async () => {
    const place = eventPlace(folder, join(folder, 'data'));
    await writeFile(join(folder, 'run.mjs'), await example(await place.address()));
    const { port, fingerprint: hostKey, privateKey } = site.runner;
    const settings = {
      data: join(folder, 'data'),
      repositoryRoots: [join(site.folder, 'repositories')],
      runner: {
        ...{ name: 'r1', host: '127.0.0.1', port, user: userInfo().username },
        ...{ hostKey, privateKey, base: join(folder, 'base') },
      },
      source: { kind: 'git', repository: site.repository, sha: site.sha },
      command: 'echo "a is $(cat a)"; test "$(cat a)" = 1',
    };
    await writeFile(join(folder, 'settings.json'), JSON.stringify(settings));
    const { stdout } = await run(process.execPath, ['run.mjs', 'settings.json'], { cwd: folder }).finally(
      place.release,
    );
    const lines = stdout.trim().split('\n');
    expect(lines[0]).toBe('started, 0 jobs found again');
    expect(lines.slice(2)).toEqual([
      'promotion accepted',
      'a is 1',
      '1 phase.queued',
      '2 phase.started',
      '3 phase.finished',
      'succeeded: succeeded with exit code 0',
    ]);
    const store = await openIn(place.folder);
    const ended = await store.head({ typePrefixes: ['JobSucceeded'] })();
    await store.close();
    expect(ended).toMatchObject({ right: { event: { type: 'JobSucceeded' } } });
  });

  it('tells its options and the contract to a TypeScript project', async () => {
    const source = `
      import baton, { loadPlugin, type Host, type HostCommand } from 'baton';
      import { hostConformance, memoryHost } from 'baton/testing';
      const host: Host = memoryHost();
      export const load = () => loadPlugin(baton, host, {});
      export const cancel: HostCommand = { type: 'phase.cancel', commandId: 'c', actor: 'a', hostKey: 'k' };
      // @ts-expect-error: there is no such command
      export const wrong: HostCommand = { type: 'phase.pause', commandId: 'c', actor: 'a' };
      export const titles = hostConformance(() => Promise.reject(new Error())).map(({ title }) => title);
    `;
    await writeFile(join(folder, 'host.mts'), source);
    const tsc = join(project, 'node_modules', 'typescript', 'bin', 'tsc');
    const args = ['--noEmit', '--strict', '--skipLibCheck', '--module', 'nodenext', '--target', 'es2023'];
    await run(process.execPath, [tsc, ...args, '--types', 'node', 'host.mts'], { cwd: folder }).catch(
      (failed: unknown) => {
        throw new Error(String((failed as { readonly stdout?: string }).stdout));
      },
    );
  });

  it('keeps everything else to itself', async () => {
    const script = `await import('baton/dist/src/main.js').then(() => console.log('in'), (e) => console.log(e.code))`;
    const { stdout } = await run(process.execPath, ['--input-type=module', '-e', script], { cwd: folder });
    expect(stdout.trim()).toBe('ERR_PACKAGE_PATH_NOT_EXPORTED');
  });
});
