/** A whole installation in a temporary folder: the built server, runners, repositories, and a person with a token. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as E from 'fp-ts/lib/Either.js';
import type { JobView } from '../../projections/jobs.js';
import type { ChangeView } from '../../src/app/use-cases.js';
import { startRunner, type DemoRunner } from '../../src/cli/demo/fleet.js';
import type { RawEvent, Recorded } from '../../src/kernel/recorded.js';
import { openSqliteStore } from '../../src/store/sqlite.js';
import { aRepository, commit, gitIn } from '../source/given-repository.js';
import { eventPlace, type EventPlace } from './event-place.js';
import { killIfThere, processesOf, until } from './processes.js';
import { begin, type Ran, type Running } from './program.js';

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly bytes: Buffer;
  /** The body as JSON; the caller knows what it is. */
  readonly json: () => unknown;
}

/** A phase → its command, and whatever else the two files are to hold. */
export interface Project {
  readonly commands: Readonly<Record<string, string>>;
  readonly config?: unknown;
}

const VERSION_2 = { version: '2', job_dispatch: { version: 'v2' } };

const filesOf = ({ commands, config = VERSION_2 }: Project): Readonly<Record<string, string>> => ({
  '.delivery/config.json': typeof config === 'string' ? config : JSON.stringify(config),
  '.delivery/project.toml': `[local_phases]\n${Object.entries(commands)
    .map(([phase, command]) => `${phase} = ${JSON.stringify(command)}\n`)
    .join('')}`,
});

export class World {
  readonly folder: string;
  /** Below the only source root of the server. */
  readonly repositories: string;
  readonly data: string;
  readonly place: EventPlace;
  readonly runners: DemoRunner[] = [];
  url = '';
  token = '';
  #server: Running | undefined;

  constructor(folder: string) {
    this.folder = folder;
    this.repositories = join(folder, 'repositories');
    this.data = join(folder, 'data');
    this.place = eventPlace(folder, this.data);
    mkdirSync(this.repositories);
  }

  /** Starts the server, and waits until it says where it listens. `env`: over the usual environment; `more`: further flags. */
  async start(
    env: Readonly<Record<string, string>> = {},
    logLevel = 'error',
    more: readonly string[] = [],
  ): Promise<void> {
    const args = ['serve', '--json', '--data', this.data, '--listen', '127.0.0.1:0'];
    const rest = ['--repo-root', this.repositories, '--log-level', logLevel, ...more];
    const address = await this.place.address();
    const store = address === undefined ? [] : ['--store', address];
    const server = begin(this.folder, [...args, ...store, ...rest], env);
    this.#server = server;
    const line = await until('the server says where it listens', () => {
      if (server.child.exitCode !== null || server.child.signalCode !== null)
        throw new Error(`the server did not start: ${server.err()}`);
      return server.out().includes('\n') ? server.out() : undefined;
    });
    const { url, token } = JSON.parse(line) as { readonly url: string; readonly token?: string };
    this.url = url;
    this.token = token ?? this.token;
  }

  /** The running server, for those who watch it from outside. */
  get server(): Running | undefined {
    return this.#server;
  }

  /** Ends the server; resolves when the process is gone. */
  async stop(signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): Promise<Ran | undefined> {
    const server = this.#server;
    this.#server = undefined;
    server?.child.kill(signal);
    return server?.done;
  }

  baton(...argv: readonly string[]): Promise<Ran> {
    return begin(this.folder, argv, { BATON_URL: this.url, BATON_TOKEN: this.token }).done;
  }

