/** Keeps a data folder for one process, whose events are kept elsewhere. */
import * as E from 'fp-ts/lib/Either.js';
import { prepareDirectory } from './directory.js';
import { loadDriver } from './driver.js';
import { takeLock, type Lock } from './lock.js';
import { openError, type StoreOpenError } from './open-errors.js';

/** The same lock as that of the embedded store in this folder, so that the two keep each other out. */
export const holdDirectory = async (directory: string): Promise<E.Either<StoreOpenError, Lock>> => {
  const files = await prepareDirectory(directory, 'events');
  if (E.isLeft(files)) return files;
  try {
    const driver = (await loadDriver()) ?? (await loadDriver('libsql'));
    if (driver === undefined) throw new Error('there is no SQLite to lock with');
    return E.right(takeLock(driver, files.right.lock));
  } catch (error) {
    return E.left(openError(directory, error));
  }
};
