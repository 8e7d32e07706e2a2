/** What does a stream's metadata (`$$stream`) say of which events are read? The rules as values, apart from any store. */

/** From `$maxCount`, `$maxAge` (seconds) and `$tb`; `isDeleted`: `$tb` is the largest revision there can be. */
export interface StreamRules {
  readonly maxCount?: number;
  readonly maxAgeMs?: number;
  readonly truncateBefore?: number;
  readonly isDeleted: boolean;
}

export const META_PREFIX = '$$';
export const META_TYPE = '$metadata';
export const TOMBSTONE_TYPE = '$streamDeleted';

/** The largest int64, as far as a double can tell. */
const LAST_REVISION = 2 ** 63;

const wholeFrom = (least: number, value: unknown): number | undefined =>
  typeof value === 'number' && Number.isInteger(value) && value >= least ? value : undefined;

/** The rules that a metadata event's JSON text holds; no rules when it is no JSON object. */
export const rulesOf = (text: string): StreamRules => {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return { isDeleted: false };
  }
  if (typeof json !== 'object' || json === null) return { isDeleted: false };
  const value = (key: string, least: number): number | undefined => wholeFrom(least, Reflect.get(json, key));
  const [maxCount, maxAge, truncateBefore] = [value('$maxCount', 1), value('$maxAge', 1), value('$tb', 0)];
  const isDeleted = truncateBefore !== undefined && truncateBefore >= LAST_REVISION;
  return {
    ...(maxCount === undefined ? {} : { maxCount }),
    ...(maxAge === undefined ? {} : { maxAgeMs: maxAge * 1000 }),
    ...(truncateBefore === undefined || isDeleted ? {} : { truncateBefore }),
    isDeleted,
  };
};

/** The same metadata with another `$tb`, as text: a double cannot hold the largest int64. */
export const withTruncateBefore = (text: string, truncateBefore: number | 'everything'): string => {
  let known: Record<string, unknown> = {};
  try {
    known = { ...(JSON.parse(text) as Record<string, unknown>) };
  } catch {
    // what is no JSON holds nothing to be kept
  }
  delete known['$tb'];
  const rest = JSON.stringify(known).slice(1, -1);
  const tb = truncateBefore === 'everything' ? '9223372036854775807' : String(truncateBefore);
  return `{"$tb":${tb}${rest === '' ? '' : `,${rest}`}}`;
};

/** Is this event past `$tb` and young enough? `$maxCount` is the store's own business. */
export const isVisible = (
  rules: StreamRules | undefined,
  event: { readonly revision: number; readonly createdMs: number },
  nowMs: number,
): boolean =>
  event.revision >= (rules?.truncateBefore ?? 0) &&
  (rules?.maxAgeMs === undefined || nowMs - event.createdMs < rules.maxAgeMs);
