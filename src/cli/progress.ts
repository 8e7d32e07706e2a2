/** One line on a terminal that says what is being waited for; nothing at all where nobody watches. */
import type { Writable } from 'node:stream';
import { duration } from './print.js';
import { plain } from './terminal.js';

export interface Progress {
  /** What is waited for now; replaces what stood there. */
  readonly say: (text: string) => void;
  /** Takes the line away, so that what is printed next stands alone. */
  readonly clear: () => void;
  readonly close: () => void;
}

const EVERY_MS = 1000;
const ERASE = '\r\u001b[2K';

const isTerminal = (stream: Writable): stream is Writable & { readonly columns?: number } =>
  'isTTY' in stream && stream.isTTY === true;

/** Draws on `stream` (stderr as a rule) at once and each second, with the time since it began. `now`: milliseconds. */
export const progressOn = (stream: Writable, now: () => number): Progress => {
  if (!isTerminal(stream)) return { say: () => undefined, clear: () => undefined, close: () => undefined };
  const began = now();
  let text = '';
  const draw = (): void => {
    if (text === '') return;
    const line = `${plain(text)} (${duration(Math.max(1000, now() - began))})`;
    stream.write(
      `${ERASE}${Array.from(line)
        .slice(0, (stream.columns ?? 80) - 1)
        .join('')}`,
    );
  };
  const clear = (): void => {
    if (text !== '') stream.write(ERASE);
    text = '';
  };
  const timer = setInterval(draw, EVERY_MS);
  return {
    say: (next) => {
      if (next === text) return;
      text = next;
      draw();
    },
    clear,
    close: () => {
      clearInterval(timer);
      clear();
    },
  };
};
