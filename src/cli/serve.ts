/** `baton serve`: the server in the foreground, until it is told to stop. */
import type { Command } from 'commander';
import * as E from 'fp-ts/lib/Either.js';
import type { AppError } from '../app/errors.js';
import { readConfig, type Flags } from '../config.js';
import { logger, startBaton } from '../main.js';
import { exitCodes } from './exit.js';
import { note, say, type Io } from './io.js';

/** Sentence, problems and hint, for people; exit codes of their own for what is wrong with the store. */
const complain = (io: Io, error: AppError): void => {
  note(io, `error: ${error.message}`);
  for (const { path, expected, found, mend } of error.problems ?? [])
    note(io, `  ${path}: expected ${expected}, found ${found}${mend === undefined ? '' : ` (${mend})`}`);
  if (error.hint !== undefined) note(io, `hint: ${error.hint}`);
  io.exit(
    error.code === 'invalid'
      ? exitCodes.usage
      : error.code === 'conflict' || error.reason === 'store_locked'
        ? exitCodes.conflict
        : exitCodes.error,
  );
};

const untilTold = (io: Io): Promise<void> =>
  new Promise((resolve) => {
    const release = io.onInterrupt(done);
    process.once('SIGTERM', done);
    function done(): void {
      release();
      process.removeListener('SIGTERM', done);
      resolve();
    }
  });

export const registerServe = (program: Command, io: Io): void => {
  program
    .command('serve')
    .description('run the server in the foreground')
    .option('--data <dir>', 'events, logs and keys live here (BATON_DATA; default: ~/.local/state/baton)')
    .option('--listen <host:port>', 'loopback address to listen on (BATON_LISTEN; default: 127.0.0.1:7350)')
    .option(
      '--repo-root <dir...>',
      'local repositories must lie below one of these (BATON_REPO_ROOTS, separated by :)',
    )
    .option('--log-level <level>', 'fatal, error, warn, info, debug, trace or silent (BATON_LOG_LEVEL)')
    .option(
      '--probe-seconds <n>',
      'between two automatic probes of a runner (BATON_PROBE_SECONDS; default: 60)',
    )
    .option(
      '--recovery-probe-seconds <n>',
      'the same for a runner in quarantine for its failures (BATON_RECOVERY_PROBE_SECONDS; default: 20)',
    )
    .action(async (flags: Flags, command: Command) => {
      const asJson = command.optsWithGlobals<{ json?: boolean }>().json === true;
      const config = readConfig(flags, io.env, io.cwd);
      if (E.isLeft(config)) {
        complain(io, config.left);
        return;
      }
      const started = await startBaton(config.right, logger(config.right.logLevel));
      if (E.isLeft(started)) {
        complain(io, started.left);
        return;
      }
      const { url, firstToken, close } = started.right;
      if (asJson)
        say(
          io,
          JSON.stringify({
            url,
            ...(firstToken === undefined ? {} : { token: firstToken }),
            data: config.right.data,
          }),
        );
      else {
        say(io, `Baton listens on ${url}; its data is in ${config.right.data}.`);
        if (firstToken !== undefined)
          say(
            io,
            `Admin token, shown this once: ${firstToken}\nUse it with: export BATON_TOKEN=${firstToken}`,
          );
      }
      await untilTold(io);
      note(io, 'Stopping; jobs that run go on on their runners and are collected at the next start.');
      await close();
    });
};
