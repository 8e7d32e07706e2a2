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

/** The first job that runs, as soon as it does. */
const runningJob = async (served: Served): Promise<string> => {
  const { body } = await served.ask('/jobs/stream?status=running');
  const decoder = new TextDecoder();
  let text = '';
  for await (const some of body ?? []) {
    text += decoder.decode(some as Uint8Array, { stream: true });
    const data = /^data: (.*)\n\n/m.exec(text)?.[1];
    if (data !== undefined) return (JSON.parse(data) as { readonly id: string }).id;
  }
  throw new Error('no job came to run');
};

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
  return { served, jobId: await runningJob(served) };
};

interface Reading {
  /** It is connected and has what was there: a first event has come. */
  readonly begun: Promise<void>;
  /** How many came, once it is aborted. */
  readonly bytes: Promise<number>;
}

const read = (served: Served, path: string, signal: AbortSignal): Reading => {
  let tell = (): void => undefined;
  const begun = new Promise<void>((resolve) => (tell = resolve));
  return { begun, bytes: bytesOf(served, path, signal, tell) };
};

const bytesOf = async (
  served: Served,
  path: string,
  signal: AbortSignal,
  came: () => void,
): Promise<number> => {
  let bytes = 0;
  try {
    const { body } = await served.ask(path, undefined, signal);
    for await (const some of body ?? []) {
      const piece = Buffer.from(some as Uint8Array);
      bytes += piece.length;
      if (piece.includes('event: ')) came();
    }
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
  // one that is refused ends before it begins
  await Promise.all(reading.map(({ begun, bytes }) => Promise.race([begun, bytes])));
  const [before, began] = [await served.cpuMs(), performance.now()];
  // so long is measured
  await new Promise((resolve) => setTimeout(resolve, ms));
  const spent = ((await served.cpuMs()) - before) / ((performance.now() - began) / 1000);
  stop.abort();
  const bytes = await Promise.all(reading.map((one) => one.bytes));
  if (bytes.some((count, i) => i % paths.length === 0 && count === 0))
    throw new Error('a page was told nothing');
  return spent;
};
