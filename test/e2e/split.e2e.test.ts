/** Are both outputs of a job that keeps them apart exact, whatever happens to the server meanwhile? */
import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { JobView } from '../../projections/jobs.js';
import type { ChangeView } from '../../src/app/use-cases.js';
import { until } from './processes.js';
import { aWorld, type World } from './world.js';

const LINES = 120;
const KILLS = 3;
const SECRET = 'correct horse battery staple';
const CONFIG = {
  version: '2',
  job_dispatch: { version: 'v2' },
  baton: { output: { default: 'split', lint: 'merged' }, secrets: { unit: ['WORD'] } },
};
/** After each quarter of its lines the job waits until it may go on, so that a kill always finds it in the middle. */
const count = (gate: string): string =>
  `i=0; while [ $i -lt ${LINES} ]; do i=$((i+1)); echo "out $i"; echo "err $i" >&2; [ $((i % ${LINES / (KILLS + 1)})) -ne 0 ] || [ $i -eq ${LINES} ] || until [ -e ${gate}.$i ]; do sleep 0.05; done; done`;
const numbered = (word: string): string =>
  Array.from({ length: LINES }, (_, i) => `${word} ${i + 1}\n`).join('');

let world: World;
let jobs: readonly JobView[];
const jobOf = (phase: string): JobView => {
  const found = jobs.find((job) => job.phase === phase);
  if (found === undefined) throw new Error(`there is no job of ${phase}`);
  return found;
};
const logOf = (job: JobView, query = '') => world.ask('GET', `/jobs/${job.id}/log${query}`);
const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

beforeAll(async () => {
  world = await aWorld();
  await world.start();
  await world.addRunner('r1');
  await world.ask('POST', '/secrets', { ref: 'default/default/project/WORD', value: SECRET });
});
afterAll(() => world.close());

describe('a project that wants its outputs apart', () => {
  it('given a server that is killed while a job writes on both, then the change passes all the same', async () => {
    const gate = join(world.folder, 'gate');
    const repository = world.aRepository('project', {
      commands: {
        unit: `echo "out $WORD"; echo "err $WORD" >&2; ${count(gate)}`,
        lint: 'echo out; echo err >&2; echo out again',
        syntax: 'true',
      },
      config: CONFIG,
    });
    const request = { repository, branch: 'feature', target: 'main', project: 'project' };
    const { id } = (await world.ask('POST', '/changes', request)).json() as ChangeView;
    const unit = await until('the job is queued', async () =>
      (await world.jobsOf(id)).find((job) => job.phase === 'unit'),
    );
    for (let killed = 1; killed <= KILLS; killed += 1) {
      const line = (killed * LINES) / (KILLS + 1);
      await until('a further part of stderr is stored', async () =>
        (await logOf(unit, '?output=stderr')).bytes.includes(`err ${line}\n`) ? true : undefined,
      );
      await world.stop('SIGKILL');
      // it goes on writing while there is no server
      await writeFile(`${gate}.${line}`, '');
      await world.start();
    }
    const change = await world.finished(id);
    expect(change.stages.map(({ status }) => status)).toEqual(['passed']);
    jobs = await world.jobsOf(id);
  });

  it('has both of them whole, each masked, sealed and told by its digest', async () => {
    const job = jobOf('unit');
    expect(job).toMatchObject({ output: 'split', status: 'succeeded' });
    expect(job.attempts).toHaveLength(1);
    const outputs = job.attempts[0]?.outputs ?? [];
    expect(outputs.map(({ name }) => name)).toEqual(['stdout', 'stderr']);
    for (const { name, storedBytes, storedSha256, truncated } of outputs) {
      const log = await logOf(job, `?output=${name}`);
      const word = name.slice(3); // `out` or `err`
      expect(log.bytes.toString()).toBe(`${word} [masked]\n${numbered(word)}`);
      expect([storedBytes, storedSha256, truncated]).toEqual([log.bytes.length, sha256(log.bytes), false]);
    }
    expect((await world.baton('job', 'show', job.id)).out).toContain(outputs[1]?.storedSha256);
  });

  it('has both together with a word on their order, and says which there are where it must be known', async () => {
    const job = jobOf('unit');
    const both = await logOf(job);
    expect(both.headers.get('Baton-Log-Order')).toBe('best-effort');
    const lines = both.bytes.toString().trimEnd().split('\n');
    const only = (word: string) =>
      lines
        .filter((line) => line.startsWith(word))
        .map((line) => `${line}\n`)
        .join('');
    expect(only('out')).toBe(`out [masked]\n${numbered('out')}`);
    expect(only('err')).toBe(`err [masked]\n${numbered('err')}`);
    expect(lines).toHaveLength(2 * (LINES + 1));
    expect((await logOf(job, '/lines')).json()).toMatchObject({ reason: 'output_needed' });
    expect((await logOf(job, '/lines?output=stderr')).json()).toMatchObject({ lines: LINES + 1 });
    const followed = await world.baton('job', 'log', job.id, '--follow', '--output', 'stderr');
    expect([followed.code, followed.out, followed.err]).toEqual([0, `err [masked]\n${numbered('err')}`, '']);
  });

  it('has one log in exact order of a phase that wants that', async () => {
    const job = jobOf('lint');
    expect(job).not.toHaveProperty('output');
    expect(job.attempts[0]?.outputs?.map(({ name }) => name)).toEqual(['log']);
    expect((await logOf(job)).bytes.toString()).toBe('out\nerr\nout again\n');
    expect((await logOf(job, '?output=stdout')).json()).toMatchObject({ reason: 'output_unknown' });
  });
});
