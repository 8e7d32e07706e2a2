/**
 * Which machines did a search of the original mean, and how much of that can a filter say? Reads the query language of Chef's search
 * (docs.chef.io/chef_search: attribute:pattern, AND, OR, NOT, groups, quotes, ranges) as far as queries for build nodes use it.
 */
import * as E from 'fp-ts/lib/Either.js';

type Query =
  | { readonly kind: 'any' }
  | { readonly kind: 'term'; readonly key: string; readonly value: string; readonly text: string }
  /** What no filter can say, and why. */
  | { readonly kind: 'other'; readonly text: string; readonly why: string }
  | { readonly kind: 'and' | 'or'; readonly parts: readonly Query[]; readonly text: string };

/** What a filter can say: all must hold. Keys are those of a filter; of `labels` all are wanted, of the others one. */
export type Conditions = ReadonlyMap<string, readonly string[]>;

export interface Understood {
  readonly conditions: Conditions;
  /** Sentences on what is left out, so that more machines suit than before. */
  readonly leftOut: readonly string[];
}

/** Deeper than anybody nests, shallow enough for the stack. */
const MAX_DEPTH = 32;

/** Attribute → key of a filter. A node's name is the name under which the machine was enrolled. */
const keys: ReadonlyMap<string, string> = new Map([
  ['os', 'os'],
  ['platform', 'platform'],
  ['platform_family', 'platform_family'],
  ['platform_version', 'platform_version'],
  ['name', 'hostname'],
  ['fqdn', 'hostname'],
  ['hostname', 'hostname'],
  ['tags', 'labels'],
]);

class Unreadable extends Error {}

interface Token {
  readonly text: string;
  readonly at: number;
  readonly isWord: boolean;
}

const closing: Readonly<Record<string, string>> = { '"': '"', '[': ']', '{': '}' };

/** Where a word ends that begins here: quotes and ranges belong to it, with the blanks in them. */
const wordEnd = (text: string, from: number): number => {
  let at = from;
  while (at < text.length) {
    const here = text.charAt(at);
    if (/[\s()]/.test(here)) return at;
    const close = closing[here];
    if (here === '\\') at += 2;
    else if (close === undefined) at += 1;
    else {
      // a range may be open at one end: [1 TO 2}
      let end = at + 1;
      while (
        end < text.length &&
        text.charAt(end) !== close &&
        !(close !== '"' && ']}'.includes(text.charAt(end)))
      )
        end += text.charAt(end) === '\\' ? 2 : 1;
      if (end >= text.length) throw new Unreadable(`it has no ${close} for its ${here}`);
      at = end + 1;
    }
  }
  return text.length;
};

const tokensOf = (text: string): readonly Token[] => {
  const tokens: Token[] = [];
  let at = 0;
  while (at < text.length) {
    const here = text.charAt(at);
    if (/\s/.test(here)) at += 1;
    else if (here === '(' || here === ')') tokens.push({ text: here, at: at++, isWord: false });
    else {
      const end = wordEnd(text, at);
      tokens.push({ text: text.slice(at, end), at, isWord: true });
      at = end;
    }
  }
  return tokens;
};

const unquoted = (value: string): string =>
  (/^"[^]*"$/.test(value) ? value.slice(1, -1) : value).replace(/\\([^])/g, '$1');

