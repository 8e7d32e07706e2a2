/** `baton secret rekey`: seals every secret with another operator key, while no server runs. */
import { resolve } from 'node:path';
import type { Command } from 'commander';
import * as E from 'fp-ts/lib/Either.js';
import { readConfig, type Flags } from '../config.js';
import { complain } from './complain.js';
import { withSettings } from './config.js';
import { say, type Io } from './io.js';
import { example } from './options.js';
import { json } from './print.js';

/** Adds `rekey` below `secret`. */
export const registerRekey = (secret: Command, io: Io): void => {
  withSettings(secret.command('rekey'), ['data', 'keyFile'])
    .description('seal every secret with another operator key; only while the server is stopped')
    .requiredOption('--new-key-file <file>', 'key to seal with from now on; made when there is no such file')
    .addHelpText(
      ...example(
        'baton secret rekey --data /var/lib/baton --key-file /etc/baton/old.key --new-key-file /etc/baton/new.key',
      ),
    )
    .action(async (flags: Flags & { readonly newKeyFile: string }, command: Command) => {
      const config = readConfig(flags, io.env, io.cwd);
      if (E.isLeft(config)) {
        complain(io, config.left);
        return;
      }
      // carries the whole server: loaded only when it is asked for
      const { rekeySecrets } = await import('../main.js');
      const newKeyFile = resolve(io.cwd, flags.newKeyFile);
      const done = await rekeySecrets(config.right, newKeyFile);
      if (E.isLeft(done)) {
        complain(io, done.left);
        return;
      }
      const { resealed, before } = done.right;
      if (command.optsWithGlobals<{ json?: boolean }>().json === true) {
        say(io, json({ ...done.right, newKeyFile }));
        return;
      }
      say(
        io,
        `${resealed + before} secrets are sealed with ${newKeyFile} now, ${resealed} of them by this run.`,
      );
      say(io, `Start the server with --key-file ${newKeyFile}; then destroy ${config.right.keyFile}.`);
    });
};
