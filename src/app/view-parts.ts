/** How is a view of any size taken apart, and put together again, in steps that are each over in a moment? */

import { put as putRow } from '../../projections/table.js';

/** Members of the object or array at `path`, in order; or, for anything else, the value there. */
export type Part = readonly [path: readonly (string | number)[], value: unknown];

type Container = Record<string, unknown> | unknown[];

/** Members in one part. */
const SLICE = 256;
/** An array of more members gets parts of its own, wherever it is found. */
const LONG = 1024;
/** What has no more members than this, and is near the top, is a record of tables rather than a table. */
const FEW = 64;

const isContainer = (value: unknown): value is Container => typeof value === 'object' && value !== null;

const put = (into: Container, key: string | number, value: unknown): void => {
  putRow(into as Record<string, unknown>, String(key), value);
};

const empty = (like: Container): Container => (Array.isArray(like) ? [] : {});

/** The view is read while the parts are asked for: it must not change before the last one is taken. */
export function* partsOf(value: unknown, path: Part[0] = []): Generator<Part, void, undefined> {
  if (!isContainer(value)) {
    yield [path, value];
    return;
  }
  const keys = Array.isArray(value) ? value.keys() : Object.keys(value);
  const isRecord = path.length < 2 && Array.isArray(keys) && keys.length <= FEW;
  // also an empty container has a part
  let [slice, size, given] = [empty(value), 0, false];
  for (const key of keys) {
    const member = (value as Record<string | number, unknown>)[key];
    const isApart = Array.isArray(member) ? member.length > LONG : isRecord && isContainer(member);
    if (size === SLICE || (isApart && (size > 0 || !given))) {
      yield [path, slice];
      [slice, size, given] = [empty(value), 0, true];
    }
    if (isApart) yield* partsOf(member, [...path, key]);
    else {
      if (Array.isArray(slice)) slice.push(member);
      else put(slice, key, member);
      size++;
    }
  }
  if (size > 0 || !given) yield [path, slice];
}

const memberOf = (container: Container, key: string | number): unknown =>
  Object.hasOwn(container, key) ? (container as Record<string | number, unknown>)[key] : undefined;

export interface Assembly {
  /** Throws when the parts do not belong together. */
  readonly add: (part: Part) => void;
  readonly view: () => unknown;
}

/** Takes the parts in the order in which `partsOf` gave them. */
export const assembly = (): Assembly => {
  const root: { view?: unknown } = {};

  const add: Assembly['add'] = ([path, value]) => {
    let parent: Container = root;
    let key: string | number = 'view';
    for (const next of path) {
      const found = memberOf(parent, key);
      if (!isContainer(found)) throw new Error(`a part lies at ${path.join('/')}, where there is nothing`);
      [parent, key] = [found, next];
    }
    const known = memberOf(parent, key);
    if (!isContainer(known) || !isContainer(value)) put(parent, key, value);
    else if (Array.isArray(known) && Array.isArray(value)) for (const member of value) known.push(member);
    else for (const [name, member] of Object.entries(value)) put(known, name, member);
  };

  return { add, view: () => root.view };
};
