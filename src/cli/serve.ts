/** `baton serve`: the server in the foreground, until it is told to stop. */
import type { Command } from 'commander';
import * as E from 'fp-ts/lib/Either.js';
import type { AppError } from '../app/errors.js';
import { readConfig, type Flags } from '../config.js';
import { logger, startBaton } from '../main.js';
import { exitCodes } from './exit.js';
import { note, say, type Io } from './io.js';

/** Sentence, problems and hint, for people. */
const complainOnly = (io: Io, error: AppError): void => {
  note(io, `error: ${error.message}`);
  for (const { path, expected, found, mend } of error.problems ?? [])
    note(io, `  ${path}: expected ${expected}, found ${found}${mend === undefined ? '' : ` (${mend})`}`);
  if (error.hint !== undefined) note(io, `hint: ${error.hint}`);
};

/** And ends; exit codes of their own for what is wrong with the store. */
const complain = (io: Io, error: AppError): void => {
  complainOnly(io, error);
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
    .option('--listen <host:port>', 'address to listen on (BATON_LISTEN; default: 127.0.0.1:7350)')
    .option('--tls-cert <file>', 'certificate chain in PEM form; read again on SIGHUP (BATON_TLS_CERT)')
    .option('--tls-key <file>', 'its private key (BATON_TLS_KEY)')
    .option('--insecure-http', 'listen off loopback without TLS (BATON_INSECURE_HTTP=1)')
    .option('--allowed-host <host...>', 'names that are answered to (BATON_ALLOWED_HOSTS, separated by ,)')
    .option('--metrics-public', 'GET /metrics needs no token (BATON_METRICS_PUBLIC=1)')
    .option('--requests-per-second <n>', 'with one token (BATON_REQUESTS_PER_SECOND; default: 200)')
    .option('--request-burst <n>', 'at once after a pause (BATON_REQUEST_BURST; default: 1000)')
    .option('--failure-burst <n>', 'without a token, per address (BATON_FAILURE_BURST; default: 60)')
    .option('--streams-per-token <n>', 'open at once (BATON_STREAMS_PER_TOKEN; default: 50)')
    .option('--header-bytes <n>', 'of one request (BATON_HEADER_BYTES; default: 16384)')
    .option('--request-timeout <s>', 'for the whole request to arrive (BATON_REQUEST_TIMEOUT; default: 30)')
    .option(
      '--repo-root <dir...>',
      'local repositories must lie below one of these (BATON_REPO_ROOTS, separated by :)',
    )
    .option('--log-level <level>', 'fatal, error, warn, info, debug, trace or silent (BATON_LOG_LEVEL)')
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
      const { url, firstToken, reload, close } = started.right;
      const onHangUp = () => void reload().then((done) => E.isLeft(done) && complainOnly(io, done.left));
      // without a certificate the signal ends the server, as a closed terminal should
      if (config.right.http.tls !== undefined) process.on('SIGHUP', onHangUp);
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
      process.removeListener('SIGHUP', onHangUp);
      note(io, 'Stopping; jobs that run go on on their runners and are collected at the next start.');
      await close();
    });
};
