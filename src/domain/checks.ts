/** Codecs for what comes from a pipeline engine: bounded, without control characters, and nothing kept that is not known. */
import * as t from 'io-ts';

/** C0, DEL, C1, and the characters that turn the direction of a text: never part of a name or a reason. */
const hasControl = (value: string): boolean => /\p{C}/u.test(value);

/** What else a rule says. */
export interface MoreOfRule {
  /** It may hold what is nobody's business: an answer over a network does not repeat it. */
  readonly secret?: boolean;
  /** The same as JSON Schema; absent: any text. */
  readonly schema?: Readonly<Record<string, unknown>>;
}

/** A value that passes the test; `expected` is what people are told. The codec carries its rule, for descriptions of an API. */
export const checked = <A>(
  expected: string,
  is: (value: unknown) => value is A,
  more: MoreOfRule = {},
): t.Type<A, A> & { readonly rule: MoreOfRule & { readonly expected: string } } =>
  Object.assign(
    new t.Type<A, A, unknown>(
      expected,
      is,
      (value, context) => (is(value) ? t.success(value) : t.failure(value, context, expected)),
      t.identity,
    ),
    { rule: { expected, ...more } },
  );

const text = (
  expected: string,
  test: (value: string) => boolean,
  more: Pick<MoreOfRule, 'secret'> = {},
): t.Type<string, string> =>
  checked(expected, (value): value is string => typeof value === 'string' && test(value), more);

/** One line that people see. */
export const line = (most: number) =>
  text(
    `one line of 1 to ${most} characters`,
    (value) => value.trim() !== '' && value.length <= most && !hasControl(value),
  );

/** As `line`, or empty. */
export const lineOrNothing = (most: number) =>
  text(`one line of at most ${most} characters`, (value) => value.length <= most && !hasControl(value));

export const name = text(
  'a name of 1 to 100 letters, digits, dots, dashes and underscores that starts with a letter or digit',
  (value) => /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/.test(value),
);

/** How a secret is named; what the name means is for whoever keeps it. */
export const secretRef = text(
  'the name of a secret: 1 to 128 letters, digits and . _ / - that starts with a letter, digit or underscore',
  (value) => /^[A-Za-z0-9_][A-Za-z0-9._/-]{0,127}$/.test(value) && !value.includes('..'),
);

/** The rules of git-check-ref-format(1) as far as they keep a name from being taken for something else. */
export const branch = text(
  'the name of a branch',
  (value) =>
    value.length <= 255 &&
    /^[^-./][^\s~^:?*[\\]*$/u.test(value) &&
    !hasControl(value) &&
    !/\.\.|@\{|\/\/|\/\.|\.$|\/$|\.lock(\/|$)/.test(value),
);

export const sha = text('a full commit id of 40 or 64 lower-case hex digits', (value) =>
  /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/.test(value),
);

/** Password in a URL: it would be kept for ever. */
const hasPassword = (value: string): boolean => /^[A-Za-z][A-Za-z0-9+.-]*:\/\/[^/@]*:[^/@]*@/.test(value);

export const repository = text(
  'the path or URL of a git repository, at most 2048 characters, without a password',
  (value) => /^[^-\s]/u.test(value) && value.length <= 2048 && !hasControl(value) && !hasPassword(value),
  { secret: true },
);

/** What a shell runs: any text but the one character that no shell can be given. */
export const script = text(
  'a command of 1 to 65536 characters without NUL',
  (value) => value.trim() !== '' && value.length <= 65_536 && !value.includes('\0'),
  { secret: true },
);

export const webAddress = text(
  'an http or https address of at most 2048 characters',
  (value) =>
    /^https?:\/\/[^\s]+$/.test(value) && value.length <= 2048 && !hasControl(value) && !hasPassword(value),
  { secret: true },
);

/** Any text but what would say that it was Baton itself. */
export const actor = text(
  'a subject id of 1 to 100 characters without spaces, other than baton',
  (value) => /^\S{1,100}$/u.test(value) && !hasControl(value) && value !== 'baton',
);

export const whole = (least: number, most: number): t.Type<number, number> =>
  checked(
    `a whole number from ${least} to ${most}`,
    (value): value is number => Number.isInteger(value) && Number(value) >= least && Number(value) <= most,
    { schema: { type: 'integer', minimum: least, maximum: most } },
  );

/** A list within bounds. */
export const list = <C extends t.Mixed>(codec: C, least: number, most: number) =>
  t.refinement(
    t.readonlyArray(codec),
    ({ length }) => length >= least && length <= most,
    `a list of ${least} to ${most}`,
  );

/** An object of which unknown members are left behind. */
export const known = <R extends t.Props, O extends t.Props>(required: R, optional: O) =>
  t.intersection([t.exact(t.type(required)), t.exact(t.partial(optional))]);
