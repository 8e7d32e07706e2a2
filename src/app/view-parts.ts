/** How is a view of any size taken apart, and put together again, in steps that are each over in a moment? */

import { put } from '../../projections/table.js';
import { isContainer, membersOf, type Container } from './containers.js';

type Table = Record<string | number, unknown>;
type Path = readonly (string | number)[];

/**
 * What lies at `path`: members of an array or, with their keys, of an object, in order; or a value that has none. Keys and
 * members are apart since an object of many names that no other has is slow to make.
 */
export type Part =
  | readonly [path: Path, keys: readonly string[] | null, members: readonly unknown[]]
  | readonly [path: Path, value: unknown];

/** Members in one part. */
const SLICE = 256;
/** An array of more members gets parts of its own, wherever it is found. */
const LONG = 1024;
/** What has no more members than this, and is near the top, is a record of tables rather than a table. */
const FEW = 64;

/** The view is read while the parts are asked for: it must not change before the last one is taken. */
export function* partsOf(value: unknown, path: Path = []): Generator<Part, void, undefined> {
  if (!isContainer(value)) {
    yield [path, value];
    return;
  }
  const isList = Array.isArray(value);
  const isRecord = path.length < 2 && !isList && Object.keys(value).length <= FEW;
  let [keys, members]: [string[], unknown[]] = [[], []];
  // also an empty container has a part
  let given = false;
  for (const [key, member] of isList ? value.entries() : membersOf(value)) {
    const isApart = Array.isArray(member) ? member.length > LONG : isRecord && isContainer(member);
    if (members.length === SLICE || (isApart && (members.length > 0 || !given))) {
      yield [path, isList ? null : keys, members];
      [keys, members, given] = [[], [], true];
    }
    if (isApart) yield* partsOf(member, [...path, key]);
    else {
      if (typeof key === 'string') keys.push(key);
      members.push(member);
    }
  }
  if (members.length > 0 || !given) yield [path, isList ? null : keys, members];
}

const memberOf = (container: Container, key: string | number): unknown =>
  Object.hasOwn(container, key) ? (container as Table)[key] : undefined;

const putAt = (container: Container, key: string | number, value: unknown): void => {
  put(container as Table, String(key), value);
};

export interface Assembly {
  /** Throws when the parts do not belong together. */
  readonly add: (part: Part) => void;
  readonly view: () => unknown;
}

/** Takes the parts in the order in which `partsOf` gave them. */
export const assembly = (): Assembly => {
  const root: { view?: unknown } = {};

  const add = ([path, ...rest]: Part): void => {
    let parent: Container = root;
    let key: string | number = 'view';
    for (const next of path) {
      const found = memberOf(parent, key);
      if (!isContainer(found)) throw new Error(`a part lies at ${path.join('/')}, where there is nothing`);
      [parent, key] = [found, next];
    }
    if (rest.length === 1) {
      putAt(parent, key, rest[0]);
      return;
    }
    const [keys, members] = rest;
    const known = memberOf(parent, key);
    const into = isContainer(known) ? known : keys === null ? [] : {};
    if (into !== known) putAt(parent, key, into);
    if (Array.isArray(into) !== (keys === null))
      throw new Error(`a part lies at ${path.join('/')}, where there is something else`);
    if (Array.isArray(into)) for (const member of members) into.push(member);
    else for (const [n, name] of (keys ?? []).entries()) put(into, name, members[n]);
  };

  return { add, view: () => root.view };
};
