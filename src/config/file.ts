/** Reads the configuration file: TOML, or JSON when its name ends in `.json`. */
import { readFileSync, statSync } from 'node:fs';
import { parse, TomlError } from 'smol-toml';
import * as E from 'fp-ts/lib/Either.js';
import type { Problem } from '../app/errors.js';
import { parseJson } from '../domain/json-text.js';

export interface ConfigFile {
  readonly file: string;
  readonly values: Readonly<Record<string, unknown>>;
  /** Others than its user may read it. */
  readonly isOpen: boolean;
  readonly mode: number;
}

const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error ? String(error.code) : 'unreadable';

/** Only the place is told, never the line: it may hold a secret. */
const readToml = (text: string): E.Either<Problem, unknown> => {
  try {
    return E.right(parse(text.replace(/^\ufeff/, '')));
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    return E.left({
      path: `line ${error.line}, column ${error.column}`,
      expected: 'TOML',
      found: 'something else',
      mend: 'write one setting per line: log_level = "info"',
    });
  }
};

const readJson = (text: string): E.Either<Problem, unknown> => {
  const read = parseJson(text);
  if (E.isLeft(read)) return E.left({ ...read.left, found: 'something else' });
  const [twice] = read.right.duplicates;
  return twice === undefined
    ? E.right(read.right.value)
    : E.left({ path: twice, expected: 'each key once', found: 'the key twice', mend: 'keep one of the two' });
};

const isTable = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The file's values by key, unchecked; or why it cannot be read. */
export const readConfigFile = (file: string): E.Either<Problem, ConfigFile> => {
  const problem = (expected: string, found: string, path = file): E.Either<Problem, never> =>
    E.left({ path, expected, found, mend: 'see docs/configuration.md' });
  let text: string;
  let mode: number;
  try {
    mode = statSync(file).mode & 0o777;
    text = readFileSync(file, 'utf8');
  } catch (error) {
    return problem('a file that can be read', codeOf(error));
  }
  const read = file.endsWith('.json') ? readJson(text) : readToml(text);
  if (E.isLeft(read)) return E.left({ ...read.left, path: `${file}: ${read.left.path}` });
  return isTable(read.right)
    ? E.right({ file, values: read.right, isOpen: (mode & 0o077) !== 0, mode })
    : problem('a table of settings', 'something else');
};
