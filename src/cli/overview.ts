/** `baton queue` and `baton history`: what waits and runs now, and what was. */
import type { Command } from 'commander';
import type { QueueEntry, QueueView } from '../../projections/queue.js';
import { asOf, atOption } from './as-of.js';
import { registerHistory } from './history.js';
import type { Io } from './io.js';
import { example } from './options.js';
import { age, short, table } from './print.js';
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

/** Adds `queue` and `history`. */
export const registerOverview = (program: Command, io: Io): void => {
  program
    .command('queue')
    .description('what waits and what runs, in the order of dispatch')
    .option(...atOption)
    .action(async ({ at }: { at?: string }, command: Command) => {
      const session = sessionOf(io, command);
      if (session === undefined) return;
      session.answer(await session.client.queue(at), (view) => queueText(asOf(io, view), view));
    })
    .addHelpText(...example('baton queue --at 2026-01-31T12:00:00Z'));
  registerHistory(program, io);
};
