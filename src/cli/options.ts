/** How options of the command line are read. */
import { InvalidArgumentError } from 'commander';

export const whole = (value: string): number => {
  if (!/^\d{1,9}$/.test(value)) throw new InvalidArgumentError('It is not a whole number.');
  return Number(value);
};

/** For options that may be repeated. */
export const collect = (value: string, before: readonly string[] = []): readonly string[] => [
  ...before,
  value,
];

/** For `addHelpText`: whole command lines that show how a command is used. */
export const example = (...lines: readonly string[]): readonly ['after', string] => [
  'after',
  `\n${lines.length === 1 ? 'Example' : 'Examples'}:\n${lines.map((line) => `  ${line}`).join('\n')}`,
];
