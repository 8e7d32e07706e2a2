/** A project's file as commands read it: never more of it than can be used, and its problems with their places. */
import { createReadStream } from 'node:fs';
import { resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import * as E from 'fp-ts/lib/Either.js';
import { MAX_CONFIG_CHARACTERS } from '../domain/dispatch-config.js';
import { parseJson, placeIn, type Place } from '../domain/json-text.js';
import type { Placed } from '../domain/placed.js';
import { exitCodes } from './exit.js';
import { note, type Io } from './io.js';

export const CONFIG_FILE = '.delivery/config.json';
/** A character has at most 4 bytes; what is larger is too long whatever it holds. */
const MOST_BYTES = 4 * MAX_CONFIG_CHARACTERS + 1;

export const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';

/** Its text, a pipe's too, which gives it piece by piece; undefined, with the exit code set, when it cannot be read. */
export const readConfig = (io: Io, file: string): Promise<string | undefined> =>
  text(createReadStream(resolve(io.cwd, file), { end: MOST_BYTES - 1, encoding: 'utf8' })).catch(
    (error: unknown) => {
      note(io, `error: ${file} cannot be read: ${codeOf(error)}`);
      note(io, `hint: name the file, or run this where ${CONFIG_FILE} is`);
      io.exit(exitCodes.error);
      return undefined;
    },
  );

/** Keys of other tools that stand twice: nothing of Baton's, but whoever wrote both means both. */
export const keysTwice = (content: string): readonly (Partial<Place> & { readonly path: string })[] => {
  const parsed = parseJson(content);
  if (E.isLeft(parsed)) return [];
  const { duplicates, places } = parsed.right;
  return duplicates.map((path) => ({ path, ...places.get(path) }));
};

/** As compilers write it: file, line, column, then what is wrong. */
export const sentence = (file: string, { path, expected, found, mend, line, column }: Placed): string => {
  const where = line === undefined ? file : `${file}:${String(line)}:${String(column)}`;
  const what = path === '' || placeIn(path) !== undefined ? '' : `${path}: `;
  return `${where}: ${what}expected ${expected}, found ${found}${mend === undefined ? '' : ` (${mend})`}`;
};
