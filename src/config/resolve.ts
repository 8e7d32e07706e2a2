/** Which value does each setting have, and who said so? Flag before environment before file before default. */
import { dirname, resolve as resolvePath } from 'node:path';
import * as E from 'fp-ts/lib/Either.js';
import type { Problem } from '../app/errors.js';
import { shown, suggest } from '../domain/problem.js';
import type { ConfigFile } from './file.js';
import { decodeWith, type Environment, type Setting } from './setting.js';

// a table's rows differ in what they decode to; each is only ever given what it decoded itself
// eslint-disable-next-line @typescript-eslint/no-explicit-any
export type Table = Readonly<Record<string, Setting<any>>>;
type ValueOf<S> = S extends Setting<infer A> ? A : never;

/** A value and where it comes from. `place`: the flag, the variable, the file; empty for a default. */
export interface Resolved<A> {
  readonly value: A;
  readonly source: 'flag' | 'environment' | 'file' | 'default';
  readonly place: string;
}

export type ResolvedTable<T extends Table> = { readonly [K in keyof T]: Resolved<ValueOf<T[K]>> };

export interface Given {
  /** By the names that the command line gives: `--log-level` is `logLevel`. */
  readonly flags: Readonly<Record<string, unknown>>;
  readonly env: Environment;
  readonly file: ConfigFile | undefined;
  readonly cwd: string;
}

/** `--no-web` gives `web` the value false. */
const OF_FLAGS = /^--(no-)?/;

/** `--log-level` in a file: `log_level`. */
export const keyOf = (flag: string): string => flag.replace(OF_FLAGS, '').replaceAll('-', '_');

/** `--log-level` as the command line names it: `logLevel`. */
const optionOf = (flag: string): string =>
  flag.replace(OF_FLAGS, '').replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());

type Candidate = Omit<Resolved<unknown>, 'value'> & { readonly raw: unknown; readonly folder: string };

const candidateOf = (row: Setting<unknown>, { flags, env, file, cwd }: Given): Candidate | undefined => {
  const flag = flags[optionOf(row.flag)];
  if (flag !== undefined) return { raw: flag, source: 'flag', place: row.flag, folder: cwd };
  const variable = env[row.env];
  // set but empty is how shells and unit files unset a variable
  if (variable !== undefined && variable !== '')
    return { raw: variable, source: 'environment', place: row.env, folder: cwd };
  const key = keyOf(row.flag);
  if (file === undefined || !Object.hasOwn(file.values, key)) return undefined;
  return {
    raw: file.values[key],
    source: 'file',
    place: file.file,
    folder: dirname(resolvePath(cwd, file.file)),
  };
};

const problemsOfFile = (table: Table, file: ConfigFile): readonly Problem[] => {
  const keys = Object.values(table).map(({ flag }) => keyOf(flag));
  const unknown = Object.keys(file.values)
    .filter((key) => !keys.includes(key))
    .map((key) => ({
      path: `${file.file}: ${shown(key).slice(1, -1)}`,
      expected: 'the name of a setting',
      found: 'an unknown one',
      mend: suggest(key, keys),
    }));
  const holdsSecret = Object.values(table).some(
    ({ secret, flag }) => secret === true && Object.hasOwn(file.values, keyOf(flag)),
  );
  if (!holdsSecret || !file.isOpen) return unknown;
  const mode = file.mode.toString(8).padStart(4, '0');
  return [
    ...unknown,
    {
      path: file.file,
      expected: 'permissions of no more than 0600, since it holds a secret',
      found: mode,
      mend: `run chmod 0600 ${file.file}, and replace the secret if others may have read it`,
    },
  ];
};

const shownRaw = ({ secret, conceal }: Setting<unknown>, raw: unknown): string => {
  if (secret === true) return 'a value that is not shown';
  const text = typeof raw === 'string' ? raw : shown(raw);
  return conceal?.(text) ?? text;
};

/** `baton.toml: toolchains` and `chefdk.url`: `baton.toml: toolchains.chefdk.url`. */
const below = (at: string, path: string, source: Resolved<unknown>['source']): string => {
  if (path === '' || path.startsWith('[')) return `${at}${path}`;
  return `${at}${source === 'file' ? '.' : ': '}${path}`;
};

/** All problems at once. */
export const resolveSettings = <T extends Table>(
  table: T,
  given: Given,
): E.Either<readonly Problem[], ResolvedTable<T>> => {
  const problems: Problem[] = given.file === undefined ? [] : [...problemsOfFile(table, given.file)];
  const resolved: Record<string, Resolved<unknown>> = {};
  for (const [name, row] of Object.entries<Setting<unknown>>(table)) {
    const found = candidateOf(row, given);
    if (found === undefined) {
      resolved[name] = { value: row.defaultOf(given.env), source: 'default', place: '' };
      continue;
    }
    const { raw, source, place, folder } = found;
    const value = decodeWith(row, raw);
    if (E.isLeft(value)) {
      const at = source === 'file' ? `${place}: ${keyOf(row.flag)}` : place;
      const whole = { path: '', expected: value.left, found: shownRaw(row, raw) };
      const parts = row.problemsIn?.(raw) ?? [whole];
      problems.push(...parts.map((part) => ({ ...part, path: below(at, part.path, source) })));
    } else {
      const inFolder = (path: string): string => resolvePath(folder, path);
      resolved[name] = { value: row.resolve?.(value.right, inFolder) ?? value.right, source, place };
    }
  }
  return problems.length > 0 ? E.left(problems) : E.right(resolved as ResolvedTable<T>);
};

export interface Explained {
  readonly name: string;
  readonly flag: string;
  readonly env: string;
  /** As text; `set` in place of a secret. */
  readonly value: string;
  readonly default: string;
  readonly source: string;
  readonly meaning: string;
}

const asText = (value: unknown): string =>
  Array.isArray(value) ? value.join(':') : typeof value === 'string' ? value : JSON.stringify(value);

/** Every setting for people: value, source and meaning. */
export const explainSettings = <T extends Table>(
  table: T,
  resolved: ResolvedTable<T>,
): readonly Explained[] =>
  Object.entries<Setting<unknown>>(table).map(([name, row]) => {
    const { value, source, place } = (resolved as Readonly<Record<string, Resolved<unknown>>>)[name] ?? {
      value: '',
      source: 'default',
      place: '',
    };
    const text = asText(row.codec.encode(value));
    const isSecret = row.secret === true && text !== '';
    return {
      name: keyOf(row.flag),
      flag: row.flag,
      env: row.env,
      value: isSecret ? 'set' : (row.conceal?.(text) ?? text),
      default: row.defaultText,
      source: source === 'default' ? source : `${source} ${place}`,
      meaning: row.meaning,
    };
  });
