/** The real API of Screwdriver with Baton in it, in a process of its own, real sshds as runners, and a pipeline that a test writes. */
import {
  execFile,
  execFileSync,
  spawn,
  type ChildProcess,
  type ChildProcessByStdio,
} from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { JobView } from '../../projections/jobs.js';
import { freePort } from '../../src/ssh/system-sshd.js';
import { killIfThere, processesOf, until } from '../e2e/processes.js';
import { startRig, type Rig } from '../sshd.js';

const example = fileURLToPath(new URL('../../examples/screwdriver', import.meta.url));

/** Is the API there, or is it to be installed? npm writes this file last, so half an installation is none. */
export const canRun =
  existsSync(join(example, 'host', 'node_modules', '.package-lock.json')) ||
  (process.env['BATON_TEST_REQUIRE'] ?? '').split(',').includes('screwdriver');

/** Installs what is missing, and puts the packed Baton and its executor there. */
export const prepare = (): void => {
  execFileSync(process.execPath, [join(example, 'prepare.mjs')], { stdio: ['ignore', 'ignore', 'inherit'] });
};

export interface SeenStep {
  readonly name: string;
  readonly startTime?: string;
  readonly endTime?: string;
  readonly code?: number;
  readonly lines?: number;
}

export interface SeenBuild {
  readonly id: number;
  readonly jobId: number;
  readonly eventId: number;
  readonly status: string;
  readonly statusMessage?: string;
  readonly meta: Readonly<Record<string, unknown>>;
  readonly stats?: Readonly<Record<string, unknown>>;
  readonly steps: readonly SeenStep[];
}

const READ_STATUSES = `
  const Database = require('libsql');
  const rows = new Database(process.argv[1], { readonly: true }).prepare('SELECT id, status FROM builds').all();
  console.log(JSON.stringify(Object.fromEntries(rows.map(({ id, status }) => [id, status]))));
`;

const OVER = ['SUCCESS', 'FAILURE', 'ABORTED', 'COLLAPSED'];
export const isOver = ({ status }: SeenBuild): boolean => OVER.includes(status);

const endProcess = async (child: ChildProcess | undefined, signal: NodeJS.Signals): Promise<void> => {
  if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const over = new Promise((resolve) => child.once('exit', resolve));
  child.kill(signal);
  await over;
};

export class ScrewdriverWorld {
  readonly folder: string;
  readonly data: string;
  readonly #ports: { readonly api: number; readonly baton: number; readonly store: number };
  readonly #batonToken = randomBytes(24).toString('hex');
  readonly #rigs: Rig[] = [];
  #api: ChildProcess | undefined;
  #store: ChildProcess | undefined;
  #output = '';
  #token = '';

  private constructor(
    folder: string,
    ports: { readonly api: number; readonly baton: number; readonly store: number },
  ) {
    this.folder = folder;
    this.data = join(folder, 'data');
    this.#ports = ports;
  }

  static async make(): Promise<ScrewdriverWorld> {
    const folder = await realpath(await mkdtemp(join(tmpdir(), 'baton-screwdriver-')));
    const ports = { api: await freePort(), baton: await freePort(), store: await freePort() };
    const world = new ScrewdriverWorld(folder, ports);
    mkdirSync(join(folder, 'repositories'));
    writeFileSync(join(folder, 'operator.key'), randomBytes(32).toString('base64'), { mode: 0o600 });
    writeFileSync(join(folder, 'admin.token'), world.#batonToken, { mode: 0o600 });
    return world;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#ports.api}`;
  }

  get #storeUrl(): string {
    return `http://127.0.0.1:${this.#ports.store}`;
  }

