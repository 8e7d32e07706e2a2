/** The real plugin under the conformance rules: an in-memory host, a repository, and a runner that runs jobs over SSH. */
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp, realpath, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import Koa from 'koa';
import type { BatonOptions } from '../../plugin/index.js';
import type { Plugin, Promotion } from '../../plugin/contract.js';
import * as source from '../../plugin/index.js';
import { memoryHost, TOKEN, type JobKind, type Subject, type SubjectOptions } from '../../plugin/testing.js';
import { generateKeyPair } from '../../src/ssh/keys.js';
import { startLocalSshServer } from '../../src/ssh/local-server.js';
import { findSshd, startSystemSshd } from '../../src/ssh/system-sshd.js';
import { killIfThere, processesOf } from '../e2e/processes.js';
import { aRepository, gitIn } from '../source/given-repository.js';

export type RunnerKind = 'in-process server' | 'system sshd';

/** A machine, a repository and a folder that many subjects share, one after the other. */
export interface Site {
  readonly folder: string;
  readonly repository: string;
  readonly sha: string;
  readonly runner: { readonly port: number; readonly fingerprint: string; readonly privateKey: string };
  readonly close: () => Promise<void>;
}

export const aSite = async (kind: RunnerKind): Promise<Site> => {
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'baton-plugin-')));
  const { privateKey, publicKey: authorizedKey } = generateKeyPair();
  const home = join(folder, 'home');
  mkdirSync(home);
  const server =
    kind === 'in-process server'
      ? await startLocalSshServer({ hostKey: generateKeyPair().privateKey, authorizedKey, home })
      : await startSystemSshd({
          sshdPath: findSshd() ?? '',
          directory: join(folder, 'sshd'),
          authorizedKey,
          environment: { HOME: folder },
        });
  const repository = aRepository(join(folder, 'repositories', 'sample'));
  const { port, fingerprint } = server;
  return {
    ...{ folder, repository, sha: gitIn(repository, ['rev-parse', 'main']) },
    runner: { port, fingerprint, privateKey },
    close: async () => {
      await server.close();
      for (const { pid } of await processesOf(folder)) {
        killIfThere(pid);
      }
      await rm(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 });
    },
  };
};

