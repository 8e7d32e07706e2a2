/** `baton store serve`: the history of a data folder, for any client of the esdb protocol; `copy` stands beside. */
import { resolve } from 'node:path';
import type { Command } from 'commander';
import * as E from 'fp-ts/lib/Either.js';
import { appError, type AppError } from '../app/errors.js';
import { readConfig, type Flags } from '../config.js';
import { readPassword } from '../config/store.js';
import { serveStore } from '../serve-store.js';
import { complain } from './complain.js';
import { withSettings } from './config.js';
import { note, say, type Io } from './io.js';
import { example } from './options.js';
import { registerCopy } from './store-copy.js';
import { untilTold } from './until-told.js';

type StoreFlags = Flags & { readonly listen: string; readonly user?: string; readonly passwordFile?: string };

const userOf = (
  { user, passwordFile }: StoreFlags,
  cwd: string,
): E.Either<AppError, { readonly name: string; readonly password: string } | undefined> => {
  if (user === undefined && passwordFile === undefined) return E.right(undefined);
  if (user === undefined || passwordFile === undefined)
    return E.left(appError('invalid', 'user', 'Give --user and --password-file together, or neither.'));
  const password = readPassword(resolve(cwd, passwordFile));
  return E.isLeft(password)
    ? E.left(appError('invalid', 'user', 'The password is not usable.', { problems: [password.left] }))
    : E.right({ name: user, password: password.right });
};

export const registerStore = (program: Command, io: Io): void => {
  const store = program.command('store').description('serve the event store to other programs, or copy it');
  registerCopy(store, io);
  withSettings(store.command('serve'), ['data', 'tlsCert', 'tlsKey'])
    .description(
      'serve the events of a data folder, while no server uses it, to clients of the esdb protocol',
    )
    .option('--listen <host:port>', 'address to listen on', '127.0.0.1:2113')
    .option('--user <name>', 'only this user may read and write; needs a certificate')
    .option('--password-file <file>', 'file that holds the password of that user, and nothing else')
    .addHelpText(...example('baton store serve --data /var/lib/baton --listen 127.0.0.1:2113'))
    .action(async (flags: StoreFlags, command: Command) => {
      const config = readConfig(flags, io.env, io.cwd);
      const user = userOf(flags, io.cwd);
      if (E.isLeft(config) || E.isLeft(user)) {
        for (const one of [config, user]) if (E.isLeft(one)) complain(io, one.left);
        return;
      }
      const started = await serveStore(config.right, user.right);
      if (E.isLeft(started)) {
        complain(io, started.left);
        return;
      }
      const { address, close } = started.right;
      const { data } = config.right;
      const asJson = command.optsWithGlobals<{ json?: boolean }>().json === true;
      say(io, asJson ? JSON.stringify({ address, data }) : `The events in ${data} are served at ${address}.`);
      await untilTold(io);
      note(io, 'Stopping.');
      await close();
    });
};