  get #settings(): string {
    return join(this.folder, 'settings.json');
  }

  /** A program of the example, with these settings. */
  #run(program: string): ChildProcessByStdio<Writable, Readable, Readable> {
    return spawn(process.execPath, [join(example, 'host', program), this.#settings], {
      cwd: this.folder,
      stdio: ['pipe', 'pipe', 'pipe'],
    });
  }

  get output(): string {
    return this.#output;
  }

  /** Starts the API, and waits until it answers. `more`: options of the executor, over those that it has here. */
  async start(more: Readonly<Record<string, unknown>> = {}): Promise<void> {
    const options = {
      data: this.data,
      keyFile: join(this.folder, 'operator.key'),
      listen: `127.0.0.1:${this.#ports.baton}`,
      tokenFile: join(this.folder, 'admin.token'),
      ...more,
    };
    const settings = {
      data: this.data,
      port: this.#ports.api,
      repositories: join(this.folder, 'repositories'),
      storeUrl: this.#storeUrl,
      executor: { plugin: 'baton', options },
    };
    writeFileSync(this.#settings, JSON.stringify(settings));
    const api = this.#run('run.cjs');
    this.#api = api;
    this.#output = '';
    for (const stream of [api.stdout, api.stderr])
      stream.on('data', (chunk: Buffer) => (this.#output += chunk.toString('utf8')));
    const line = await until('the API is ready', () => {
      if (api.exitCode !== null) throw new Error(`the API did not start: ${this.#output}`);
      return /^ready (.*)$/m.exec(this.#output)?.[1];
    });
    this.#token = (JSON.parse(line) as { readonly token: string }).token;
  }

  /** `SIGKILL` ends it in the middle of whatever it does. */
  async stop(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    const api = this.#api;
    this.#api = undefined;
    await endProcess(api, signal);
  }

  /** Starts the real log store, and waits until it answers. */
  async startStore(): Promise<void> {
    const store = this.#run('store.cjs');
    this.#store = store;
    let said = '';
    for (const stream of [store.stdout, store.stderr])
      stream.on('data', (chunk: Buffer) => (said += chunk.toString('utf8')));
    await until('the log store answers', async () => {
      if (store.exitCode !== null) throw new Error(`the log store did not start: ${said}`);
      const answer = await fetch(`${this.#storeUrl}/v1/status`).catch(() => undefined);
      return answer?.ok === true ? true : undefined;
    });
  }

  /** `SIGSTOP`: connections to the log store are made, and nothing is answered; `SIGCONT` ends that. */
  signalStore(signal: 'SIGSTOP' | 'SIGCONT'): void {
    this.#store?.kill(signal);
  }

  /** What it kept is gone: it has it in its memory. */
  async stopStore(): Promise<void> {
    const store = this.#store;
    this.#store = undefined;
    await endProcess(store, 'SIGKILL');
  }

  async #ask(base: string, token: string, method: string, path: string, body?: unknown): Promise<unknown> {
    const answer = await fetch(`${base}${path}`, {
      method,
      headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
    return JSON.parse(text);
  }

  /** Of Screwdriver, as the person that is logged in. */
  ask(method: string, path: string, body?: unknown): Promise<unknown> {
    return this.#ask(this.url, this.#token, method, `/v4${path}`, body);
  }

  /** Of Baton's own API. */
  baton(method: string, path: string, body?: unknown): Promise<unknown> {
    return this.#ask(
      `http://127.0.0.1:${this.#ports.baton}`,
      this.#batonToken,
      method,
      `/api/v1${path}`,
      body,
    );
  }

  /** A page of Baton's, or one of its files, as a browser gets it once somebody has typed the token. */
  async page(path: string): Promise<{ readonly type: string; readonly text: string }> {
    const authorization = `Basic ${Buffer.from(`me:${this.#batonToken}`).toString('base64')}`;
    const headers = { Authorization: authorization, Accept: 'text/html' };
    const answer = await fetch(`http://127.0.0.1:${this.#ports.baton}${path}`, { headers });
    if (!answer.ok) throw new Error(`${path}: ${answer.status}`);
    return { type: answer.headers.get('Content-Type') ?? '', text: await answer.text() };
  }

  /** A real sshd, enrolled and found ready. */
  async addRunner(name: string, slots = 2): Promise<Rig> {
    const rig = await startRig('system sshd', { home: 'home' });
    this.#rigs.push(rig);
    mkdirSync(join(rig.directory, 'home'));
    const { port } = rig.target;
    await until('Baton answers', () => this.baton('GET', '/runners').catch(() => undefined));
    await this.baton('POST', '/runners', {
      ...{ name, host: '127.0.0.1', port, user: userInfo().username, slots },
      ...{ hostKey: rig.target.hostKeys[0], privateKey: rig.privateKey, base: rig.target.base },
    });
    const tested = JSON.stringify(await this.baton('POST', `/runners/${name}/test`, {}));
    if (!tested.includes('"code":"ready"')) throw new Error(`the runner is not ready: ${tested}`);
    return rig;
  }

  /** A pipeline of that name with this screwdriver.yaml: its id. */
  async pipeline(name: string, yaml: string): Promise<number> {
    this.#repository(join('acme', name), yaml, 'from the source\n');
    const made = await this.ask('POST', '/pipelines', { checkoutUrl: `git@localhost:acme/${name}.git#main` });
    return (made as { readonly id: number }).id;
  }

  /** A pull request of it, with this screwdriver.yaml. */
  pullRequest(name: string, number: number, yaml: string): void {
    this.#repository(join('acme', `${name}.pulls`, String(number)), yaml, 'from the pull request\n');
  }

  #repository(path: string, yaml: string, text: string): void {
    const folder = join(this.folder, 'repositories', path);
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'screwdriver.yaml'), yaml);
    writeFileSync(join(folder, 'file'), text);
  }

  /** Of a commit, unless `more` says otherwise. */
  async event(pipelineId: number, more: Readonly<Record<string, unknown>> = {}): Promise<number> {
    const made = await this.ask('POST', '/events', { pipelineId, startFrom: '~commit', ...more });
    return (made as { readonly id: number }).id;
  }

  /** Oldest first. */
  async builds(eventId: number): Promise<readonly SeenBuild[]> {
    const found = (await this.ask('GET', `/events/${eventId}/builds`)) as readonly SeenBuild[];
    return [...found].sort((a, b) => a.id - b.id);
  }

  /** The builds of the event once there are so many and all are over. */
  async ended(eventId: number, count: number): Promise<readonly SeenBuild[]> {
    return until(`${count} builds of event ${eventId} are over`, async () => {
      const found = await this.builds(eventId);
      return found.length === count && found.every(isOver) ? found : undefined;
    }).catch(async (cause: unknown) => {
      const found = (await this.builds(eventId)).map(({ id, status }) => `${id} ${status}`);
      throw new Error(`builds ${found.join(', ')}; the API said: ${this.#output.slice(-4000)}`, { cause });
    });
  }

  /** How often the API that runs now said that an end was not taken. */
  refusals(): number {
    return this.#output.split('Screwdriver does not take the end of build').length - 1;
  }

  /** Build → its status, as Screwdriver's own database holds it, read past its API. */
  async statuses(): Promise<Readonly<Record<number, string>>> {
    const file = join(this.data, 'screwdriver.sqlite');
    const { stdout } = await promisify(execFile)(process.execPath, ['-e', READ_STATUSES, file]);
    return JSON.parse(stdout) as Readonly<Record<number, string>>;
  }

  /** Jobs of Baton's that belong to this event, oldest first. */
  async jobs(eventId: number): Promise<readonly JobView[]> {
    const page = (await this.baton('GET', `/jobs?change=event-${eventId}`)) as {
      readonly items: readonly JobView[];
    };
    return [...page.items].sort((a, b) => a.queuedAt.localeCompare(b.queuedAt));
  }

  /** Lines of a step, as the pages of Screwdriver would get them. */
  async log(buildId: number, step: string): Promise<readonly string[]> {
    const found = await this.ask('GET', `/builds/${buildId}/steps/${step}/logs?from=0&pages=100`);
    return (found as readonly { readonly m: string }[]).map(({ m }) => m);
  }

  /** The file, once a job has made it. */
  file(name: string): Promise<string> {
    const path = join(this.folder, name);
    return until(`${name} is written`, () =>
      existsSync(path) ? readFileSync(path, 'utf8') || undefined : undefined,
    );
  }

  async close(): Promise<void> {
    await this.stop('SIGTERM');
    await Promise.all(this.#rigs.map((rig) => rig.close()));
    await this.stopStore();
    for (const { pid } of await processesOf(this.folder)) {
      killIfThere(pid);
    }
    await rm(this.folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 });
  }
}
