/** Lengths of time, short to read. */

const two = (value: number): string => String(value).padStart(2, '0');

/** `8 s`, `3 min 08 s`, `2 h 05 min`, `4 d 3 h`; of milliseconds. */
export const lengthOf = (ms: number): string => {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${two(seconds % 60)} s`;
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return `${hours} h ${two(minutes % 60)} min`;
  return `${Math.floor(hours / 24)} d ${hours % 24} h`;
};

/** Of something that is over: short ones to the millisecond. What began and ended within one has no length that anybody measured. */
export const lengthOfPast = (ms: number): string => {
  if (ms >= 1000) return lengthOf(ms);
  return ms < 1 ? 'a moment' : `${Math.round(ms)} ms`;
};
