/** `baton config check`: what would Baton make of a project's `.delivery/config.json`? Needs no server. */
import { createReadStream } from 'node:fs';
import { resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import type { Command } from 'commander';
import * as E from 'fp-ts/lib/Either.js';
import { dependencyText } from '../domain/dependency.js';
import { MAX_CONFIG_CHARACTERS, parseDispatchConfig, type PhaseConfig } from '../domain/dispatch-config.js';
import { parseJson, placeIn, type Place } from '../domain/json-text.js';
import type { Problem } from '../domain/problem.js';
import { phases } from '../domain/stage-plan.js';
import { exitCodes } from './exit.js';
import { note, say, type Io } from './io.js';
import { example } from './options.js';
import { duration, json, table } from './print.js';

const FILE = '.delivery/config.json';
/** A character has at most 4 bytes; what is larger is too long whatever it holds. */
const MOST_BYTES = 4 * MAX_CONFIG_CHARACTERS + 1;

/** Never more of it than can be used, whatever the file is: a pipe, too, which gives it piece by piece. */
const readText = (file: string): Promise<string> =>
  text(createReadStream(file, { end: MOST_BYTES - 1, encoding: 'utf8' }));

type Placed = Problem & Partial<Place>;

const placed = (content: string, problems: readonly Problem[]): readonly Placed[] => {
  const parsed = parseJson(content);
  const places = E.isRight(parsed) ? parsed.right.places : new Map<string, Place>();
  return problems.map((problem) => ({
    ...problem,
    ...(problem.path === '' ? {} : (places.get(problem.path) ?? placeIn(problem.path))),
  }));
};

const sentence = (file: string, { path, expected, found, mend, line, column }: Placed): string => {
  const where = line === undefined ? file : `${file}:${String(line)}:${String(column)}`;
  const what = path === '' || placeIn(path) !== undefined ? '' : `${path}: `;
  return `${where}: ${what}expected ${expected}, found ${found}${mend === undefined ? '' : ` (${mend})`}`;
};

const filterText = ({ filter }: PhaseConfig['rows'][number]): string =>
  filter.length === 0
    ? 'any runner'
    : filter.map(({ key, values }) => `${key} ${values.join(' or ')}`).join(', ');

const rowOf = (phase: string, { skipped, rows, timeoutMs, secrets, output }: PhaseConfig) => [
  phase,
  ...(skipped
    ? ['skipped', '-', '-', '-']
    : [
        rows.map(filterText).join('; '),
        timeoutMs === undefined ? '-' : duration(timeoutMs),
        secrets === undefined ? '-' : secrets.join(', '),
        output === undefined ? 'one' : 'apart',
      ]),
];

const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';

const check = async (io: Io, file: string, asJson: boolean): Promise<void> => {
  const content = await readText(resolve(io.cwd, file)).catch((error: unknown) => {
    note(io, `error: ${file} cannot be read: ${codeOf(error)}`);
    note(io, `hint: name the file, or run this where ${FILE} is`);
    io.exit(exitCodes.error);
    return undefined;
  });
  if (content === undefined) return;
  const parsed = parseDispatchConfig(content);
  if (E.isRight(parsed)) {
    const { dependencies } = parsed.right;
    const found = phases.map((phase) => rowOf(phase, parsed.right.phases[phase]));
    say(
      io,
      asJson
        ? json({ file, problems: [], phases: parsed.right.phases, dependencies })
        : table(['PHASE', 'RUNNERS', 'LIMIT', 'SECRETS', 'OUTPUTS'], found),
    );
    if (!asJson && dependencies.length > 0)
      say(io, `\nDepends on ${dependencies.map(dependencyText).join(', ')}: takes part in their Unions.`);
    return;
  }
  const { code, reason } = parsed.left;
  const problems = placed(content, parsed.left.problems);
  if (asJson) say(io, json({ file, code, reason, problems }));
  else for (const problem of problems) say(io, sentence(file, problem));
  io.exit(exitCodes.problems);
};

/** Adds `config check`. */
export const registerConfigCheck = (config: Command, io: Io): void => {
  config
    .command('check')
    .argument('[file]', `the file (default: ${FILE})`)
    .description("a project's configuration: what each phase asks for, or all that is wrong with it")
    .addHelpText(...example('baton config check .delivery/config.json'))
    .action(async (file: string | undefined, _: object, command: Command) => {
      await check(io, file ?? FILE, command.optsWithGlobals<{ json?: boolean }>().json === true);
    });
};
