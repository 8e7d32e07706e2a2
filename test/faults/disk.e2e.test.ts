/** A runner whose disk, or table of inodes, is full before a claim, in a log, or at a result. */
import { execFile } from 'node:child_process';
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { until } from '../e2e/processes.js';
import { aWorld, type World } from '../e2e/world.js';
import { mountSmall, skipped, unmount, whyNoMount } from '../store/small-disk.js';
import { aFaultyRunner, filesOn } from './runner.js';
import { tallyOf, type Tally } from './tally.js';

const execute = promisify(execFile);
const why = await whyNoMount();

const often = ['--probe-interval', '1s', '--recovery-interval', '1s'];

describe.skipIf(why !== undefined)(`a runner whose disk is full${skipped(why)}`, () => {
  let world: World;
  let tally: Tally;
  let base: string;
  beforeEach(async () => {
    world = await aWorld();
    tally = tallyOf(world);
    base = join(world.folder, 'small');
    await mkdir(base);
    // whether a disk has room is not asked before it is full
    await world.start({}, 'error', [...often, '--min-free-disk', '0']);
  });
  afterEach(async () => {
    await world.stop();
    await unmount(base);
    await world.close();
  });

  const aSmallRunner = async (options: string): Promise<void> => {
    await mountSmall(base, options);
    await aFaultyRunner(world, 'runner', { base });
    // its slot is open, and has its files
    await tally.expectOnce(await tally.submit(tally.project('echo first')).change());
    // what is tidied up later would make room
    await until(
      'it is tidied up',
      async () =>
        [...(await filesOn({ base }, '.rc')).values()].every((line) => line.startsWith('tombstone')) ||
        undefined,
    );
    await until(
      'nothing else of it is there',
      async () => (await filesOn({ base }, '.log')).size === 0 || undefined,
    );
  };
  const fillBytes = (): Promise<unknown> =>
    execute('dd', ['if=/dev/zero', `of=${base}/filler`, 'bs=4096']).catch(() => undefined);
  const fillInodes = async (): Promise<void> => {
    await mkdir(join(base, 'fillers'));
    for (let i = 0, full = false; !full; i += 1)
      full = await writeFile(join(base, 'fillers', String(i)), '').then(
        () => false,
        () => true,
      );
  };
  const makeRoom = async (): Promise<void> => {
    for (const name of await readdir(base))
      if (name.startsWith('filler')) await rm(join(base, name), { recursive: true });
  };

  it.each([
    ['bytes', 'size=3m', fillBytes],
    ['inodes', 'size=8m,nr_inodes=96', fillInodes],
  ] as const)(
    'given no %s before the claim, then it is said, and with room again the job runs once',
    async (_, options, fill) => {
      await aSmallRunner(options);
      await fill();
      const change = await tally.submit(tally.project('seq 1000')).change();
      await until('it is said', async () => {
        const events = await tally.events();
        return (
          events.find(({ type, data }) => type === 'JobRequeued' && data['why'] === 'disk_full') ??
          events.find(
            // a probe may come before the job, and then no job is sent there
            ({ type, data }) =>
              type.startsWith('Runner') && /disk_full|No space left/.test(JSON.stringify(data)),
          )
        );
      });
      expect(await tally.begun()).toHaveLength(1);
      await makeRoom();
      await tally.expectOnce(change);
    },
  );

  it('given a log that fills the disk, then the job goes on, ran once, and the log is a beginning that says where it was cut', async () => {
    await aSmallRunner('size=3m');
    const change = await tally.submit(tally.project('seq 1000000; echo last; exit 5')).change();
    const [job] = await tally.ends(change);
    expect(job?.terminal).toMatchObject({ type: 'JobFailed', data: { exitCode: 5 } });
    expect(job?.runs).toBe(1);
    expect(job?.written.toString().endsWith('last\n')).toBe(true);
    const [, cut] =
      /\n\[baton: the log was cut at (\d+) bytes\]\n$/.exec(job?.log.toString().slice(-200) ?? '') ?? [];
    expect(Number(cut)).toBeGreaterThan(1_000_000);
    const kept = job?.log.subarray(0, Number(cut));
    expect(job?.written.subarray(0, Number(cut)).equals(kept ?? Buffer.alloc(0))).toBe(true);
  });

  it.each([
    ['bytes', 'size=3m', () => `dd if=/dev/zero of='${base}/filler' bs=4096 2>/dev/null`],
    [
      'inodes',
      'size=8m,nr_inodes=96',
      () => `mkdir '${base}/fillers'; i=0; while (: > '${base}/fillers/'$i) 2>/dev/null; do i=$((i+1)); done`,
    ],
  ] as const)(
    'given no %s left when the job ends, then its result and its log are there, and with room again the next runs',
    async (_, options, filling) => {
      await aSmallRunner(options);
      const change = await tally.submit(tally.project(`seq 1000; ${filling()}; echo last; exit 6`)).change();
      const [job] = await tally.ends(change);
      expect(job?.terminal).toMatchObject({ type: 'JobFailed', data: { exitCode: 6 } });
      expect(job?.runs).toBe(1);
      await makeRoom();
      await tally.expectOnce(await tally.submit(tally.project('echo next')).change());
    },
  );

  it('given less room than a job wants, then it runs on another runner, and the one without is not put out for it', async () => {
    await world.stop();
    await world.start({}, 'error', often);
    await mountSmall(base, 'size=3m');
    await aFaultyRunner(world, 'small', { base });
    const change = await tally.submit(tally.project('echo ran')).change();
    await until('it is said', async () =>
      (await tally.events()).find(({ type, data }) => type === 'JobRequeued' && data['why'] === 'disk_low'),
    );
    expect((await filesOn({ base }, '.rc')).size).toBe(0);
    await aFaultyRunner(world, 'roomy');
    const again = await tally.submit(tally.project('echo ran')).change();
    await tally.expectOnce(again);
    for (const job of await world.jobsOf(again))
      expect(job.attempts.at(-1)).toMatchObject({ runner: 'roomy', exitCode: 0 });
    // with nowhere else to go it was given up, and said why
    for (const job of await world.jobsOf(change))
      expect(['succeeded', 'undeliverable']).toContain(job.status);
    expect((await tally.events()).filter(({ type }) => type === 'RunnerQuarantined')).toEqual([]);
  });
});
