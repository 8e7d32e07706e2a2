/** How answers look: tables, ages, JSON, and refusals with their way out. */
import type { ProblemDocument } from '../http/problem.js';
import { exitOfProblem } from './exit.js';
import { note, say, type Io } from './io.js';
import { plain } from './terminal.js';

const units = [
  { ms: 86_400_000, name: 'd' },
  { ms: 3_600_000, name: 'h' },
  { ms: 60_000, name: 'min' },
  { ms: 1_000, name: 's' },
] as const;

/** Length of time in its largest unit, e.g. `3 s`, `5 min`. */
export const duration = (ms: number): string => {
  const unit = units.find((candidate) => ms >= candidate.ms);
  return unit === undefined
    ? `${Math.max(0, Math.round(ms))} ms`
    : `${Math.floor(ms / unit.ms)} ${unit.name}`;
};

/** How long ago an instant was, e.g. `3 s ago`; a dash when there is none. */
export const age = (instant: string | undefined, now: number): string => {
  if (instant === undefined) return '-';
  const ms = now - Date.parse(instant);
  if (Number.isNaN(ms)) return plain(instant);
  // clocks differ a little between machines
  return ms < 1000 ? 'just now' : `${duration(ms)} ago`;
};

const widthOf = (text: string): number => Array.from(text).length;

/** Columns as wide as their widest cell; the last is not padded. */
export const table = (head: readonly string[], rows: readonly (readonly string[])[]): string => {
  const cells = [head, ...rows].map((row) => head.map((_, column) => plain(row[column] ?? '')));
  const widths = head.map((_, column) => Math.max(...cells.map((row) => widthOf(row[column] ?? ''))));
  return cells
    .map((row) =>
      row
        .map((cell, column) => cell + ' '.repeat((widths[column] ?? 0) - widthOf(cell)))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
};

/** Lines `name: value`, aligned; those without a value are left out. */
export const fields = (pairs: readonly (readonly [string, string | undefined])[]): string => {
  const present = pairs.filter(
    (pair): pair is readonly [string, string] => pair[1] !== undefined && pair[1] !== '',
  );
  const width = Math.max(0, ...present.map(([name]) => widthOf(name)));
  return present.map(([name, value]) => `${`${name}:`.padEnd(width + 1)}  ${plain(value)}`).join('\n');
};

/** JSON text, safe on a terminal: what may stand raw in it and yet commands one is escaped; it means the same. */
export const safeJson = (text: string): string =>
  text.replace(
    /[\u007f-\u009f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );

/** JSON that is also safe on a terminal: what `JSON.stringify` leaves raw is escaped. */
export const json = (value: unknown): string => safeJson(JSON.stringify(value, null, 2));

/** The same in one line. */
export const jsonLine = (value: unknown): string => safeJson(JSON.stringify(value));

/** Prints a refusal on stderr and sets the exit code. */
export const fail = (io: Io, asJson: boolean, problem: ProblemDocument): void => {
  io.exit(exitOfProblem(problem.code));
  if (asJson) {
    note(io, json(problem));
    return;
  }
  note(io, `baton: ${plain(problem.detail)}`);
  for (const { path, expected, found, mend, line, column } of problem.problems ?? []) {
    const place = line === undefined || column === undefined ? '' : `line ${line}, column ${column}`;
    // what could not be read at all has its place for a path
    const where = `${path === '' ? 'the whole' : path}${place === '' || path.endsWith(place) ? '' : ` (${place})`}`;
    const way = mend === undefined ? '' : `; ${mend}`;
    note(io, plain(`  ${where}: expected ${expected}, found ${found}${way}`));
  }
  if (problem.hint !== undefined) note(io, `hint: ${plain(problem.hint)}`);
};

/** Prints an answer: as JSON when asked, else as text. */
export const show = (io: Io, asJson: boolean, value: unknown, text: () => string): void => {
  say(io, asJson ? json(value) : text());
};

/** The first characters of an id: enough to name it in the next command. */
export const short = (id: string): string => id.slice(0, 8);
