/** `baton job log`: what a job has written, byte by byte or fit for a terminal. */
import { Readable } from 'node:stream';
import { Option, type Command } from 'commander';
import * as E from 'fp-ts/lib/Either.js';
import { logQueryOf } from './client.js';
import { followBoth } from './follow-both.js';
import { followLog, interruptible } from './follow.js';
import { outputNames } from '../domain/output.js';
import { note, type Io } from './io.js';
import { lineRange, linesStored, type LineRange } from './job-log-lines.js';
import { linesSearched, type SearchOptions } from './job-log-search.js';
import { logSink } from './log-sink.js';
import { example, whole } from './options.js';
import { fail } from './print.js';
import { sessionOf, usage, type Session } from './session.js';

interface LogOptions extends SearchOptions {
  readonly follow?: boolean;
  readonly raw?: boolean;
  readonly lines?: LineRange;
  readonly timestamps?: boolean;
}

/** Said of two outputs that are shown as one. */
const ORDER =
  'Both outputs, their lines in the order in which they were received, which may not be that of writing. For one of them: --output stdout, or --output stderr';

const stored = async (io: Io, session: Session, id: string, options: LogOptions): Promise<void> => {
  const response = await session.client.log(id, logQueryOf(options));
  if (E.isLeft(response)) {
    fail(io, session.asJson, response.left);
    return;
  }
  const { body, headers } = response.right;
  if (headers.get('Baton-Log-Order') === 'best-effort') note(io, ORDER);
  const out = logSink(io, options.raw === true);
  if (body !== null) for await (const bytes of Readable.fromWeb(body)) await out.give(bytes as Uint8Array);
  await out.end();
};

const followed = async (io: Io, session: Session, id: string, options: LogOptions): Promise<void> => {
  const out = logSink(io, options.raw === true);
  const { signal, release } = interruptible(io.onInterrupt, () =>
    note(io, '\nNo longer following; the job goes on. End it with `baton job cancel`.'),
  );
  try {
    const which = logQueryOf(options);
    let problem = await followLog(session.client, id, which, signal, out.give);
    if (problem?.reason === 'output_needed') {
      note(io, ORDER);
      problem = await followBoth(session.client, id, which, signal, out.give);
    }
    await out.end();
    if (problem !== undefined) fail(io, session.asJson, problem);
  } finally {
    release();
  }
};

/** Options that do not go together. */
const misused = (options: LogOptions): string | undefined => {
  const { follow, raw, lines, timestamps, search } = options;
  const byLine = lines !== undefined || timestamps === true;
  if (search !== undefined)
    return byLine || follow === true || raw === true
      ? '--search finds lines by itself; leave --follow, --raw, --lines and --timestamps out'
      : options.limit === 0
        ? '--limit is 1 or more'
        : undefined;
  if (options.regex === true || options.case === true || options.limit !== undefined)
    return '--regex, --case and --limit belong to --search';
  return follow === true && byLine
    ? '--lines and --timestamps are for what is stored; leave --follow out'
    : undefined;
};

/** Adds `log`. */
export const registerJobLog = (job: Command, io: Io): void => {
  job
    .command('log')
    .description('what a job has written; control characters are shown, not obeyed')
    .argument('<id>', 'id, or its first characters')
    .option('--follow', 'go on until it ends; Ctrl-C leaves the job alone')
    .option('--raw', 'the exact bytes')
    .option('--attempt <n>', 'of this attempt (default: the last)')
    .addOption(
      new Option(
        '--output <name>',
        'of a job that keeps its outputs apart only this; report: what it told of itself',
      ).choices([...outputNames]),
    )
    .option('--lines <range>', 'of what is stored only these lines, e.g. 10-20 or 10-', lineRange)
    .option('--timestamps', 'before each stored line when the server received it; ~ not later than that')
    .option(
      '--search <text>',
      'of what is stored only the lines with this text, as number:line; exit code 3: none',
    )
    .option('--regex', 'what --search names is a regular expression (RE2)')
    .option('--case', 'with --search: capital letters count')
    .option('--limit <n>', 'with --search: at most so many lines (default: all)', whole)
    .addHelpText(
      ...example(
        'baton job log 0b7f2c1e --follow',
        'baton job log 0b7f2c1e --lines 120-140 --timestamps',
        "baton job log 0b7f2c1e --search 'error: .*\\.c:\\d+' --regex",
      ),
    )
    .action(async (id: string, options: LogOptions, command: Command) => {
      const session = sessionOf(io, command);
      if (session === undefined) return;
      const wrong = misused(options);
      if (wrong !== undefined) {
        usage(io, wrong);
        return;
      }
      if (options.search !== undefined) {
        await linesSearched(io, session, id, options);
        return;
      }
      const byLine = options.lines !== undefined || options.timestamps === true;
      await (options.follow === true ? followed : byLine ? linesStored : stored)(io, session, id, options);
    });
};
