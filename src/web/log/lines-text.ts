/** How many lines, in words: `1 line`, `12,345 lines`. */

const numbers = new Intl.NumberFormat();

export const linesText = (lines: number): string =>
  `${numbers.format(lines)} ${lines === 1 ? 'line' : 'lines'}`;
