/** How is a second writing process kept out? By an exclusive lock on a file of its own, which the system frees when its holder dies. */
import type { Driver } from './driver.js';

export interface Lock {
  readonly release: () => void;
}

/** Takes the lock at once or throws SQLITE_BUSY; never waits. */
export const takeLock = (driver: Driver, file: string): Lock => {
  const database = driver.open(file);
  try {
    database.exec('PRAGMA busy_timeout = 0');
    database.exec('PRAGMA locking_mode = EXCLUSIVE');
    database.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    database.close();
    throw error;
  }
  return {
    release: () => {
      try {
        // In exclusive mode the lock outlives its transaction until the next read in normal mode.
        database.exec('ROLLBACK; PRAGMA locking_mode = NORMAL; SELECT count(*) FROM sqlite_master');
      } finally {
        database.close();
      }
    },
  };
};
