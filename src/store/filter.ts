/** Does a filter let an event through? Once as a predicate, once as SQL; both must agree to the byte. */
import type { StoreFilter } from '../app/ports.js';

/** True when the stream name or the type starts with one of the given prefixes; a filter without prefixes lets all through. */
export const letsThrough = (filter: StoreFilter | undefined, stream: string, type: string): boolean => {
  if (filter?.streamPrefixes === undefined && filter?.typePrefixes === undefined) return true;
  return (
    (filter.streamPrefixes?.some((prefix) => stream.startsWith(prefix)) ?? false) ||
    (filter.typePrefixes?.some((prefix) => type.startsWith(prefix)) ?? false)
  );
};

const LAST_BEFORE_SURROGATES = 0xd7ff;
const FIRST_AFTER_SURROGATES = 0xe000;
const LAST_CODE_POINT = 0x10ffff;

/**
 * The smallest text that sorts after everything starting with `prefix`, in SQLite's order (bytes of UTF-8, which is the
 * order of code points); undefined when nothing does.
 */
export const successor = (prefix: string): string | undefined => {
  const points = Array.from(prefix, (character) => character.codePointAt(0) ?? 0);
  let last = points.pop();
  while (last === LAST_CODE_POINT) last = points.pop();
  if (last === undefined) return undefined;
  const next = last === LAST_BEFORE_SURROGATES ? FIRST_AFTER_SURROGATES : last + 1;
  return String.fromCodePoint(...points, next);
};

/** A condition and its values. The unary + keeps SQLite from leaving the order of positions for the stream index. */
export interface Condition {
  readonly sql: string;
  readonly values: readonly string[];
}

const startsWith = (column: string, prefix: string): Condition => {
  const end = successor(prefix);
  return end === undefined
    ? { sql: `+${column} >= ?`, values: [prefix] }
    : { sql: `(+${column} >= ? AND +${column} < ?)`, values: [prefix, end] };
};

/** The same as `letsThrough`, for rows of `e`. The text depends only on how many prefixes there are, so it can be prepared once. */
export const condition = (filter: StoreFilter | undefined): Condition => {
  if (filter?.streamPrefixes === undefined && filter?.typePrefixes === undefined)
    return { sql: '1', values: [] };
  const parts = [
    ...(filter.streamPrefixes ?? []).map((prefix) => startsWith('e.stream', prefix)),
    ...(filter.typePrefixes ?? []).map((prefix) => startsWith('e.type', prefix)),
  ];
  return parts.length === 0
    ? { sql: '0', values: [] }
    : { sql: `(${parts.map(({ sql }) => sql).join(' OR ')})`, values: parts.flatMap(({ values }) => values) };
};
