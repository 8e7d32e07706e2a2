/** Where the bytes of a log go: to stdout as they are, or made fit for a terminal. */
import { write, type Io } from './io.js';
import { wantsColours } from './session.js';
import { logFilter } from './terminal.js';

export interface LogSink {
  readonly give: (bytes: Uint8Array) => Promise<void>;
  readonly end: () => Promise<void>;
}

export const logSink = (io: Io, raw: boolean): LogSink => {
  const filter = raw ? undefined : logFilter(wantsColours(io));
  return {
    give: (bytes) => write(io.stdout, filter === undefined ? bytes : filter.push(bytes)),
    end: async () => {
      if (filter !== undefined) await write(io.stdout, filter.end());
    },
  };
};
