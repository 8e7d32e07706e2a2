/** `baton history`: what was, attempt by attempt, counted, or as a file. */
import type { Command } from 'commander';
import type { HistoryRow } from '../../projections/history.js';
import type { HistorySummary, Spread } from '../../projections/history-summary.js';
import { asOf, atOption } from './as-of.js';
import { exportHistory } from './history-export.js';
import type { Io } from './io.js';
import { example } from './options.js';
import { noteMore, pages, withPages, type PageOptions } from './paging.js';
import { age, duration, short, table } from './print.js';
import { sessionOf, usage } from './session.js';

const named = (phase: string, label: string): string => (label === '' ? phase : `${phase} (${label})`);
const span = (ms: number | undefined): string => (ms === undefined ? '-' : duration(ms));
const stateOf = (row: HistoryRow): string =>
  row.outcome ?? (row.startedAt === undefined ? 'assigned' : 'running');

const toldText = ({ reported, reportRefused }: HistoryRow): string =>
  [reported, reportRefused === undefined ? undefined : 'late']
    .filter((part) => part !== undefined)
    .join(', ') || '-';

/** The rows as a table; with a column for what jobs told of themselves where one of them did. */
export const historyText = (io: Io, rows: readonly HistoryRow[]): string => {
  const isTold = rows.some((row) => toldText(row) !== '-');
  return rows.length === 0
    ? 'No attempts found.'
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
          ...(isTold ? ['REPORTED'] : []),
          'WAITED',
          'RAN',
          'ENDED',
          'REASON',
        ],
        rows.map((row) => [
          short(row.jobId),
          String(row.attempt),
          stateOf(row),
          row.project,
          row.stage,
          named(row.phase, row.label),
          row.runner ?? '-',
          row.exitCode === undefined ? '-' : String(row.exitCode),
          ...(isTold ? [toldText(row)] : []),
          span(row.waitedMs),
          span(row.ranMs),
          age(row.endedAt, io.now()),
          [row.reason, row.cancelledBy === undefined ? undefined : `by ${row.cancelledBy}`]
            .filter((part) => part !== undefined)
            .join(' '),
        ]),
      );
};

const spread = (of: Spread | undefined): readonly string[] => [span(of?.p50), span(of?.p95)];

const summaryText = (by: string, items: readonly HistorySummary[]): string =>
  items.length === 0
    ? 'No attempts found.'
    : table(
        [by.toUpperCase(), 'ATTEMPTS', 'WAITED P50', 'P95', 'RAN P50', 'P95', 'OUTCOMES'],
        items.map(({ key, attempts, outcomes, waitedMs, ranMs }) => [
          key === '' ? '-' : key,
          String(attempts),
          ...spread(waitedMs),
          ...spread(ranMs),
          Object.entries(outcomes)
            .sort(([, a], [, b]) => b - a)
            .map(([outcome, count]) => `${count} ${outcome}`)
            .join(', '),
        ]),
      );

/** Filters as they are on the command line; the server checks their values. */
const filters = [
  ['--job <id>', 'only attempts of this job'],
  ['--change <id>', 'only of this change'],
  ['--runner <name>', 'only on this runner'],
  ['--enterprise <name>', 'only of this enterprise'],
  ['--organisation <name>', 'only of this organisation'],
  ['--project <name>', 'only of this project'],
  ['--pipeline <name>', 'only of this pipeline'],
  ['--stage <name>', 'only of this stage'],
  ['--phase <name>', 'only of this phase'],
  ['--outcome <outcome>', 'only those that ended so; also requeued, running'],
  ['--actor <name>', 'only those that this person cancelled'],
  ['--since <time>', 'only those that ended then or later, e.g. 2026-01-31T12:00:00Z'],
  ['--until <time>', 'only those that ended before'],
] as const;

interface HistoryOptions extends PageOptions {
  readonly by?: string;
  readonly format?: string;
  readonly output?: string;
}

/** What does not go together, as a sentence. */
const misuse = (options: HistoryOptions): string | undefined => {
  const { by, format, output, all, cursor, limit } = options;
  const isPaged = all !== undefined || cursor !== undefined || limit !== undefined;
  if (by !== undefined && format !== undefined) return 'give --by or --format, not both';
  if ((by !== undefined || format !== undefined) && isPaged)
    return '--by and --format take all rows; leave out --limit, --cursor and --all';
  return output !== undefined && format === undefined ? '--output needs --format' : undefined;
};

const run = async (io: Io, options: HistoryOptions, command: Command): Promise<void> => {
  const session = sessionOf(io, command);
  if (session === undefined) return;
  const wrong = misuse(options);
  if (wrong !== undefined) {
    usage(io, wrong);
    return;
  }
  const { client } = session;
  const { by, format, output, all, cursor, limit, ...filter } = options;
  if (format !== undefined) {
    await exportHistory(io, session, { ...filter, format }, output);
    return;
  }
  if (by !== undefined) {
    session.answer(await client.summariseHistory({ ...filter, by }), (answer) => {
      asOf(io, answer);
      return summaryText(by, answer.items);
    });
    return;
  }
  const asked = {
    ...(all === undefined ? {} : { all }),
    ...(cursor === undefined ? {} : { cursor }),
    ...(limit === undefined ? {} : { limit }),
  };
  const got = await pages((paging) => client.history({ ...filter, ...paging }), asked);
  const answered = session.answer(got, (answer) => historyText(asOf(io, answer), answer.items));
  if (answered && !session.asJson) noteMore(io, got.right);
};

/** Adds `history`. */
export const registerHistory = (program: Command, io: Io): void => {
  const command = program.command('history').description('what has run, newest first: a row per attempt');
  for (const [flags, description] of filters) command.option(flags, description);
  withPages(command, 100)
    .option(...atOption)
    .option('--by <key>', 'count instead: by runner, project, change, phase or outcome')
    .option('--format <format>', 'all rows as ndjson or csv')
    .option('--output <file>', 'where the file goes (default: standard output)')
    .action((options: HistoryOptions, self: Command) => run(io, options, self))
    .addHelpText(
      ...example(
        'baton history --runner build-07 --since 2026-01-31T00:00:00Z',
        'baton history --by project',
        'baton history --format csv --output history.csv',
      ),
    );
};
