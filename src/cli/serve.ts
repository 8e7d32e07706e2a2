/** `baton serve`: the server in the foreground, until it is told to stop. */
import type { Command } from 'commander';
import * as E from 'fp-ts/lib/Either.js';
import { readConfig, type Flags } from '../config.js';
import { logger, startBaton } from '../main.js';
import { complain, complainOnly } from './complain.js';
import { allSettings, withSettings } from './config.js';
import { note, say, type Io } from './io.js';
import { example } from './options.js';
import { untilTold } from './until-told.js';

export const registerServe = (program: Command, io: Io): void => {
  withSettings(program.command('serve'), allSettings)
    .description('run the server in the foreground')
    .option('--take-over', 'drive the runners in place of another Baton at the same store, without waiting')
    .addHelpText(...example('baton serve --config /etc/baton/baton.toml'))
    .action(async (flags: Flags, command: Command) => {
      const asJson = command.optsWithGlobals<{ json?: boolean }>().json === true;
      const config = readConfig(flags, io.env, io.cwd);
      if (E.isLeft(config)) {
        complain(io, config.left);
        return;
      }
      const started = await startBaton(config.right, logger(config.right.logLevel), {
        takeOver: flags['takeOver'] === true,
      });
      if (E.isLeft(started)) {
        complain(io, started.left);
        return;
      }
      const { url, pages, firstToken, reload, lost, close } = started.right;
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
            [
              `Admin token, shown this once: ${firstToken}`,
              `Use it with: export BATON_TOKEN=${firstToken}`,
              ...(pages === undefined ? [] : [`Or log in with it in a browser: ${pages}/`]),
            ].join('\n'),
          );
      }
      const loss = await Promise.race([untilTold(io), lost]);
      process.removeListener('SIGHUP', onHangUp);
      if (loss !== undefined) complain(io, loss);
      note(io, 'Stopping; jobs that run go on on their runners and are collected at the next start.');
      await close();
    });
};
