/** A value that comes from a file or from the standard input, since a command line is seen by everybody. */
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Io } from './io.js';

/** From the file, or all of stdin; undefined when it cannot be read. */
export const readText = async (io: Io, file: string | undefined): Promise<string | undefined> => {
  try {
    if (file !== undefined) return await readFile(resolve(io.cwd, file), 'utf8');
    let text = '';
    process.stdin.setEncoding('utf8');
    for await (const piece of process.stdin) text += String(piece);
    return text;
  } catch {
    return undefined;
  }
};

/** An editor and `echo` end the last line; a token or password has no such end. */
export const withoutLineEnd = (text: string): string => text.replace(/\r?\n$/, '');