const termOf = (text: string, field: string | undefined): Query => {
  const colon = /^(?:[^\\:"]|\\[^])*?:/.exec(text)?.[0].length ?? 0;
  const key = colon === 0 ? field : text.slice(0, colon - 1);
  const raw = text.slice(colon);
  const other = (why: string): Query => ({ kind: 'other', text, why });
  if (key === '*' && raw === '*') return { kind: 'any' };
  if (key === undefined) return other('it names no attribute');
  if (/^[[{]/.test(raw)) return other('it is a range');
  const isQuoted = raw.startsWith('"');
  if (raw === '') return other('it names no value');
  if (!isQuoted && /(?<!\\)[*?]/.test(raw)) return other('it has a wildcard, and filters compare exactly');
  if (/[~^][\d.]*$/.test(raw)) return other('it is not exact');
  return { kind: 'term', key, value: unquoted(raw), text };
};

const parse = (text: string): Query => {
  const tokens = tokensOf(text);
  let next = 0;
  const peek = (): string | undefined => tokens[next]?.text;
  const take = (...words: readonly string[]): boolean => {
    const isOne = words.includes(peek() ?? '');
    if (isOne) next += 1;
    return isOne;
  };
  const since = (first: number): string => {
    const last = tokens[next - 1];
    return text.slice(tokens[first]?.at ?? 0, (last?.at ?? 0) + (last?.text.length ?? 0));
  };
  const several = (kind: 'and' | 'or', words: readonly string[], part: () => Query): Query => {
    const first = next;
    const parts = [part()];
    while (take(...words)) parts.push(part());
    return parts.length === 1 && parts[0] !== undefined ? parts[0] : { kind, parts, text: since(first) };
  };
  const either = (depth: number, field?: string): Query =>
    several('or', ['OR', '||'], () => several('and', ['AND', '&&'], () => one(depth, field)));
  const group = (depth: number, field?: string): Query => {
    if (depth >= MAX_DEPTH) throw new Unreadable(`it has more than ${MAX_DEPTH} groups within each other`);
    const inner = either(depth + 1, field);
    if (!take(')')) throw new Unreadable(peek() === undefined ? 'it has no ) for its (' : SIDE_BY_SIDE);
    return inner;
  };
  const one = (depth: number, field?: string): Query => {
    const first = next;
    const token = tokens[next++];
    if (token === undefined) throw new Unreadable('it ends too early');
    if (token.text === '(') return group(depth, field);
    if (!token.isWord || isOperator(token.text)) throw new Unreadable(`${token.text} was not expected there`);
    if (token.text === 'NOT' || token.text === '!') {
      if (depth >= MAX_DEPTH) throw new Unreadable(`it has more than ${MAX_DEPTH} NOT within each other`);
      one(depth + 1, field);
      return { kind: 'other', text: since(first), why: NEGATED };
    }
    if (/^[-!]./.test(token.text)) return { kind: 'other', text: token.text, why: NEGATED };
    if (token.text.endsWith(':') && take('(')) return group(depth, token.text.slice(0, -1));
    return termOf(token.text.replace(/^\+/, ''), field);
  };
  const query = either(0);
  if (next < tokens.length) throw new Unreadable(peek() === ')' ? 'it has no ( for its )' : SIDE_BY_SIDE);
  return query;
};

const SIDE_BY_SIDE = 'two conditions stand side by side without AND or OR';
const NEGATED = 'it excludes machines, and filters only choose them';
const isOperator = (word: string): boolean => ['AND', 'OR', '&&', '||'].includes(word);

const nothing: Conditions = new Map();
const quoted = (text: string): string => (text.length > 80 ? `${text.slice(0, 77)}...` : text);
const without = (text: string, why: string): Understood => ({
  conditions: nothing,
  leftOut: [`${quoted(text)} is left out: ${why}`],
});

const understand = (query: Query): Understood => {
  switch (query.kind) {
    case 'any':
      return { conditions: nothing, leftOut: [] };
    case 'other':
      return without(query.text, query.why);
    case 'term': {
      const key = keys.get(query.key);
      if (key === undefined)
        return without(query.text, `Baton does not know ${quoted(query.key)} of a runner`);
      if (!/^[^\p{C}]{1,200}$/u.test(query.value))
        return without(query.text, 'no filter can hold such a value');
      return { conditions: new Map([[key, [query.value]]]), leftOut: [] };
    }
    case 'and':
      return all(query.parts.map(understand), query.text);
    case 'or':
      return oneOf(query.parts.map(understand), query.text);
  }
};

const all = (parts: readonly Understood[], text: string): Understood => {
  const conditions = new Map<string, readonly string[]>();
  const leftOut = parts.flatMap((part) => part.leftOut);
  for (const [key, values] of parts.flatMap((part) => [...part.conditions])) {
    const before = conditions.get(key);
    if (before === undefined) conditions.set(key, values);
    else if (key === 'labels') conditions.set(key, [...new Set([...before, ...values])]);
    else {
      const shared = before.filter((value) => values.includes(value));
      if (shared.length > 0) conditions.set(key, shared);
      else
        leftOut.push(`${quoted(text)} never held, since it wants two values of ${key}; the first one counts`);
    }
  }
  return { conditions, leftOut };
};

const same = (a: readonly string[] | undefined, b: readonly string[] | undefined): boolean =>
  JSON.stringify(a?.toSorted()) === JSON.stringify(b?.toSorted());

/** Alternatives are one filter only where they differ in the values of one key. */
const oneOf = (parts: readonly Understood[], text: string): Understood => {
  const unclear = parts.flatMap(({ leftOut }) => leftOut);
  if (unclear.length > 0)
    return {
      conditions: nothing,
      leftOut: [`${quoted(text)} is left out as a whole: one of its alternatives cannot be said`, ...unclear],
    };
  if (parts.some(({ conditions }) => conditions.size === 0)) return { conditions: nothing, leftOut: [] };
  const names = [...new Set(parts.flatMap(({ conditions }) => [...conditions.keys()]))];
  const differing = names.filter((key) =>
    parts.some(({ conditions }) => !same(conditions.get(key), parts[0]?.conditions.get(key))),
  );
  const [only, ...more] = differing;
  if (only === undefined) return parts[0] ?? { conditions: nothing, leftOut: [] };
  if (more.length > 0 || only === 'labels' || parts.some(({ conditions }) => !conditions.has(only)))
    return without(text, 'one filter cannot say alternatives of several conditions');
  const values = [...new Set(parts.flatMap(({ conditions }) => conditions.get(only) ?? []))];
  return { conditions: new Map([...(parts[0]?.conditions ?? []), [only, values]]), leftOut: [] };
};

/** What a filter can say of a query, or why it cannot be read. */
export const understandQuery = (text: string): E.Either<string, Understood> => {
  try {
    return E.right(text.trim() === '' ? { conditions: nothing, leftOut: [] } : understand(parse(text)));
  } catch (error) {
    if (error instanceof Unreadable) return E.left(error.message);
    throw error;
  }
};
