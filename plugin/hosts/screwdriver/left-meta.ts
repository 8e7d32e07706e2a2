/** The meta of a build: what its jobs left, over what they found. Pure. */
import { isDeepStrictEqual } from 'node:util';
import { isMeta, type Meta } from './meta.js';

/** The meta that a job left, as an object; that from before when it left none that is one. */
export const metaOf = (before: string, left: string | undefined): Meta => {
  for (const text of [
    left === undefined ? undefined : Buffer.from(left, 'base64').toString('utf8'),
    before,
  ]) {
    try {
      const value: unknown = text === undefined ? undefined : JSON.parse(text);
      if (isMeta(value)) return { ...value };
    } catch {
      // not JSON: the next one counts
    }
  }
  return {};
};

/** What is the job's own: it has put it there, changed it, or taken it away. */
const changed = (found: Meta, left: Meta): readonly string[] =>
  [...new Set([...Object.keys(found), ...Object.keys(left)])].filter(
    (key) =>
      !(Object.hasOwn(found, key) && Object.hasOwn(left, key) && isDeepStrictEqual(found[key], left[key])),
  );

const withChanges = (found: Meta, all: Meta, left: Meta): Meta => {
  const merged = new Map(Object.entries(all));
  for (const key of changed(found, left)) {
    if (!Object.hasOwn(left, key)) merged.delete(key);
    else {
      const [before, others, own] = [found, merged, left].map((meta) =>
        meta instanceof Map ? meta.get(key) : Object.hasOwn(meta, key) ? meta[key] : undefined,
      );
      merged.set(
        key,
        isMeta(others) && isMeta(own) ? withChanges(isMeta(before) ? before : {}, others, own) : own,
      );
    }
  }
  return Object.fromEntries(merged);
};

/**
 * One meta of several jobs that found the same: what each of them changed, the later over the earlier; objects are merged, everything else
 * is replaced. What a job left as it found it takes nothing back that another has changed.
 */
export const mergedMeta = (found: Meta, left: readonly Meta[]): Meta =>
  left.reduce((all, one) => withChanges(found, all, one), found);
