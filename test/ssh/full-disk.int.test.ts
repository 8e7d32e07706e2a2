/** A runner whose disk is full, or fills up, before a job, while it runs, and when it ends. Needs root, for a disk of its own. */
import { execFileSync } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as E from 'fp-ts/lib/Either.js';
import { afterEach, describe, expect, it } from 'vitest';
import type { AttemptState, RunnerTarget, RunnerTransport } from '../../src/app/ports.js';
import { startRig, type Rig } from '../sshd.js';
import { mountSmall, skipped, unmount, whyNoMount } from '../store/small-disk.js';

const right = <A>(either: E.Either<unknown, A>): A => {
  if (E.isLeft(either)) throw new Error(`expected success, found ${JSON.stringify(either.left)}`);
  return either.right;
};

const why = await whyNoMount();

describe.skipIf(why !== undefined)(`a runner whose disk is full${skipped(why)}`, { timeout: 60_000 }, () => {
  let rig: Rig | undefined;
  let disk = '';
  afterEach(async () => {
    await rig?.close();
    if (disk !== '') {
      await unmount(disk);
      await rm(disk, { recursive: true, force: true });
    }
    rig = undefined;
    disk = '';
  });

  interface Small {
    readonly transport: RunnerTransport;
    readonly target: RunnerTarget;
    readonly order: (jobId: string, script: string) => Parameters<RunnerTransport['start']>[1];
    readonly end: (
      jobId: string,
    ) => Promise<{ readonly bytes: number; readonly state: AttemptState | undefined }>;
    readonly folder: string;
  }

  const smallDisk = async (options: string): Promise<Small> => {
    const made = await startRig('in-process server');
    rig = made;
    const base = await mkdtemp(join(tmpdir(), 'baton-small-'));
    await mountSmall(base, options);
    disk = base;
    const transport = made.transport();
    const target = { ...made.target, base };
    const { baseId, bootId } = right(await transport.probe(target)());
    // its slot is open, and has its folder
    right(await transport.query(target, { jobId: 'none', attempt: 1 })());
    return {
      ...{ transport, target, folder: join(base, 'test') },
      order: (jobId, script) => ({
        ...{ jobId, attempt: 1, fence: 1, baseId, bootId, script },
        ...{ environment: {}, cancelGraceMs: 500, logBytes: 50_000_000 },
      }),
      end: async (jobId) => {
        let bytes = 0;
        let state: AttemptState | undefined;
        for await (const one of transport.follow(
          target,
          { jobId, attempt: 1 },
          0,
          new AbortController().signal,
        )) {
          if (one.kind === 'bytes') bytes += one.bytes.length;
          else state = one.state;
        }
        return { bytes, state };
      },
    };
  };

  const fill = (file: string): void => {
    try {
      execFileSync('dd', ['if=/dev/zero', `of=${file}`, 'bs=4096'], { stdio: 'ignore' });
    } catch {
      // that it ends with an error is the point
    }
  };

  it('given no room before the claim, then disk_full, nothing runs, and with room again it does', async () => {
    const { transport, target, order, end, folder } = await smallDisk('size=1m');
    fill(join(disk, 'filler'));
    const wanted = order('late', 'echo ran');
    const refused = await transport.start(target, wanted)();
    expect(E.isLeft(refused) && refused.left.code).toBe('disk_full');
    expect((await readdir(folder)).filter((name) => name.startsWith('late.'))).toEqual([]);
    await rm(join(disk, 'filler'));
    expect(right(await transport.start(target, wanted)()).kind).toBe('started');
    expect(await end('late')).toMatchObject({ bytes: 4, state: { state: 'done', result: { exitCode: 0 } } });
  });

  it('given no inode before the claim, then disk_full and nothing runs', async () => {
    const { transport, target, order } = await smallDisk('size=4m,nr_inodes=64');
    for (let i = 0, full = false; !full; i += 1)
      full = await writeFile(join(disk, `filler-${String(i)}`), '').then(
        () => false,
        () => true,
      );
    const refused = await transport.start(target, order('late', 'echo ran'))();
    expect(E.isLeft(refused) && refused.left.code).toBe('disk_full');
  });

  it('given room for the claim only, then not started, and the attempt is spent', async () => {
    const { transport, target, order } = await smallDisk('size=1m');
    fill(join(disk, 'filler'));
    // one page, for the claim
    const filler = join(disk, 'filler');
    await truncate(filler, (await stat(filler)).size - 4096);
    const wanted = order('late', `: ${'x'.repeat(20_000)}`);
    expect(right(await transport.start(target, wanted)())).toMatchObject({
      kind: 'not_started',
      why: 'disk_full',
    });
    await rm(join(disk, 'filler'));
    expect(right(await transport.start(target, wanted)())).toEqual({
      kind: 'exists',
      state: { state: 'revoked' },
    });
  });

  it('given a log that fills the disk, then the job goes on, its result is there, and the log is said to be cut', async () => {
    const { transport, target, order, end } = await smallDisk('size=1m');
    const marker = join(rig?.directory ?? '', 'went-on');
    right(
      await transport.start(
        target,
        order('loud', `head -c 5000000 /dev/zero; echo yes > ${marker}; exit 5`),
      )(),
    );
    const { bytes, state } = await end('loud');
    expect(state).toMatchObject({ state: 'done', result: { exitCode: 5, why: 'exit', logTruncated: true } });
    expect(bytes).toBeGreaterThan(500_000);
    expect(bytes).toBeLessThan(1_100_000);
    expect(await readFile(marker, 'utf8')).toBe('yes\n');
  });

  it.each([
    ['a cancel', 'size=1m', 'cancel', {}],
    ['a cancel, and not an inode is free', 'size=4m,nr_inodes=64', 'cancel', {}],
    ['a limit', 'size=1m', 'timeout', { totalMs: 1500 }],
  ])(
    'given %s while the disk is full, then the verdict and its evidence are there',
    async (_, options, why, limits) => {
      const { transport, target, order, end, folder } = await smallDisk(options);
      const wanted = {
        ...order(
          'filler',
          `echo begun; while [ ! -e ${rig?.directory ?? ''}/end ]; do sleep 0.1; done; exit 7`,
        ),
        ...limits,
      };
      right(await transport.start(target, wanted)());
      const ended = end('filler');
      fill(join(disk, 'filler'));
      for (let i = 0, full = false; !full && options.includes('inodes'); i += 1)
        full = await writeFile(join(disk, `filler-${String(i)}`), '').then(
          () => false,
          () => true,
        );
      if (why === 'cancel')
        expect(right(await transport.cancel(target, wanted, 500)())).toEqual({ kind: 'signalled' });
      const { state } = await ended;
      expect(state).toMatchObject({ state: 'done', result: { why, signals: ['TERM'], survivors: [] } });
      // and so it is told to whoever asks anew
      expect(right(await transport.query(target, wanted)())).toMatchObject({
        result: { why, signals: ['TERM'] },
      });
      expect(await readFile(join(folder, 'filler.1.why'), 'utf8').catch(() => '')).toBe('');
      right(await transport.cleanUp(target, wanted)());
      expect(right(await transport.query(target, wanted)())).toEqual({ state: 'tombstone' });
    },
  );

  it('given a disk that is full when the job ends, then its result is there', async () => {
    const { transport, target, order, end } = await smallDisk('size=1m');
    right(
      await transport.start(
        target,
        order('filler', `dd if=/dev/zero of=${disk}/filler bs=4096 2>/dev/null; exit 6`),
      )(),
    );
    expect((await end('filler')).state).toMatchObject({
      state: 'done',
      result: { exitCode: 6, why: 'exit' },
    });
  });
});
