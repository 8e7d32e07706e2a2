/** When a line came, as the reader wants it told. */

export const timesShown = ['none', 'start', 'clock'] as const;
export type TimesShown = (typeof timesShown)[number];

const two = (value: number): string => String(value).padStart(2, '0');

/** `+0:01:03.2` after the start; what came before it by the clock of another machine is `+0:00:00.0`. */
const sinceStart = (at: number, start: number): string => {
  const tenths = Math.max(0, Math.floor((at - start) / 100));
  const seconds = Math.floor(tenths / 10);
  return `+${Math.floor(seconds / 3600)}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}.${tenths % 10}`;
};

/** In the zone of who looks, to the millisecond. */
const clockTime = (at: number): string => {
  const date = new Date(at);
  return `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}.${String(date.getMilliseconds()).padStart(3, '0')}`;
};

/** `~` before it: written some time before it was received. Empty: not known. */
export const timeText = (
  { receivedAt, collectedLate }: { readonly receivedAt?: string; readonly collectedLate?: true },
  shown: TimesShown,
  startedAt: string | undefined,
): string => {
  if (receivedAt === undefined || shown === 'none') return '';
  const at = Date.parse(receivedAt);
  const text =
    shown === 'clock' || startedAt === undefined ? clockTime(at) : sinceStart(at, Date.parse(startedAt));
  return collectedLate === true ? `~${text}` : text;
};
