/** How does a file change so that a reader, or a crash, sees the old or the new text and nothing between? */
import { open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';

let written = 0;

const syncFolder = async (directory: string): Promise<void> => {
  const handle = await open(directory, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
};

interface Syncing {
  readonly now: Promise<void>;
  /** For all who came since `now` began: it may not have seen their names. */
  next?: Promise<void>;
}

const syncing = new Map<string, Syncing>();

/** Makes the names in a folder durable; a crash may otherwise forget a rename that has happened. Who comes while it is done waits for one more. */
export const syncDirectory = (directory: string): Promise<void> => {
  const begin = (): Promise<void> => {
    const now = syncFolder(directory);
    const entry: Syncing = { now };
    syncing.set(directory, entry);
    const over = (): void => {
      if (syncing.get(directory) === entry) syncing.delete(directory);
    };
    now.then(over, over);
    return now;
  };
  const under = syncing.get(directory);
  if (under === undefined) return begin();
  under.next ??= under.now.then(begin, begin);
  return under.next;
};

export interface Beside {
  /** Makes it what the name stands for, durably. */
  readonly replace: () => Promise<void>;
  readonly drop: () => Promise<void>;
}

/** Writes and syncs beside the file, which stays what it was. On failure nothing is left and the error is thrown as it came. */
export const writeBeside = async (
  file: string,
  content: string | Uint8Array | Iterable<string>,
  mode: number,
): Promise<Beside> => {
  const temporary = `${file}.${process.pid}.${++written}.tmp`;
  const drop = (): Promise<void> => rm(temporary, { force: true });
  const orDrop = async (work: () => Promise<void>): Promise<void> => {
    try {
      await work();
    } catch (error) {
      await drop();
      throw error;
    }
  };
  await orDrop(async () => {
    const handle = await open(temporary, 'wx', mode);
    try {
      // each goes on where the one before ended
      const pieces = typeof content === 'string' || content instanceof Uint8Array ? [content] : content;
      for (const piece of pieces) await handle.writeFile(piece);
      await handle.sync();
    } finally {
      await handle.close();
    }
  });
  return {
    replace: async () => {
      await orDrop(() => rename(temporary, file));
      await syncDirectory(dirname(file));
    },
    drop,
  };
};

/** The file as it was, or with this content; nothing in between. */
export const writeAtomically = async (...what: Parameters<typeof writeBeside>): Promise<void> => {
  await (await writeBeside(...what)).replace();
};
