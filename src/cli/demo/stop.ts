/** Has somebody had enough of the demo? By Ctrl-C, by TERM or HUP as from a terminal that is closed, or since nobody reads any more. */
import type { Io } from '../io.js';

export interface Stop {
  readonly asked: Promise<void>;
  /** Undefined until then. */
  readonly by: () => 'signal' | 'reader' | undefined;
  /** Nobody listens any more. */
  readonly release: () => void;
}

const SIGNALS = ['SIGTERM', 'SIGHUP'] as const;

export const listenForStop = (io: Io): Stop => {
  let by: 'signal' | 'reader' | undefined;
  let settle = (): void => undefined;
  const asked = new Promise<void>((resolve) => (settle = resolve));
  const told = (who: 'signal' | 'reader') => (): void => {
    by ??= who;
    settle();
  };
  const [signalled, left] = [told('signal'), told('reader')];
  io.stdout.on('error', left);
  const release = io.onInterrupt(signalled);
  for (const signal of SIGNALS) process.on(signal, signalled);
  return {
    asked,
    by: () => by,
    release: () => {
      release();
      io.stdout.removeListener('error', left);
      for (const signal of SIGNALS) process.removeListener(signal, signalled);
    },
  };
};