  async ask(
    method: 'GET' | 'POST',
    path: string,
    body?: unknown,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<Answer> {
    const response = await fetch(`${this.url}/api/v1${path}`, {
      method,
      headers: { Authorization: `Bearer ${this.token}`, 'Content-Type': 'application/json', ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const bytes = Buffer.from(await response.arrayBuffer());
    const json = (): unknown => JSON.parse(bytes.toString('utf8'));
    return { status: response.status, headers: response.headers, bytes, json };
  }

  /** Starts an SSH server, enrols it through the API and tests it. */
  async addRunner(name: string, slots = 4): Promise<DemoRunner> {
    const runner = await startRunner(this.folder, name, 'debian');
    await this.enrol(runner, slots);
    return runner;
  }

  /** Enrols an SSH server that runs, and tests it; it is closed with everything else. */
  async enrol(runner: DemoRunner, slots: number, more: object = {}): Promise<void> {
    this.runners.push(runner);
    const { name, port, user, fingerprint: hostKey, privateKey, base } = runner;
    const added = await this.ask('POST', '/runners', {
      ...{ name, host: '127.0.0.1', port, user, hostKey, privateKey, base, slots, ...more },
    });
    const tested = await this.ask('POST', `/runners/${name}/test`, {});
    if (added.status !== 201 || !tested.bytes.includes('"code":"ready"'))
      throw new Error(`runner ${name} is not ready: ${added.bytes.toString()} ${tested.bytes.toString()}`);
  }

  /** A repository with the project on `main`, and on `feature` one commit on top. */
  aRepository(name: string, project: Project): string {
    const folder = aRepository(join(this.repositories, name), filesOf(project));
    commit(folder, { 'README.md': 'More.\n' }, 'Say more');
    return folder;
  }

  /** A further branch with a project of its own. */
  aBranch(repository: string, branch: string, project: Project, title = `Try ${branch}`): void {
    gitIn(repository, ['checkout', '--quiet', '-b', branch, 'main']);
    commit(repository, { ...filesOf(project), note: `${branch}\n` }, title);
  }

  async change(id: string): Promise<ChangeView> {
    return (await this.ask('GET', `/changes/${id}`)).json() as ChangeView;
  }

  async jobsOf(changeId: string): Promise<readonly JobView[]> {
    return ((await this.ask('GET', `/jobs?change=${changeId}`)).json() as { items: JobView[] }).items;
  }

  /** The change when it goes on no more by itself. */
  finished(id: string): Promise<ChangeView> {
    return until(`change ${id} is finished`, async () => {
      const change = await this.change(id);
      return change.stages.length > 0 && !change.moving ? change : undefined;
    });
  }

  /** A command on a change. */
  do(id: string, what: string, body: unknown = {}): Promise<Answer> {
    return this.ask('POST', `/changes/${id}/${what}`, body);
  }

  /** All that was ever recorded; only while no server runs, since a store has one owner. */
  async events(): Promise<readonly Recorded<RawEvent>[]> {
    await this.place.release();
    const opened = await openSqliteStore({ directory: this.place.folder });
    if (E.isLeft(opened)) throw new Error(opened.left.message);
    const read = await opened.right.readAll('start', { maxCount: 1_000_000 })();
    await opened.right.close();
    if (E.isLeft(read)) throw new Error(read.left.code);
    return read.right;
  }

  /** A branch of the repository as it was handed in. */
  async submitted(repository: string, branch = 'feature'): Promise<ChangeView> {
    const answer = await this.ask('POST', '/changes', { repository, branch, target: 'main' });
    if (answer.status !== 201) throw new Error(`not taken: ${answer.bytes.toString()}`);
    return answer.json() as ChangeView;
  }

  /** A folder beside everything else. */
  dir(name: string): void {
    mkdirSync(join(this.folder, name));
  }

  /** A file beside everything else. */
  file(name: string, content: string | Buffer, mode = 0o600): string {
    const path = join(this.folder, name);
    writeFileSync(path, content, { mode });
    return path;
  }

  /** Takes such a file away again. */
  remove(path: string): void {
    rmSync(path);
  }

  /** Ends what was started here: the server, the runners, and jobs whose folder lies in ours. */
  async close(): Promise<void> {
    await this.stop();
    await this.place.release();
    for (const runner of this.runners) await runner.close();
    for (const { pid } of await processesOf(this.folder)) {
      killIfThere(pid);
    }
    await rm(this.folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 });
  }
}

/** A project whose later stages run this one command; what it depends on, as its configuration says it. */
export const onlyDeploy = (deploy: string, dependencies: readonly string[] = []): Project => ({
  commands: { unit: 'true', deploy },
  config: {
    ...VERSION_2,
    skip_phases: ['lint', 'syntax', 'quality', 'security', 'publish', 'provision', 'smoke', 'functional'],
    ...(dependencies.length === 0 ? {} : { dependencies }),
  },
});

/** The branch `feature` on its way through all stages; none must fail. */
export const deliver = async (world: World, repository: string): Promise<ChangeView> => {
  const { id } = await world.submitted(repository);
  for (const what of ['approve', 'deliver']) {
    await world.finished(id);
    const answer = await world.do(id, what);
    if (answer.status !== 202) throw new Error(`it may not ${what}: ${answer.bytes.toString()}`);
  }
  const change = await world.finished(id);
  if (change.stages.some(({ status }) => status !== 'passed')) throw new Error(JSON.stringify(change.stages));
  return change;
};

/** An empty world; `start` is the caller's. */
export const aWorld = async (): Promise<World> =>
  new World(await realpath(await mkdtemp(join(tmpdir(), 'baton-e2e-'))));
