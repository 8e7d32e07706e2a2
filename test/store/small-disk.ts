/** A small disk of its own, to fill up; for root on Linux. */
import { execFile } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { promisify } from 'node:util';
import { temporaryDirectory } from './sqlite-tools.js';

const execute = promisify(execFile);

/** `options` as tmpfs(5) has them, e.g. `size=1m,nr_inodes=64`. */
export const mountSmall = (directory: string, options = 'size=3m'): Promise<unknown> =>
  execute('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', directory]);

export const makeReadOnly = (directory: string): Promise<unknown> =>
  execute('mount', ['-o', 'remount,ro', directory]);

/** Lazily: libsql lets go of its files only when its objects are collected. */
export const unmount = (directory: string): Promise<unknown> => execute('umount', ['--lazy', directory]);

/** Why no small disk can be mounted here; undefined when it can. */
export const whyNoMount = async (): Promise<string | undefined> => {
  if (process.platform !== 'linux' || process.getuid?.() !== 0)
    return 'only root on Linux may mount a small disk';
  const directory = await temporaryDirectory();
  try {
    await mountSmall(directory);
    await unmount(directory);
    return undefined;
  } catch {
    return 'mounting a tmpfs is not permitted here';
  } finally {
    await rm(directory, { recursive: true });
  }
};

/** For the name of a test that cannot run here. */
export const skipped = (why: string | undefined): string => (why === undefined ? '' : ` (skipped: ${why})`);