/** A listener of somebody else's, with the plugin mounted in it; `cut`: what it takes off the front of paths, and nothing else reaches the plugin. */
export const mounted = async (
  plugin: Plugin,
  cut = '',
): Promise<{ url: string; close: () => Promise<void> }> => {
  const app = new Koa();
  const middleware = plugin.middleware() as Koa.Middleware;
  app.use(async (ctx, next) => {
    if (!ctx.path.startsWith(cut)) {
      await next();
      return;
    }
    // an empty path is one that no request has
    ctx.path = ctx.path.slice(cut.length) || '/';
    await middleware(ctx, next);
  });
  app.use((ctx) => (ctx.body = 'the host itself'));
  const answer = app.callback();
  const server = createServer((request, response) => void answer(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
};

const enrol = async (plugin: Plugin, { runner }: Site, base: string, slots: number): Promise<void> => {
  const { url, close } = await mounted(plugin);
  const post = async (path: string, body: unknown): Promise<string> => {
    const headers = { 'Content-Type': 'application/json' };
    const answer = await fetch(`${url}/baton/api/v1${path}`, {
      ...{ method: 'POST', headers, body: JSON.stringify(body) },
    });
    return answer.text();
  };
  const { port, fingerprint: hostKey, privateKey } = runner;
  const user = userInfo().username;
  const added = await post('/runners', {
    ...{ name: 'r1', host: '127.0.0.1', port, user, hostKey, privateKey, base, slots },
  });
  const tested = await post('/runners/r1/test', {});
  await close();
  if (!tested.includes('"code":"ready"')) throw new Error(`the runner is not ready: ${added} ${tested}`);
};

/** Read by another process: one that shares ours would take the store's locks with it when it closes the file. */
const READ_TYPES = `
  const Database = require('libsql');
  const db = new Database(process.argv[1], { readonly: true });
  console.log(JSON.stringify(db.prepare('SELECT type FROM events ORDER BY position').all().map((row) => row.type)));
`;

const scripts: Readonly<Record<JobKind, (file: string) => string>> = {
  succeeds: (file) => `echo began >> ${file}.runs`,
  fails: (file) => `echo began >> ${file}.runs; exit 3`,
  waits: (file) =>
    [
      `echo began >> ${file}.runs; echo began`,
      `hold() { sh -c 'until [ -e "$1" ]; do sleep 0.05; done' hold ${file}.release; }`,
      'hold & hold; wait; echo released',
    ].join('\n'),
  prints: (file) =>
    [
      `echo began >> ${file}.runs`,
      'i=0; while [ $i -lt 3000 ]; do i=$((i+1)); echo "$i: sixty characters or so of output that nobody will ever read"; done',
      `echo "$TOKEN"; printf 'caf\\303\\251, 5 \\342\\202\\254 and \\377'`,
    ].join('\n'),
};

let count = 0;

export type PluginPackage = Pick<typeof source, 'default' | 'loadPlugin'>;

/** A plugin of its own on that site, with one runner enrolled; `from`: as it stands here, or as it was built. */
export const aSubject = async (
  site: Site,
  options: SubjectOptions &
    Partial<Pick<BatonOptions, 'authenticate' | 'data'>> & { readonly webhooks?: unknown } = {},
  { default: baton, loadPlugin }: PluginPackage = source,
): Promise<Subject> => {
  const folder = join(site.folder, `subject-${(count += 1)}`);
  const marks = join(folder, 'marks');
  mkdirSync(marks, { recursive: true });
  const { slots = 4, capabilities, data = join(folder, 'data'), ...rest } = options;
  const host = memoryHost({ secrets: { TOKEN }, ...(capabilities === undefined ? {} : { capabilities }) });
  const given = {
    ...{ host: 'memory', data, logLevel: 'silent', mount: '/baton' },
    repositoryRoots: [join(site.folder, 'repositories')],
    authenticate: () => ({ actor: 'tester', role: 'admin' }),
    ...rest,
  };
  const load = async (): Promise<Plugin> => {
    const loaded = await loadPlugin(baton, host, given);
    if ('problems' in loaded) throw new Error(JSON.stringify(loaded.problems));
    await loaded.plugin.start();
    return loaded.plugin;
  };
  let plugin = await load();
  if (slots > 0) await enrol(plugin, site, join(folder, 'base'), slots);

  return {
    host,
    plugin: () => plugin,
    promotion: (hostKey, kind, changeId): Promotion => ({
      hostKey,
      scope: { enterprise: 'default', organisation: 'default', project: 'sample' },
      ...{ pipeline: 'main', stage: 'verify', phase: 'unit' },
      source: { kind: 'git', repository: site.repository, sha: site.sha },
      steps: [{ name: 'unit', run: scripts[kind](join(marks, hostKey)) }],
      limits: { cancelGraceMs: 1000 },
      ...(kind === 'prints' ? { secretRefs: ['TOKEN'] } : {}),
      ...(changeId === undefined ? {} : { change: { id: changeId, title: 'A change' } }),
    }),
    runs: (hostKey) => {
      const file = join(marks, `${hostKey}.runs`);
      return Promise.resolve(existsSync(file) ? readFileSync(file, 'utf8').split('began').length - 1 : 0);
    },
    lives: async (hostKey) => (await processesOf(join(marks, `${hostKey}.release`))).length > 0,
    log: async (jobId) => {
      const { url, close } = await mounted(plugin);
      try {
        const answer = await fetch(`${url}/baton/api/v1/jobs/${jobId}/log`);
        return new Uint8Array(await answer.arrayBuffer());
      } finally {
        await close();
      }
    },
    release: (hostKey) => {
      writeFileSync(join(marks, `${hostKey}.release`), '');
      return Promise.resolve();
    },
    recorded: async () => {
      const file = join(data, 'store', 'events.db');
      const { stdout } = await promisify(execFile)(process.execPath, ['-e', READ_TYPES, file]);
      return JSON.parse(stdout) as readonly string[];
    },
    restart: async () => {
      await plugin.stop({ mode: 'detach', deadlineMs: 0 });
      plugin = await load();
    },
    load: (another, more) => loadPlugin(baton, another, { ...given, ...more }),
    close: () => plugin.stop({ mode: 'cancel', deadlineMs: 10_000 }),
  };
};
