/** `baton config explain`: what would the server be told, and by whom? Needs no server. */
import { Option, type Command } from 'commander';
import * as E from 'fp-ts/lib/Either.js';
import { explainConfig, type Flags } from '../config.js';
import { settings } from '../config/settings.js';
import { registerConfigCheck } from './config-check.js';
import { registerConfigMigrate } from './config-migrate.js';
import { complain } from './complain.js';
import { say, type Io } from './io.js';
import { example } from './options.js';
import { json, table } from './print.js';

/** Gives a command the options of these settings, each with its meaning, variable and default. */
export const withSettings = (command: Command, names: readonly (keyof typeof settings)[]): Command => {
  command.option('--config <file>', 'settings in TOML, or JSON when it ends in .json (BATON_CONFIG)');
  for (const name of names) {
    const { flag, takes = '', env, defaultText, meaning } = settings[name];
    // without its opposite, a flag that switches off would count as given
    if (flag.startsWith('--no-')) command.addOption(new Option(flag.replace('--no-', '--')).hideHelp());
    command.option(`${flag} ${takes}`.trim(), `${meaning} (${env}; default: ${defaultText})`);
  }
  return command;
};

/** All of them, in the order of the table. */
export const allSettings = Object.keys(settings) as readonly (keyof typeof settings)[];

/** Adds `config` with its commands. */
export const registerConfig = (program: Command, io: Io): void => {
  const config = program.command('config').description('settings of the server, and the file of a project');
  registerConfigCheck(config, io);
  registerConfigMigrate(config, io);
  withSettings(config.command('explain'), allSettings)
    .description('every setting: its value, where that comes from, and what it means')
    .addHelpText(...example('baton config explain --config /etc/baton/baton.toml'))
    .action((flags: Flags, command: Command) => {
      const explained = explainConfig(flags, io.env, io.cwd);
      if (E.isLeft(explained)) {
        complain(io, explained.left);
        return;
      }
      const asJson = command.optsWithGlobals<{ json?: boolean }>().json === true;
      const rows = explained.right.map(({ name, value, source, meaning }) => [name, value, source, meaning]);
      say(io, asJson ? json(explained.right) : table(['NAME', 'VALUE', 'SOURCE', 'MEANING'], rows));
    });
};
