/** How a row of history is written in a file: NDJSON for programs, CSV (RFC 4180) for spreadsheets. */
import type { HistoryRow } from '../../projections/history.js';

export const exportFormats = ['ndjson', 'csv'] as const;
export type ExportFormat = (typeof exportFormats)[number];

/** The columns of the CSV, in their order; new ones are only ever added at the end. */
const columns = [
  'jobId',
  'attempt',
  'outcome',
  'exitCode',
  'enterprise',
  'organisation',
  'project',
  'changeId',
  'changeTitle',
  'pipeline',
  'stage',
  'phase',
  'label',
  'runner',
  'slot',
  'rule',
  'queuedAt',
  'assignedAt',
  'startedAt',
  'endedAt',
  'waitedMs',
  'connectMs',
  'ranMs',
  'cancelledBy',
  'cancelReason',
  'cancelledAt',
  'requeueCause',
  'why',
  'detail',
  'evidence',
  'likelySignal',
  'summary',
  'phaseRunId',
  'retryOf',
  'reported',
  'reportRefused',
] as const satisfies readonly (keyof HistoryRow)[];

/** A text that a spreadsheet would take for a formula gets an apostrophe in front, which it shows as text. */
const defused = (text: string): string => (/^[=+\-@\t\r]/.test(text) ? `'${text}` : text);

const cell = (value: string | number | undefined): string => {
  const text = value === undefined ? '' : typeof value === 'number' ? String(value) : defused(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
};

const csvLine = (cells: readonly (string | number | undefined)[]): string =>
  `${cells.map(cell).join(',')}\r\n`;

/** How a file begins, and how each row is written. */
export interface Form {
  readonly type: string;
  readonly head: string;
  readonly row: (row: HistoryRow) => string;
}

/** How each format is written. */
export const forms: Readonly<Record<ExportFormat, Form>> = {
  ndjson: {
    type: 'application/x-ndjson; charset=utf-8',
    head: '',
    row: (row) => `${JSON.stringify(row)}\n`,
  },
  csv: {
    type: 'text/csv; charset=utf-8; header=present',
    head: csvLine(columns),
    row: (row) => csvLine(columns.map((column) => row[column])),
  },
};
