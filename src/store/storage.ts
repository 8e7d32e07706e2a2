/** What does the disk say of the folders of the data? Looked at without writing anything. */
import { access, constants, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import type { StorageState } from '../app/storage-health.js';

/** The word of the system for why, e.g. `EACCES`, `EROFS`, `ENOENT`; undefined when files can be made there. */
const whyUnwritable = async (folder: string): Promise<string | undefined> => {
  try {
    await access(folder, constants.W_OK | constants.X_OK);
    return undefined;
  } catch (error) {
    return error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
  }
};

/** Absent where it cannot be told: that the folder is not there shows otherwise. */
const freeBytesAt = async (folder: string): Promise<number | undefined> => {
  try {
    const { bfree, bavail, bsize } = await statfs(folder);
    // blocks that are kept back are free for root (statfs(2))
    return (process.getuid?.() === 0 ? bfree : bavail) * bsize;
  } catch {
    return undefined;
  }
};

/** Looks at these folders below `data`; the least room of all counts, since each may be a disk of its own. */
export const lookAtStorage = async (data: string, folders: readonly string[]): Promise<StorageState> => {
  const found = await Promise.all(
    folders.map(async (name) => {
      const folder = join(data, name);
      return { name, why: await whyUnwritable(folder), free: await freeBytesAt(folder) };
    }),
  );
  const free = found.flatMap((one) => (one.free === undefined ? [] : [one.free]));
  return {
    ...(free.length === 0 ? {} : { freeBytes: Math.min(...free) }),
    unwritable: Object.fromEntries(
      found.flatMap(({ name, why }) => (why === undefined ? [] : [[name, why]])),
    ),
  };
};
