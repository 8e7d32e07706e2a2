/** `baton secret …`: what jobs may be given. A value is read from stdin or a file, never from the command line. */
import type { Command } from 'commander';
import type { SecretView } from '../app/use-cases.js';
import type { Io } from './io.js';
import { example } from './options.js';
import { age, table } from './print.js';
import { readText, withoutLineEnd } from './read-text.js';
import { registerRekey } from './rekey.js';
import { sessionOf, usage } from './session.js';
import { plain } from './terminal.js';

const listText = (io: Io, secrets: readonly SecretView[]): string =>
  secrets.length === 0
    ? 'No secret yet; store one with `baton secret set REF < FILE`.'
    : table(
        ['SECRET', 'SET', 'BY', 'REASON'],
        secrets.map(({ ref, setAt, setBy, reason = '' }) => [ref, age(setAt, io.now()), setBy, reason]),
      );

interface SetOptions {
  readonly file?: string;
  readonly keepNewline?: true;
  readonly reason?: string;
}

const set = async (io: Io, ref: string, options: SetOptions, command: Command): Promise<void> => {
  const session = sessionOf(io, command);
  if (session === undefined) return;
  const text = await readText(io, options.file);
  if (text === undefined) {
    usage(io, 'the file of --file cannot be read');
    return;
  }
  const value = options.keepNewline === true ? text : withoutLineEnd(text);
  session.answer(
    await session.client.setSecret(ref, value, options.reason),
    (view) => `Secret ${plain(view.ref)} is set; a phase names it by its last part.`,
  );
};

/** Adds `secret` with its commands. */
export const registerSecret = (program: Command, io: Io): void => {
  const secret = program.command('secret').description('values that jobs are given and nobody is shown');
  secret
    .command('set')
    .description('store a value, read from stdin or a file, in place of the one before')
    .argument('<ref>', 'ENTERPRISE[/ORGANISATION[/PROJECT]]/NAME')
    .option('--file <file>', 'read the value from here')
    .option('--keep-newline', 'the line end at the end of the value belongs to it')
    .option('--reason <reason>', 'kept in the history')
    .addHelpText(...example('baton secret set default/default/web-shop/DEPLOY_TOKEN --file token.txt'))
    .action((ref: string, options: SetOptions, command: Command) => set(io, ref, options, command));
  secret
    .command('list')
    .description('which secrets there are, and who set them when; never a value')
    .addHelpText(...example('baton secret list --json'))
    .action(async (_options: unknown, command: Command) => {
      const session = sessionOf(io, command);
      if (session === undefined) return;
      session.answer(await session.client.listSecrets(), ({ items }) => listText(io, items));
    });
  secret
    .command('remove')
    .description('forget a secret; jobs that run keep what they were given')
    .argument('<ref>', 'as `baton secret list` shows it')
    .option('--reason <reason>', 'kept in the history')
    .addHelpText(...example('baton secret remove default/default/web-shop/DEPLOY_TOKEN'))
    .action(async (ref: string, options: { readonly reason?: string }, command: Command) => {
      const session = sessionOf(io, command);
      if (session === undefined) return;
      session.answer(
        await session.client.removeSecret(ref, options.reason),
        (gone) => `Secret ${plain(gone.ref)} is removed.`,
      );
    });
  registerRekey(secret, io);
};
