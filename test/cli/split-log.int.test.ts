import { mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as TE from 'fp-ts/lib/TaskEither.js';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { aJob, startEdge, tokens, until, type Edge } from '../http/edge.js';
import { splitJob, type SplitJob } from '../http/split-job.js';
import { baton, begin, type Ran } from './terminal.js';

const job = aJob();
let edge: Edge;
let folder = '';
let split: SplitJob;
beforeEach(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), 'baton-cli-')));
  split = await splitJob(folder);
  edge = await startEdge(split.over);
});
afterEach(async () => {
  await edge.close();
  await split.close();
  await rm(folder, { recursive: true, force: true });
});
const env = () => ({ BATON_URL: edge.url, BATON_TOKEN: tokens.viewer, PATH: process.env['PATH'] ?? '' });
const ask = (...argv: string[]): Promise<Ran> => baton(argv, { env: env(), cwd: folder });

const wrote = async (): Promise<void> => {
  await split.came('stdout', 1, 'out one\n');
  await split.came('stderr', 2, 'err one\n');
  await split.came('stdout', 3, 'out two\n');
  await split.seal();
};

describe('job log of a job whose outputs are kept apart', () => {
  it.each([[[]], [['--follow']]])(
    'given --output and %j, then that output alone, and no note',
    async (more) => {
      await wrote();
      const ran = await ask('job', 'log', job.id, '--output', 'stdout', ...more);
      expect(ran).toMatchObject({ code: 0, out: 'out one\nout two\n', err: '' });
    },
  );

  it('given none, then both by the time of receipt, and stderr says that their order is not exact', async () => {
    await wrote();
    const ran = await ask('job', 'log', job.id);
    expect(ran).toMatchObject({ code: 0, out: 'out one\nerr one\nout two\n' });
    expect(ran.err).toMatch(/may not be that of writing.*--output stdout/);
  });

  it('given --follow, then both as they come, line by line', async () => {
    const following = begin(['job', 'log', job.id, '--follow'], { env: env() });
    await split.came('stdout', 1, 'out one\nout t');
    await until('the first line', () => following.out() === 'out one\n');
    await split.came('stderr', 2, 'err one\nerr two without end');
    await until('the other output', () => following.out() === 'out one\nerr one\n');
    await split.came('stdout', 3, 'wo\n');
    await until('the rest of the line', () => following.out().endsWith('out two\n'));
    await split.seal();
    const ran = await following.done;
    expect(ran).toMatchObject({ code: 0, out: 'out one\nerr one\nout two\nerr two without end\n' });
    expect(ran.err).toContain('may not be that of writing');
  });

  it('given lines, then of an output that is named; else a sentence that names the two', async () => {
    await wrote();
    const named = await ask('job', 'log', job.id, '--output', 'stdout', '--lines', '2', '--timestamps');
    expect(named.out).toBe(' 2026-01-31T12:00:03.000Z out two\n');
    const both = await ask('job', 'log', job.id, '--lines', '2');
    expect([both.code, both.out]).toEqual([2, '']);
    expect(both.err).toMatch(/stdout and stderr[^]*--output stdout/);
  });

  it('given another word, then usage: exit code 64', async () => {
    expect((await ask('job', 'log', job.id, '--output', 'stdin')).code).toBe(64);
  });
});

describe('job show', () => {
  it('tells the outputs of each attempt with size, digest and whether the limit cut them', async () => {
    const output = (name: string, storedBytes: number, truncated: boolean) => ({
      ...{ name, sourceBytes: 1, sourceSha256: '', storedBytes, storedSha256: name.repeat(9), truncated },
    });
    await edge.close();
    edge = await startEdge({
      showJob: () =>
        TE.right(
          aJob({
            output: 'split',
            attempts: [{ attempt: 2, outputs: [output('stdout', 17, false), output('stderr', 4711, true)] }],
          }),
        ),
    });
    const { out } = await ask('job', 'show', job.id);
    expect(out).toContain('stdout and stderr, kept apart');
    expect(out).toMatch(/2 +stdout +17 +(stdout){9} *\n/);
    expect(out).toMatch(/2 +stderr +4711 +(stderr){9} +cut at the limit/);
  });

  it('tells where the workspace of an attempt is that stays, as long as it does', async () => {
    await edge.close();
    const kept = (until: string) => ({ folder: 'j.1.ws', until, path: '/home/ci/.baton/x/j.1.ws' });
    const attempts = [
      { attempt: 1, runner: 'r1', kept: kept('2020-01-01T00:00:00.000Z') },
      { attempt: 2, runner: 'r1', kept: kept('2999-01-01T00:00:00.000Z') },
    ];
    edge = await startEdge({ showJob: () => TE.right(aJob({ attempts })) });
    const { out } = await ask('job', 'show', job.id);
    expect(out).toMatch(/2 +r1 +2999-01-01T00:00:00.000Z +\/home\/ci\/.baton\/x\/j.1.ws/);
    expect(out).not.toContain('2020-01-01');
  });
});
