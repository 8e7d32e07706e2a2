/** Waits, in the foreground, for Ctrl-C or SIGTERM. */
import type { Io } from './io.js';

export const untilTold = (io: Io): Promise<void> =>
  new Promise((resolve) => {
    const release = io.onInterrupt(done);
    process.once('SIGTERM', done);
    function done(): void {
      release();
      process.removeListener('SIGTERM', done);
      resolve();
    }
  });
