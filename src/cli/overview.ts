/** `baton queue` and `baton history`: what waits and runs now, and what was. */
import type { Command } from 'commander';
import type { HistoryRow } from '../../projections/history.js';
import type { QueueEntry, QueueView } from '../../projections/queue.js';
import type { Io } from './io.js';
import { age, duration, short, table } from './print.js';
import { sessionOf } from './session.js';

const named = (phase: string, label: string): string => (label === '' ? phase : `${phase} (${label})`);

/** Why it waits; or what is not known of one that has a runner. */
const waitsFor = (io: Io, { waiting, cancelAskedAt, unreachableSince }: QueueEntry): string => {
  if (waiting !== undefined) return `${waiting.reason}: ${waiting.detail}`;
  const parts = [
    ...(cancelAskedAt === undefined ? [] : [`cancel asked for ${age(cancelAskedAt, io.now())}`]),
    ...(unreachableSince === undefined
      ? []
      : [`unknown: its runner was last found unreachable ${age(unreachableSince, io.now())}`]),
  ];
  return parts.join('; ');
};

/** The table of `baton queue`. */
export const queueText = (io: Io, { entries }: QueueView): string =>
  entries.length === 0
    ? 'Nothing waits and nothing runs.'
    : table(
        ['JOB', 'STATUS', 'PROJECT', 'STAGE', 'PHASE', 'SINCE', 'RUNNER', 'WAITS FOR'],
        entries.map((entry) => [
          short(entry.jobId),
          entry.status,
          entry.project,
          entry.stage,
          named(entry.phase, entry.label),
          age(entry.since, io.now()),
          entry.runner ?? '-',
          waitsFor(io, entry),
        ]),
      );

const span = (ms: number | undefined): string => (ms === undefined ? '-' : duration(ms));

/** The rows as a table. */
export const historyText = (io: Io, rows: readonly HistoryRow[]): string =>
  rows.length === 0
    ? 'Nothing has run yet.'
    : table(
        [
          'JOB',
          'ATTEMPT',
          'OUTCOME',
          'PROJECT',
          'STAGE',
          'PHASE',
          'RUNNER',
          'EXIT',
          'WAITED',
          'RAN',
          'ENDED',
          'REASON',
        ],
        rows.map((row) => [
          short(row.jobId),
          String(row.attempt),
          row.outcome ?? 'running',
          row.project,
          row.stage,
          named(row.phase, row.label),
          row.runner ?? '-',
          row.exitCode === undefined ? '-' : String(row.exitCode),
          span(row.waitedMs),
          span(row.ranMs),
          age(row.endedAt, io.now()),
          [row.reason, row.cancelledBy === undefined ? undefined : `by ${row.cancelledBy}`]
            .filter((part) => part !== undefined)
            .join(' '),
        ]),
      );

/** Adds `queue` and `history`. */
export const registerOverview = (program: Command, io: Io): void => {
  program
    .command('queue')
    .description('what waits and what runs, in the order of dispatch')
    .action(async (_options: unknown, command: Command) => {
      const session = sessionOf(io, command);
      if (session === undefined) return;
      session.answer(await session.client.queue(), (view) => queueText(io, view));
    });
  program
    .command('history')
    .description('what has run, newest first')
    .option('--runner <name>', 'only on this runner')
    .option('--change <id>', 'only of this change')
    .option('--limit <n>', 'at most so many rows (default: 100)')
    .action(async (options: { runner?: string; change?: string; limit?: string }, command: Command) => {
      const session = sessionOf(io, command);
      if (session === undefined) return;
      session.answer(await session.client.history(options), ({ items }) => historyText(io, items));
    });
};
