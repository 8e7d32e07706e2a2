/** `baton queue` and `baton history`: what waits and runs now, and what was. */
import type { Command } from 'commander';
import type { QueueEntry, QueueView } from '../../projections/queue.js';
import type { QueueAnswer } from '../app/queue-window.js';
import { asOf, atOption } from './as-of.js';
import { registerHistory } from './history.js';
import { note, type Io } from './io.js';
import { example } from './options.js';
import { age, short, table } from './print.js';
import { sessionOf } from './session.js';

/** The phase with its row, and how many slots it takes, unless that is one. */
export const phaseText = ({ phase, label, slots }: Pick<QueueEntry, 'phase' | 'label' | 'slots'>): string =>
  `${phase}${label === '' ? '' : ` (${label})`}${slots === undefined ? '' : `, takes ${slots} slots`}`;

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
export const queueText = (io: Io, { entries }: QueueView, isPart = false): string =>
  entries.length === 0
    ? isPart
      ? 'Nothing in the queue is like that.'
      : 'Nothing waits and nothing runs.'
    : table(
        ['JOB', 'STATUS', 'PROJECT', 'STAGE', 'PHASE', 'SINCE', 'RUNNER', 'WAITS FOR'],
        entries.map((entry) => [
          short(entry.jobId),
          entry.status,
          entry.project,
          entry.stage,
          phaseText(entry),
          age(entry.since, io.now()),
          entry.runner ?? '-',
          waitsFor(io, entry),
        ]),
      );

type QueueOptions = Readonly<
  Partial<
    Record<'project' | 'stage' | 'status' | 'reason' | 'runner' | 'text' | 'limit' | 'offset' | 'at', string>
  >
>;

/** Says beside the rows which of all they are. */
const noteRest = (io: Io, { entries, total }: QueueAnswer, offset: number): void => {
  if (entries.length === 0 || entries.length === total) return;
  note(io, `${offset + 1} to ${offset + entries.length} of ${total}.`);
};

/** Adds `queue` and `history`. */
export const registerOverview = (program: Command, io: Io): void => {
  program
    .command('queue')
    .description('what waits and what runs, in the order of dispatch')
    .option('--project <name>', 'only jobs of this project')
    .option('--stage <name>', 'only those of this stage')
    .option('--status <status>', 'only queued, assigned, running, active (both) or unmatched ones')
    .option('--reason <reason>', 'only those that wait for this reason, e.g. all_busy')
    .option('--runner <name>', 'only those of this runner')
    .option('--text <text>', 'only those with it in project, title, phase, label, runner or id')
    .option('--limit <n>', 'at most so many (default: all)')
    .option('--offset <n>', 'without so many of the first')
    .option(...atOption)
    .action(async ({ text, ...filter }: QueueOptions, command: Command) => {
      const session = sessionOf(io, command);
      if (session === undefined) return;
      const wanted = { ...filter, ...(text === undefined ? {} : { q: text }) };
      const isPart = Object.keys(wanted).some((name) => name !== 'at');
      const got = await session.client.queue(wanted);
      const answered = session.answer(got, (view) => queueText(asOf(io, view), view, isPart));
      if (answered && !session.asJson) noteRest(io, got.right, Number(filter.offset ?? 0));
    })
    .addHelpText(
      ...example(
        'baton queue --at 2026-01-31T12:00:00Z',
        'baton queue --project web-shop --reason all_busy --limit 20',
      ),
    );
  registerHistory(program, io);
};
