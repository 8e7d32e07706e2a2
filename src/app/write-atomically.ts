/** How does a file change so that a reader, or a crash, sees the old or the new text and nothing between? */
import { open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';

let written = 0;

/** Makes the names in a folder durable; a crash may otherwise forget a rename that has happened. */
export const syncDirectory = async (directory: string): Promise<void> => {
  const handle = await open(directory, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
};

/** Writes beside the file, syncs, renames over it. On failure nothing is left and the error is thrown as it came. */
export const writeAtomically = async (
  file: string,
  text: string | Buffer | Iterable<string>,
  mode: number,
): Promise<void> => {
  const temporary = `${file}.${process.pid}.${++written}.tmp`;
  try {
    const handle = await open(temporary, 'wx', mode);
    try {
      // each goes on where the one before ended
      for (const piece of typeof text === 'string' || Buffer.isBuffer(text) ? [text] : text)
        await handle.writeFile(piece);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, file);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  await syncDirectory(dirname(file));
};
