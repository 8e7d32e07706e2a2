/** A job that prints all the time, and pages that show its log, as far as the server knows of them: streams over HTTP. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startMachine } from '../fleet/machine.js';
import { runProgram } from '../store/programs.js';
import { temporaryFolder, type Undoing } from '../store/tidily.js';
import { serve, type Served } from './server.js';

const GIT = ['-c', 'user.name=Bench', '-c', 'user.email=bench@example.org', '-c', 'init.defaultBranch=main'];

const PRINTS = `exec perl -e '$| = 1; for (;;) { print "line ", ++$n, " of a log\\n" for 1 .. 10; select undef, undef, undef, 0.1 }'`;

const CONFIG = {
  ...{ version: '2', job_dispatch: { version: 'v2' } },
  skip_phases: ['lint', 'syntax', 'quality', 'security'],
};

/** A repository with one branch that has something to say. */
const repositoryIn = async (folder: string): Promise<string> => {
  const repository = join(folder, 'project');
  mkdirSync(join(repository, '.delivery'), { recursive: true });
  writeFileSync(join(repository, '.delivery', 'config.json'), JSON.stringify(CONFIG));
  writeFileSync(
    join(repository, '.delivery', 'project.toml'),
    `[local_phases]\nunit = ${JSON.stringify(PRINTS)}\n`,
  );
  const git = (...args: readonly string[]) => runProgram(['git', ...GIT, ...args], { cwd: repository });
  await git('init', '--quiet');
  await git('add', '--all');
  await git('commit', '--quiet', '--message', 'First');
  await git('checkout', '--quiet', '-b', 'feature');
  await git('commit', '--quiet', '--allow-empty', '--message', 'Print');
  return repository;
};

export interface Printing {
  readonly served: Served;
  readonly jobId: string;
}

interface Jobs {
  readonly items: readonly { readonly id: string; readonly status: string }[];
}

/** 100 lines a second until it is taken down. */
export const startPrinting = async (undoing: Undoing): Promise<Printing> => {
  const machine = await startMachine(undoing);
  const folder = await temporaryFolder(undoing);
  const repository = await repositoryIn(folder);
  const served = await serve(folder, undoing);
  const { port, user, fingerprint: hostKey, privateKey } = machine;
  const login = { host: '127.0.0.1', port, user, hostKey, privateKey, base: join(machine.folder, 'base') };
  await served.ask('/runners', { name: 'runner-0', slots: 1, ...login });
  await served.ask('/runners/runner-0/test', {});
  await served.ask('/changes', { repository, branch: 'feature', target: 'main' });
  for (;;) {
    const { items } = (await (await served.ask('/jobs')).json()) as Jobs;
    const job = items.find(({ status }) => status === 'running');
    if (job !== undefined) return { served, jobId: job.id };
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
};

/** Reads until it is aborted; answers how many bytes came. */
const read = async (served: Served, path: string, signal: AbortSignal): Promise<number> => {
  let bytes = 0;
  try {
    const { body } = await served.ask(path, undefined, signal);
    for await (const some of body ?? []) bytes += (some as Uint8Array).length;
  } catch (error) {
    if (!signal.aborted) throw error;
  }
  return bytes;
};

/** CPU time of the server per second while so many pages show the log, each with the two streams that a page has. */
export const cpuWhile = async ({ served, jobId }: Printing, pages: number, ms: number): Promise<number> => {
  const stop = new AbortController();
  const paths = [`/jobs/${jobId}/log/stream`, `/updates?topics=job:${jobId}`];
  const reading = Array.from({ length: pages }, () =>
    paths.map((path) => read(served, path, stop.signal)),
  ).flat();
  // until all are connected and have what was there
  await new Promise((resolve) => setTimeout(resolve, 1000));
  const [before, began] = [await served.cpuMs(), performance.now()];
  await new Promise((resolve) => setTimeout(resolve, ms));
  const spent = ((await served.cpuMs()) - before) / ((performance.now() - began) / 1000);
  stop.abort();
  const bytes = await Promise.all(reading);
  if (bytes.some((count, i) => i % paths.length === 0 && count === 0))
    throw new Error('a page was told nothing');
  return spent;
};
