/** How input is checked at the edge: codecs that refuse unknown members and say of each value how to mend it. */
import * as E from 'fp-ts/lib/Either.js';
import * as t from 'io-ts';
import type { Problem } from '../app/errors.js';
import { problemsOf } from '../events/report.js';

/** What a checked value must be, for the person who sent another. */
export interface Rule {
  readonly expected: string;
  /** Absent: `expected` says it. */
  readonly mend?: string;
  /** The value is never repeated in an answer. */
  readonly secret?: boolean;
  /** The same for programs; absent: any text. */
  readonly schema?: JsonSchema;
}

/** JSON Schema 2020-12, as OpenAPI 3.1 uses it. */
export type JsonSchema = Readonly<Record<string, unknown>>;

/** A codec that carries its rule. */
export type Checked<A> = t.Type<A, A> & { readonly rule: Rule };

/** A codec from a function that answers the value, or undefined when it does not follow the rule. */
export const checked = <A>(rule: Rule, parse: (value: unknown) => A | undefined): Checked<A> =>
  Object.assign(
    new t.Type<A, A, unknown>(
      rule.expected,
      (value): value is A => parse(value) !== undefined,
      (value, context) => {
        const parsed = parse(value);
        return parsed === undefined ? t.failure(value, context, rule.expected) : t.success(parsed);
      },
      t.identity,
    ),
    { rule },
  );

/** Text that passes the test. */
export const text = (rule: Rule, test: (value: string) => boolean): Checked<string> =>
  checked(rule, (value) => (typeof value === 'string' && test(value) ? value : undefined));

const wholeRule = (minimum: number, maximum: number, mend: string): Rule => ({
  expected: `a whole number from ${minimum} to ${maximum}`,
  mend,
  schema: { type: 'integer', minimum, maximum },
});

/** A whole number within bounds, from JSON. */
export const whole = (min: number, max: number, mend: string): Checked<number> =>
  checked(wholeRule(min, max, mend), (value) =>
    typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max ? value : undefined,
  );

/** A whole number within bounds, from a query, where everything is text. */
export const wholeText = (min: number, max: number, mend: string): Checked<number> =>
  checked(wholeRule(min, max, mend), (value) => {
    const number = typeof value === 'string' && /^\d{1,15}$/.test(value) ? Number(value) : NaN;
    return number >= min && number <= max ? number : undefined;
  });

/** One of a few words. */
export const oneOf = <K extends string>(words: readonly K[]): Checked<K> =>
  checked(
    {
      expected: `one of ${words.join(', ')}`,
      mend: 'use one of these words',
      schema: { type: 'string', enum: words },
    },
    (value) => words.find((word) => word === value),
  );

type Members<R extends t.Props, O extends t.Props> = { readonly [K in keyof R]: t.TypeOf<R[K]> } & {
  readonly [K in keyof O]?: t.TypeOf<O[K]>;
};

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** A codec that tells its members. */
export type Closed<A> = t.Type<A, unknown> & {
  readonly members: { readonly required: t.Props; readonly optional: t.Props };
};

/** An object with these members and no other. */
export const closed = <R extends t.Props, O extends t.Props>(
  required: R,
  optional: O,
): Closed<Members<R, O>> => {
  const known = [...Object.keys(required), ...Object.keys(optional)];
  const stranger = checked<never>(
    {
      expected: 'no member of this name',
      mend: known.length === 0 ? 'leave it out; none is known here' : `known are: ${known.join(', ')}`,
      secret: true,
    },
    () => undefined,
  );
  const whole = checked<never>(
    { expected: 'a JSON object', mend: 'send { "name": value, ... }', secret: true },
    () => undefined,
  );
  const must = t.type(required);
  const may = t.partial(optional);
  const codec = new t.Type<Members<R, O>, unknown, unknown>(
    'object',
    (value): value is Members<R, O> => must.is(value) && may.is(value),
    (value, context) => {
      if (!isObject(value)) {
        const key = context.at(-1)?.key ?? '';
        return t.failure(value, [...context.slice(0, -1), { key, type: whole, actual: value }]);
      }
      const strangers = Object.keys(value)
        .filter((key) => !known.includes(key))
        .map((key) => ({
          value: value[key],
          context: [...context, { key, type: stranger, actual: value[key] }],
          message: stranger.rule.expected,
        }));
      const first = must.validate(value, context);
      const second = may.validate(value, context);
      const errors = [
        ...strangers,
        ...(E.isLeft(first) ? first.left : []),
        ...(E.isLeft(second) ? second.left : []),
      ];
      if (errors.length > 0 || E.isLeft(first) || E.isLeft(second)) return t.failures(errors);
      // each of the two hands through the members of the other as they came, not as they were decoded
      const decoded = { ...value };
      for (const key of Object.keys(required)) decoded[key] = Reflect.get(first.right, key);
      for (const key of Object.keys(optional))
        if (key in value) decoded[key] = Reflect.get(second.right, key);
      return t.success(decoded as Members<R, O>);
    },
    t.identity,
  );
  return Object.assign(codec, { members: { required, optional } });
};

const ruleOf = (error: t.ValidationError): Rule | undefined => {
  const type = error.context.at(-1)?.type;
  return type !== undefined && 'rule' in type ? (type as Checked<unknown>).rule : undefined;
};

/** Every problem, with its mend; values of secret members are not repeated. */
export const problemsFrom = (errors: t.Errors): readonly Problem[] =>
  errors.flatMap((error) => {
    const rule = ruleOf(error);
    return problemsOf([error]).map((problem) => ({
      path: problem.path,
      expected: problem.expected,
      found: rule?.secret === true && error.value !== undefined ? 'a value that is not shown' : problem.found,
      ...(rule?.mend === undefined ? {} : { mend: rule.mend }),
    }));
  });
