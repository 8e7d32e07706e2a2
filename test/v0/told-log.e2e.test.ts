/** The log of a phase run whose job tells of itself, at the built server: what the original showed, and a way to all the rest. */
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { JobView } from '../../projections/jobs.js';
import { readEvents } from '../../src/cli/events.js';
import { aDoor, type Door } from '../e2e/door.js';
import { until } from '../e2e/processes.js';
import { aWorld, type World } from '../e2e/world.js';

const REPORTER = join(import.meta.dirname, '..', 'fixtures', 'jobs', 'reporter.mjs');
const PIECE = 'a piece of work\n';

let world: World;
let door: Door;
beforeAll(async () => {
  [world, door] = [await aWorld(), await aDoor()];
  await world.start({}, 'error', ['--public-url', door.url]);
  door.leadsTo(world.url);
  await world.addRunner('build-1');
});
afterAll(async () => {
  await world.close();
  await door.close();
});

/** A job that tells by this script as the original's program did, with what it prints by itself. */
const tells = (script: string): string => `ORIGINAL=1 '${process.execPath}' '${REPORTER}' ${script}`;

const who = () => ({ Authorization: `Bearer ${world.token}` });
const get = (path: string): Promise<Response> => fetch(`${world.url}${path}`, { headers: who() });
const textAt = async (path: string): Promise<string> => (await get(path)).text();

interface Run {
  readonly href: string;
  readonly job: JobView;
  readonly change: string;
}
interface Shown {
  readonly status: string;
  readonly run_log: string;
}
interface Details {
  readonly stages: readonly {
    readonly phases: readonly { readonly name: string; readonly run_details: readonly { href: string }[] }[];
  }[];
}

let count = 0;
/** Hands in a change whose unit phase is this command. */
const started = async (command: string, output: object = {}): Promise<Run> => {
  const project = `project-${++count}`;
  const repository = world.aRepository(project, {
    commands: { unit: command, lint: 'true', syntax: 'true' },
    config: {
      version: '2',
      job_dispatch: { version: 'v2' },
      skip_phases: ['lint', 'syntax'],
      baton: { reports: { unit: true }, ...output },
    },
  });
  const { id } = await world.submitted(repository);
  const change = `/api/v0/e/default/orgs/default/projects/${project}/changes/${id}`;
  return until('the phase run', async () => {
    const details = (await (await get(change)).json()) as Details;
    const unit = details.stages[0]?.phases.find(({ name }) => name === 'unit');
    const href = unit?.run_details[0]?.href;
    const job = (await world.jobsOf(id)).find(({ phase }) => phase === 'unit');
    return href === undefined || job === undefined ? undefined : { href, job, change };
  });
};
const shown = async ({ href }: Pick<Run, 'href'>): Promise<Shown> =>
  (await get(href)).json() as Promise<Shown>;
const ended = async (run: Run): Promise<Shown> => {
  await until('the job has ended', async () => {
    const job = (await world.ask('GET', `/jobs/${run.job.id}`)).json() as JobView;
    return job.endedAt === undefined ? undefined : true;
  });
  return shown(run);
};
const ran = async (command: string, output: object = {}) => {
  const run = await started(command, output);
  return { ...run, ...(await ended(run)), log: `${run.href}/log` };
};

