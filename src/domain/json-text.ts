/**
 * What does this JSON text say, and where? `JSON.parse` often tells no place (Node 20) and keeps the last of two equal
 * keys in silence; a person who mends a file needs the line, and both keys.
 */
import * as E from 'fp-ts/lib/Either.js';
import { shown, type Problem } from './problem.js';

export type Json = null | boolean | number | string | readonly Json[] | JsonObject;
export interface JsonObject {
  readonly [key: string]: Json;
}

/** Both from 1; columns are counted in UTF-16 units, as editors do. */
export interface Place {
  readonly line: number;
  readonly column: number;
}

export interface JsonText {
  readonly value: Json;
  /** By JSON path: of a member where its key begins, else where the value does; the root's path is empty. */
  readonly places: ReadonlyMap<string, Place>;
  /** Paths of keys that occur more than once in their object; the last one counts. */
  readonly duplicates: readonly string[];
}

/** Deep enough for every real file, shallow enough for the stack. */
const MAX_DEPTH = 64;

/** `parent` and `key` as one path; keys that are not plain words are quoted: `["delivery truck"]`. */
export const child = (parent: string, key: string | number): string => {
  if (typeof key === 'number') return `${parent}[${key}]`;
  if (!/^[\w-]+$/.test(key)) return `${parent}[${shown(key)}]`;
  return parent === '' ? key : `${parent}.${key}`;
};

class NotJson extends Error {
  readonly problem: Problem;
  constructor(problem: Problem) {
    super(problem.expected);
    this.problem = problem;
  }
}

const placeOf = (text: string, offset: number): string => {
  const before = text.slice(0, offset);
  return `line ${before.split('\n').length}, column ${offset - before.lastIndexOf('\n')}`;
};

/** The place that stands for the path where a text could not be read. */
export const placeIn = (path: string): Place | undefined => {
  const [, line, column] = /^line (\d+), column (\d+)$/.exec(path) ?? [];
  return line === undefined ? undefined : { line: Number(line), column: Number(column) };
};

/** Where the comma stands that makes a closing bracket at `at` unexpected. */
const trailingComma = (text: string, at: number): number | undefined => {
  const before = text.slice(0, at).trimEnd();
  return (text[at] === ']' || text[at] === '}') && before.endsWith(',') ? before.length - 1 : undefined;
};

const mendFor = (here: string | undefined): string => {
  if (here === '/' || here === '#') return 'remove the comment: JSON has none';
  if (here === "'") return 'use double quotes';
  if (here === undefined) return 'the file ends too early: close what is open';
  if (here === '\n' || here === '\r') return 'close the string with a double quote before the line ends';
  if (/[A-Za-z_]/.test(here)) return 'put it in double quotes';
  return 'correct the text at this place';
};

/** The value with its places, or the one problem that kept it from being read (RFC 8259). A leading BOM is skipped. */
export const parseJson = (text: string): E.Either<Problem, JsonText> => {
  const places = new Map<string, Place>();
  const duplicates: string[] = [];
  let at = text.startsWith('\ufeff') ? 1 : 0;
  let line = 1;

  const here = (): Place => ({ line, column: at - text.lastIndexOf('\n', at - 1) });
  const fail = (expected: string): never => {
    const comma = trailingComma(text, at);
    if (comma !== undefined) {
      const path = placeOf(text, comma);
      throw new NotJson({ path, expected: 'no comma after the last item', found: '","', mend: 'remove it' });
    }
    const rest = /^(?:[\w.-]+|[^]?)/u.exec(text.slice(at, at + 40))?.[0] ?? '';
    const found =
      rest === '' ? 'the end of the file' : rest.trim() === '' ? 'the end of the line' : shown(rest);
    throw new NotJson({ path: placeOf(text, at), expected, found, mend: mendFor(text[at]) });
  };
  const space = (): void => {
    for (; at < text.length && ' \t\r\n'.includes(text[at] ?? 'x'); at++) if (text[at] === '\n') line++;
  };
  const scan = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at;
    const found = pattern.exec(text)?.[0];
    if (found !== undefined) at += found.length;
    return found;
  };
  const string = (): string => {
    const found = scan(/"(?:[^"\\\p{Cc}]|[\u007f-\u009f]|\\(?:["\\/bfnrt]|u[\da-fA-F]{4}))*"/uy);
    if (found !== undefined) return JSON.parse(found) as string;
    // Move to the character that spoils it, so that the place told is the one to look at.
    scan(/"(?:[^"\\\p{Cc}]|[\u007f-\u009f]|\\(?:["\\/bfnrt]|u[\da-fA-F]{4}))*/uy);
    return fail(text[at] === '\\' ? 'an escape that JSON knows' : 'the end of the string');
  };
  const members = (path: string, depth: number): JsonObject => {
    const object: Record<string, Json> = Object.create(null) as Record<string, Json>;
    at++;
    space();
    if (text[at] === '}') return (at++, object);
    for (;;) {
      if (text[at] !== '"') fail('a key in double quotes');
      const place = here();
      const key = string();
      const member = child(path, key);
      if (key in object) duplicates.push(member);
      space();
      if (text[at] !== ':') fail('a colon after the key');
      at++;
      object[key] = value(member, depth);
      places.set(member, place);
      if (text[at] === '}') return (at++, object);
      if (text[at] !== ',') fail('a comma or }');
      at++;
      space();
    }
  };
  const items = (path: string, depth: number): readonly Json[] => {
    const list: Json[] = [];
    at++;
    space();
    if (text[at] === ']') return (at++, list);
    for (;;) {
      list.push(value(child(path, list.length), depth));
      if (text[at] === ']') return (at++, list);
      if (text[at] !== ',') fail('a comma or ]');
      at++;
    }
  };
  const value = (path: string, depth: number): Json => {
    space();
    places.set(path, here());
    if (depth > MAX_DEPTH) return fail(`at most ${MAX_DEPTH} levels of nesting`);
    const parsed = bare(path, depth + 1);
    space();
    return parsed;
  };
  const bare = (path: string, depth: number): Json => {
    if (text[at] === '{') return members(path, depth);
    if (text[at] === '[') return items(path, depth);
    if (text[at] === '"') return string();
    const word = scan(/(?:true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?)(?![\w.])/y);
    return word === undefined ? fail('a value') : (JSON.parse(word) as Json);
  };

  try {
    const parsed = value('', 0);
    if (at < text.length) fail('the end of the file');
    return E.right({ value: parsed, places, duplicates });
  } catch (error) {
    if (error instanceof NotJson) return E.left(error.problem);
    throw error;
  }
};
