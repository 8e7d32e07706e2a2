/** Does a folder that cannot be written show before anything is written to it? The fault is made, not told. */
import { execFile } from 'node:child_process';
import { chmod, mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { storageProblem, type StorageState } from '../../src/app/storage-health.js';
import { lookAtStorage } from '../../src/store/storage.js';
import { isBuilt } from './processes.js';
import { makeReadOnly, mountSmall, skipped, unmount, whyNoMount } from './small-disk.js';
import { temporaryDirectory } from './sqlite-tools.js';

const execute = promisify(execFile);
const noMount = await whyNoMount();
const fixture = fileURLToPath(new URL('../fixtures/store/look-at-storage.mjs', import.meta.url));

/** Root may write everywhere, so that is asked by nobody in particular. */
const ORDINARY = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {};
const asOrdinaryUser = async (...args: readonly string[]): Promise<StorageState> => {
  const { stdout } = await execute(process.execPath, [fixture, ...args], { cwd: '/', ...ORDINARY });
  return JSON.parse(stdout) as StorageState;
};

/** Why no ordinary user can be asked here; undefined when one can. */
const whyNobody = async (): Promise<string | undefined> => {
  if (!isBuilt) return 'run the build first';
  return asOrdinaryUser('/', 'tmp').then(
    () => undefined,
    () => 'an ordinary user cannot read the build',
  );
};
const nobody = await whyNobody();

let data: string;
beforeEach(async () => {
  data = await temporaryDirectory();
  await chmod(data, 0o755);
  for (const name of ['store', 'logs']) {
    await mkdir(join(data, name));
    await chmod(join(data, name), 0o777);
  }
});
afterEach(() => rm(data, { recursive: true }));

describe('looking at the folders of the data', () => {
  it('given folders as they should be, then their room, and nothing against them', async () => {
    const state = await lookAtStorage(data, ['store', 'logs']);
    expect(state).toEqual({ freeBytes: expect.any(Number) as number, unwritable: {} });
    expect(state.freeBytes).toBeGreaterThan(0);
  });

  it('given one that is gone, then it is named', async () => {
    await rm(join(data, 'logs'), { recursive: true });
    expect((await lookAtStorage(data, ['store', 'logs'])).unwritable).toEqual({ logs: 'ENOENT' });
  });

  it.skipIf(nobody !== undefined)(
    `given one that its user may only read, then it is named${skipped(nobody)}`,
    async () => {
      expect((await asOrdinaryUser(data, 'store', 'logs')).unwritable).toEqual({});
      await chmod(join(data, 'store'), 0o555);
      expect((await asOrdinaryUser(data, 'store', 'logs')).unwritable).toEqual({ store: 'EACCES' });
    },
  );

  it.skipIf(noMount !== undefined)(
    `given a disk that became read-only, then it is named, also for root${skipped(noMount)}`,
    async () => {
      const store = join(data, 'store');
      await mountSmall(store, 'size=16m');
      try {
        expect((await lookAtStorage(data, ['store'])).unwritable).toEqual({});
        await makeReadOnly(store);
        expect((await lookAtStorage(data, ['store', 'logs'])).unwritable).toEqual({ store: 'EROFS' });
      } finally {
        await unmount(store);
      }
    },
  );

  it.skipIf(noMount !== undefined)(
    `given one of two disks that fills up, then the room of that one counts${skipped(noMount)}`,
    async () => {
      const logs = join(data, 'logs');
      await mountSmall(logs, 'size=16m');
      try {
        expect(storageProblem(await lookAtStorage(data, ['store', 'logs']))).toBeUndefined();
        await writeFile(join(logs, 'ballast'), Buffer.alloc(12_000_000));
        const state = await lookAtStorage(data, ['store', 'logs']);
        expect(state.freeBytes).toBeLessThan(5_000_000);
        expect(storageProblem(state)).toContain('is full');
      } finally {
        await unmount(logs);
      }
    },
  );
});