describe('the log of a phase run, given a job that', () => {
  it('told, and printed nothing, then exactly what it told, as in the original', async () => {
    const { status, run_log, log } = await ran(`${tells('ppf')} > /dev/null`);
    expect({ status, run_log }).toEqual({ status: 'failed', run_log: PIECE.repeat(2) });
    expect(await textAt(log)).toBe(PIECE.repeat(2));
    const inColour = await get(`${log}?colorize=true`);
    expect(inColour.headers.get('Content-Length')).toBe(String(2 * PIECE.length));
    expect(await inColour.text()).toBe(PIECE.repeat(2));
    expect(await textAt(`${log}?output=log`)).toBe('');
  });

  it('told and printed, then what it told, with the address of what it printed before it', async () => {
    const { status, run_log, log } = await ran(tells('pps'));
    expect(status).toBe('passed');
    expect(run_log).toBe(`[12 bytes printed beside this: ${log}?output=log]\n${PIECE.repeat(2)}`);
    const file = await get(log);
    expect(file.headers.get('Content-Disposition')).toMatch(
      /^attachment; filename="default-project-\d+-main-verify-unit-\d+.txt"$/,
    );
    expect(await file.text()).toBe(run_log);
    expect(await textAt(`${log}?colorize=true`)).toBe(run_log);
    const [, named = ''] = /beside this: (\S+)\]/.exec(run_log) ?? [];
    expect(await textAt(named)).toBe('204\n204\n204\n');
    expect(await textAt(`${log}?output=report`)).toBe(PIECE.repeat(2));
  });

  it('told nothing, then what it printed', async () => {
    const { run_log, log } = await ran('printf "no newline"');
    expect(run_log).toBe('no newline');
    expect(await textAt(log)).toBe('no newline');
    expect(await textAt(`${log}?output=report`)).toBe('');
  });

  it('told and died without an end, then what it printed stands below that, as in the original', async () => {
    const { status, run_log, log } = await ran(
      `printf 'sudo: no\\n'; PIECE="$(printf '\\033[1mso far')" ${tells('p')} > /dev/null; exit 3`,
    );
    expect(status).toBe('failed');
    expect(run_log).toBe('\u001b[1mso far\n[build-1: failed with exit code 3; what it printed:]\nsudo: no\n');
    expect(await textAt(`${log}?colorize=true`)).toBe(run_log);
    expect(await textAt(log)).toBe(run_log.replace('\u001b[1m', ''));
  });

  it('told of success, and ended otherwise, then the reader is told why it has failed', async () => {
    const { status, run_log } = await ran(`${tells('ps')} > /dev/null; exit 4`);
    expect({ status, run_log }).toEqual({
      status: 'failed',
      run_log: `${PIECE}[build-1: failed with exit code 4]\n`,
    });
  });

  it('told and printed much, then the end of each, together bounded, and the files hold all', async () => {
    const many = `i=0; while test $i -lt 5000; do echo "printed line $i"; i=$((i+1)); done`;
    const { run_log, log } = await ran(
      `${many}; PIECE=$(head -c 100000 /dev/zero | tr '\\0' x) ${tells('p')} > /dev/null; exit 3`,
    );
    expect(run_log.length).toBeLessThan(65_536 + 600);
    expect(run_log.startsWith(`[${100_001 - 32_768} bytes before this: ${log}?output=report]\nxxx`)).toBe(
      true,
    );
    expect(run_log).toMatch(/\[\d+ bytes before this: \S+\?output=log\]\n/);
    expect(run_log.endsWith('printed line 4999\n')).toBe(true);
    const file = await textAt(log);
    expect(file.startsWith(`${'x'.repeat(100_000)}\n[build-1: `)).toBe(true);
    expect(file).toContain(']\nprinted line 0\n');
    expect(file.endsWith('printed line 4999\n')).toBe(true);
  });

  it('keeps its outputs apart and told, then the same, and both of them interleaved at the other address', async () => {
    const { run_log, log } = await ran(`echo out; echo err >&2; ${tells('pf')} > /dev/null`, {
      output: { unit: 'split' },
    });
    expect(run_log).toBe(`[8 bytes printed beside this: ${log}?output=log]\n${PIECE}`);
    expect((await textAt(`${log}?output=log`)).split('\n').sort()).toEqual(['', 'err', 'out']);
  });

  it('is no job that reports or asks for another output, then 404 and 400', async () => {
    const run = await ran('true', { reports: { unit: false } });
    expect((await get(`${run.log}?output=report`)).status).toBe(404);
    expect((await get(`${run.log}?output=stdout`)).status).toBe(400);
  });

  it('tells while it runs, then the stream of its change tells it too, and how it ends', async () => {
    const gate = join(world.folder, 'gate');
    const run = await started(`GATE='${gate}' ${tells('pwpf')} > /dev/null`);
    const stream = await get(`${run.change}/streaming`);
    if (stream.body === null) throw new Error('no stream');
    const told: string[] = [];
    for await (const { event, data } of readEvents(stream.body)) {
      if (event !== 'phase_run_updated') continue;
      const { status, run_log } = JSON.parse(data) as Shown;
      if (told.at(-1) !== run_log) told.push(run_log);
      if (run_log === PIECE) world.file('gate', '');
      if (status === 'failed') break;
    }
    expect(told.slice(-2)).toEqual([PIECE, PIECE.repeat(2)]);
    expect(told.slice(0, -2).every((log) => log === '')).toBe(true);
  });
});
