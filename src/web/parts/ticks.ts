/** What stands below the axis of time of a chart, in the words of who looks. */

const DAY_S = 24 * 60 * 60;

/** `splits`: seconds since 1970; `stepS`: between two of them. The day stands where it begins to be another, and at the first. */
export const timeTicks = (
  splits: readonly number[],
  stepS: number,
  locale?: string,
  timeZone?: string,
): readonly string[] => {
  const clock = new Intl.DateTimeFormat(locale, { hour: '2-digit', minute: '2-digit', timeZone });
  const date = new Intl.DateTimeFormat(locale, { day: 'numeric', month: 'short', timeZone });
  const days = splits.map((at) => date.format(at * 1000));
  if (stepS >= DAY_S) return days;
  return splits.map((at, index) => {
    const day = days[index] ?? '';
    return day === days[index - 1] ? clock.format(at * 1000) : `${clock.format(at * 1000)}\n${day}`;
  });
};
