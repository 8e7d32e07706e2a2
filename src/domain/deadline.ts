/** When is it over? An instant of RFC 3339, or a length of time from now such as `90s`, `30m`, `2h`, `1d` or `1h30m`. */
import { plusMillis, type Instant } from '../kernel/time.js';

const INSTANT = /^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d(:\d\d(\.\d{1,9})?)?([Zz]|[+-]\d\d:\d\d)$/;
const LENGTH = /^(?:(\d{1,4})d)?(?:(\d{1,5})h)?(?:(\d{1,6})m)?(?:(\d{1,8})s)?$/;
const UNITS_MS = [86_400_000, 3_600_000, 60_000, 1_000];

/** The instant in UTC; undefined when the text is neither. */
export const deadlineOf = (text: string, now: Instant): Instant | undefined => {
  if (INSTANT.test(text)) {
    const at = Date.parse(text.toUpperCase());
    return Number.isNaN(at) ? undefined : new Date(at).toISOString();
  }
  const parts = LENGTH.exec(text);
  if (parts === null || text === '') return undefined;
  const ms = UNITS_MS.reduce((sum, unit, index) => sum + unit * Number(parts[index + 1] ?? 0), 0);
  return plusMillis(now, ms);
};
