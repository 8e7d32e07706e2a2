/** Makes the folder and files of a store ready: there, private, on a local disk. */
import { mkdir, open, readFile, realpath, statfs } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import * as E from 'fp-ts/lib/Either.js';
import { openError, type StoreOpenError } from './open-errors.js';
import { networkFileSystem } from './file-system.js';

export interface StoreFiles {
  readonly events: string;
  readonly lock: string;
}

/**
 * Makes an empty private file unless there is one. An existing one is not even opened: closing it would drop the locks that
 * this process holds on it (fcntl(2), POSIX record locks).
 */
const createPrivate = async (file: string): Promise<void> => {
  try {
    await (await open(file, 'wx', 0o600)).close();
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
  }
};

/** A new name is durable only when its folder is flushed. Windows has no such thing. */
const flushFolder = async (folder: string): Promise<void> => {
  if (process.platform === 'win32') return;
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
};

const onNetwork = async (directory: string): Promise<string | undefined> => {
  if (process.platform !== 'linux') return undefined;
  const { type } = await statfs(directory);
  const mounts = await readFile('/proc/self/mountinfo', 'utf8').catch(() => '');
  return networkFileSystem(type, mounts, await realpath(directory));
};

/** Creates what is missing: folder 0700, files 0600. `without` events: they are kept elsewhere. */
export const prepareDirectory = async (
  directory: string,
  without?: 'events',
): Promise<E.Either<StoreOpenError, StoreFiles>> => {
  try {
    const created = await mkdir(directory, { recursive: true, mode: 0o700 });
    const network = await onNetwork(directory);
    if (network !== undefined)
      return E.left({
        code: 'store_on_network_file_system',
        message: `the event store's folder ${directory} was expected on a local disk, but lies on ${network}`,
        hint: 'choose a folder on a local disk, or use EventStoreDB for a store that several machines reach',
      });
    const files = { events: join(directory, 'events.db'), lock: join(directory, 'lock.db') };
    await createPrivate(files.lock);
    if (without === undefined) await createPrivate(files.events);
    await flushFolder(directory);
    if (created !== undefined) await flushFolder(dirname(created));
    return E.right(files);
  } catch (error) {
    return E.left(openError(directory, error));
  }
};
