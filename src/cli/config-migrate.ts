/** `baton config migrate`: a project's configuration for Push Jobs, written anew for runners. Needs no server. */
import { realpath, stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Command } from 'commander';
import * as E from 'fp-ts/lib/Either.js';
import { writeAtomically } from '../app/write-atomically.js';
import { migrateConfig, type Migrated, type Remark } from '../domain/migrate-config.js';
import { placed } from '../domain/placed.js';
import { CONFIG_FILE, codeOf, readConfig, sentence } from './config-file.js';
import { exitCodes } from './exit.js';
import { note, say, type Io } from './io.js';
import { example } from './options.js';
import { json, safeJson } from './print.js';
import { plain } from './terminal.js';

const remarkText = ({ about, text }: Remark): string => plain(about === '' ? text : `${about}: ${text}`);

/** The old text or the new one, whatever happens; what a link points to, not the link. True when it is written. */
const replace = async (io: Io, file: string, text: string): Promise<boolean> => {
  try {
    const target = await realpath(resolve(io.cwd, file));
    const found = await stat(target);
    if (!found.isFile()) throw Object.assign(new Error(), { code: 'it is no file' });
    await writeAtomically(target, text, found.mode & 0o777);
    return true;
  } catch (error) {
    note(io, `error: ${file} cannot be written: ${codeOf(error)}`);
    note(io, 'hint: leave --write out, and put what is printed where it belongs');
    io.exit(exitCodes.error);
    return false;
  }
};

interface Options {
  readonly json?: boolean;
  readonly write?: boolean;
}

const tell = (io: Io, file: string, { text, remarks, complete }: Migrated, options: Options): void => {
  const { write = false } = options;
  if (options.json === true) {
    say(io, json({ file, written: write, complete, remarks, config: text }));
    return;
  }
  for (const remark of remarks) note(io, remarkText(remark));
  if (write) note(io, `${file} is written; baton config check reads it`);
  else io.stdout.write(safeJson(text));
};

const migrate = async (io: Io, file: string, options: Options): Promise<void> => {
  const content = await readConfig(io, file);
  if (content === undefined) return;
  const migrated = migrateConfig(content);
  if (E.isLeft(migrated)) {
    const problems = placed(content, migrated.left);
    if (options.json === true) say(io, json({ file, problems }));
    else for (const problem of problems) note(io, plain(sentence(file, problem)));
    io.exit(exitCodes.problems);
    return;
  }
  if (options.write === true && !(await replace(io, file, migrated.right.text))) return;
  tell(io, file, migrated.right, options);
};

/** Adds `config migrate`. */
export const registerConfigMigrate = (config: Command, io: Io): void => {
  config
    .command('migrate')
    .argument('[file]', `the file (default: ${CONFIG_FILE})`)
    .option('--write', 'write the file instead of printing it')
    .description("a project's configuration for Push Jobs (build_nodes), written anew for runners")
    .addHelpText(...example('baton config migrate .delivery/config.json', 'baton config migrate --write'))
    .action(async (file: string | undefined, _: object, command: Command) => {
      await migrate(io, file ?? CONFIG_FILE, command.optsWithGlobals<Options>());
    });
};
