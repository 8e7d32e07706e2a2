/** Whoever sits at the terminal, asked one line at a time. What is secret is not shown while it is typed. */
import type { Readable, Writable } from 'node:stream';

export interface Person {
  /** The line that is typed, without its end; undefined when the input ends or the signal comes. */
  readonly ask: (question: string, signal?: AbortSignal) => Promise<string | undefined>;
  /** The same without an echo; undefined at Ctrl-C as well, which is only a key then. */
  readonly askHidden: (question: string, signal?: AbortSignal) => Promise<string | undefined>;
}

/** What one needs of the standard input when it is a terminal. */
export type Keyboard = Readable & { readonly setRawMode: (raw: boolean) => unknown };

export type Typed =
  | { readonly kind: 'more'; readonly line: string }
  | { readonly kind: 'line'; readonly line: string; readonly rest: string }
  | { readonly kind: 'gone'; readonly rest: string };

/** What the keys make of a line where the terminal edits nothing itself: backspace, Ctrl-U, Ctrl-C, Ctrl-D (termios(3)). */
export const typed = (before: string, keys: string): Typed => {
  let line = Array.from(before);
  const all = Array.from(keys);
  for (const [at, key] of all.entries()) {
    const rest = all.slice(at + 1).join('');
    if (key === '\r' || key === '\n') return { kind: 'line', line: line.join(''), rest };
    if (key === '\u0003' || (key === '\u0004' && line.length === 0)) return { kind: 'gone', rest };
    if (key === '\u007f' || key === '\b') line = line.slice(0, -1);
    else if (key === '\u0015') line = [];
    else if (key >= ' ') line.push(key);
  }
  return { kind: 'more', line: line.join('') };
};

/** Asks on `output`, which is the same terminal. */
export const personAt = (input: Keyboard, output: Writable): Person => {
  // what was typed ahead, of the next answers
  let ahead = '';
  const read = (question: string, isHidden: boolean, signal?: AbortSignal): Promise<string | undefined> =>
    new Promise((resolve) => {
      let line = '';
      const take = (keys: string): void => {
        const next = typed(line, keys);
        if (next.kind === 'more') {
          line = next.line;
          return;
        }
        ahead = next.rest;
        settle(next.kind === 'line' ? next.line : undefined);
      };
      const gone = (): void => settle(undefined);
      const settle = (answer: string | undefined): void => {
        input.off('data', take);
        input.off('end', gone);
        signal?.removeEventListener('abort', gone);
        input.pause();
        if (isHidden) {
          input.setRawMode(false);
          output.write('\n');
        }
        resolve(answer);
      };
      // before the question is seen, so that no key of the answer is echoed
      if (isHidden) input.setRawMode(true);
      output.write(question);
      if (signal?.aborted === true) {
        gone();
        return;
      }
      signal?.addEventListener('abort', gone);
      input.setEncoding('utf8');
      input.on('data', take);
      input.on('end', gone);
      input.resume();
      const early = ahead;
      ahead = '';
      if (early !== '') take(early);
    });
  return {
    ask: (question, signal) => read(question, false, signal),
    askHidden: (question, signal) => read(question, true, signal),
  };
};
