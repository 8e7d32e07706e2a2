/** The usual answers of routes, and the row that takes nothing. */
import type { Done, Sees } from '../app/use-cases.js';
import * as codecs from './codecs.js';
import type { Answer } from './answer.js';

export const ok = (value: unknown): Answer => ({ kind: 'json', status: 200, value });
export const list = (items: readonly unknown[]): Answer => ok({ items });
/** A command was done, now or when it was asked for first. */
export const done =
  (status: 200 | 201 | 202) =>
  ({ value, repeated }: Done<unknown>): Answer & { readonly kind: 'json' } => ({
    ...{ kind: 'json', status, value, repeated },
  });
/** One thing with its revision, which becomes its `ETag`. */
export const single = (value: { readonly revision: number }): Answer => ({
  kind: 'json',
  status: 200,
  value,
  revision: value.revision,
});
/** A command on one thing was done, and has moved its revision. */
export const doneTo =
  (status: 200 | 201 | 202) =>
  ({ value, repeated }: Done<{ readonly revision: number }>): Answer => ({
    ...done(status)({ value, repeated }),
    revision: value.revision,
  });
/** The filter of a list, narrowed to what the caller may see. */
export const seen = <A extends object>(filter: A, sees: Sees | undefined): A & { readonly sees?: Sees } => ({
  ...filter,
  ...(sees === undefined ? {} : { sees }),
});
/** Spread first: what a row does not name, it does not take. */
export const none = {
  params: codecs.Nothing,
  query: codecs.Nothing,
  headers: codecs.Nothing,
  body: codecs.Nothing,
};
