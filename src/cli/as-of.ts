/** `--at`: answers from the past, whose ages count from that moment and not from now. */
import type { AnsweredAt } from '../http/as-of.js';
import { note, type Io } from './io.js';
import { plain } from './terminal.js';

/** An answer that may be of the past. */
export type Asked<A> = A & { readonly at?: AnsweredAt };

/** The option, as every command that takes it has it. */
export const atOption = [
  '--at <moment>',
  'as it was: a position, or a time such as 2026-01-31T12:00:00Z',
] as const;

/** Says which moment an answer is of, and gives the terminal with the clock of that moment. */
export const asOf = (io: Io, { at }: { readonly at?: AnsweredAt }): Io => {
  if (at === undefined) return io;
  note(io, plain(`As of position ${at.position}${at.time === undefined ? '' : `, ${at.time}`}.`));
  const { time } = at;
  return time === undefined ? io : { ...io, now: () => Date.parse(time) };
};
