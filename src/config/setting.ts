/** What one setting is. A codec takes what a file holds (text, number, boolean, list) and what flags and environment give: text. */
import * as E from 'fp-ts/lib/Either.js';
import * as t from 'io-ts';
import type { Problem } from '../domain/problem.js';

export type Environment = Readonly<Record<string, string | undefined>>;

/** Where relative paths start: the folder of the file for what the file says, else the working folder. */
type Resolve = (path: string) => string;

export interface Setting<A> {
  /** The long flag, e.g. `--log-level`; the key in the file is its words with underscores, without `no` where the flag switches off. */
  readonly flag: string;
  /** What the flag takes, as help shows it, e.g. `<level>`; absent for a switch. */
  readonly takes?: string;
  readonly env: string;
  readonly codec: t.Type<A, unknown>;
  /** Of a value with parts: each problem of it, its path from there on; absent: it is told as a whole. */
  readonly problemsIn?: (raw: unknown) => readonly Problem[];
  /** Where it comes from when nobody says anything. */
  readonly defaultOf: (env: Environment) => A;
  /** How the default is shown in help and docs, where it depends on the machine. */
  readonly defaultText: string;
  /** One sentence. */
  readonly meaning: string;
  readonly resolve?: (value: A, resolve: Resolve) => A;
  /** Its value is never shown, and a file that holds it must be the user's own. */
  readonly secret?: boolean;
  /** Takes out of a text what must not be shown; for a setting of which a part may be. */
  readonly conceal?: (text: string) => string;
}

/** A row of the table, checked for itself and with its own type. */
export const setting = <A>(row: Setting<A>): Setting<A> => row;

/** Decodes with `parse`; `expected` is what people are told. */
const from = <A>(
  expected: string,
  parse: (raw: unknown) => A | undefined,
  show: (value: A) => unknown = t.identity,
): t.Type<A, unknown> =>
  new t.Type<A, unknown, unknown>(
    expected,
    (value): value is A => parse(value) !== undefined,
    (raw, context) => {
      const value = parse(raw);
      return value === undefined ? t.failure(raw, context, expected) : t.success(value);
    },
    show,
  );

/** A value with parts, each of which may be wrong; `show` gives it as one text, empty for none. */
export const ofParts = <A>(
  expected: string,
  parse: (raw: unknown) => E.Either<readonly Problem[], A>,
  show: (value: A) => string,
): Required<Pick<Setting<A>, 'codec' | 'problemsIn'>> => ({
  codec: from(
    expected,
    (raw) => {
      const parsed = parse(raw);
      return E.isRight(parsed) ? parsed.right : undefined;
    },
    show,
  ),
  problemsIn: (raw) => {
    const parsed = parse(raw);
    return E.isLeft(parsed) ? parsed.left : [];
  },
});

/** A file holds a table itself; flag and environment hold it as JSON. What is none stays as it is, to be refused. */
export const jsonOr = (raw: unknown): unknown => {
  if (typeof raw !== 'string') return raw;
  try {
    return JSON.parse(raw);
  } catch {
    return raw;
  }
};

/** Text that passes the test. */
export const text = (expected: string, test: (value: string) => boolean) =>
  from(expected, (raw) => (typeof raw === 'string' && test(raw) ? raw : undefined));

/** A path of a file or folder. */
export const path = text('a path', (value) => value !== '' && !value.includes('\0'));

/** A list in a file; in the environment one text with a separator; in flags each by itself. */
export const list = (expected: string, separator: string, item: t.Type<string, unknown>) =>
  from<readonly string[]>(`a list of ${expected}`, (raw) => {
    const items = typeof raw === 'string' ? raw.split(separator).filter((one) => one !== '') : raw;
    return Array.isArray(items) && items.every((one) => item.is(one)) ? items : undefined;
  });

/** In the environment separated by colons, as in PATH. */
export const paths = list('paths', ':', path);

/** A whole number within bounds. */
export const wholeNumber = (min: number, max: number) =>
  from(`a whole number from ${min} to ${max}`, (raw) => {
    const number = typeof raw === 'string' && /^\d{1,9}$/.test(raw) ? Number(raw) : raw;
    return typeof number === 'number' && Number.isInteger(number) && number >= min && number <= max
      ? number
      : undefined;
  });

/** A switch: given as a flag, true in a file, 1 or true in the environment. */
export const switchedOn = from('true or false', (raw) =>
  raw === true || raw === '1' || raw === 'true'
    ? true
    : raw === false || raw === '0' || raw === 'false'
      ? false
      : undefined,
);

const UNITS: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** As it would be written: in the largest unit that leaves a whole number. */
const spanText = (ms: number): string => {
  const [unit, size] = Object.entries(UNITS).findLast(([, one]) => ms % one === 0) ?? ['s', 1000];
  return `${ms / size}${unit}`;
};

/** A length of time in milliseconds, written as `90s`, `15m`, `2h` or `1d`; 0, where it is the default, stands for none. */
export const span = from(
  'a length of time such as 90s, 15m, 2h or 1d',
  (raw) => {
    if (typeof raw !== 'string') return undefined;
    const [, count = '', unit = ''] = /^([1-9]\d{0,5})([smhd])$/.exec(raw) ?? [];
    const ms = UNITS[unit];
    return ms === undefined ? undefined : Number(count) * ms;
  },
  (ms) => (ms === 0 ? 'none' : spanText(ms)),
);

/** One of a few words. */
export const choice = <W extends string>(...words: readonly W[]) =>
  from(words.join(', '), (raw) => words.find((word) => word === raw));

/** The problem of a value, or the value. */
export const decodeWith = <A>({ codec }: Setting<A>, raw: unknown): E.Either<string, A> =>
  E.mapLeft(() => codec.name)(codec.decode(raw));
