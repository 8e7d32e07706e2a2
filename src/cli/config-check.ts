/** `baton config check`: what would Baton make of a project's `.delivery/config.json`, and could the enrolled runners run it? */
import type { Command } from 'commander';
import * as E from 'fp-ts/lib/Either.js';
import { dependencyText } from '../domain/dependency.js';
import { parseDispatchConfig, type DispatchConfig, type PhaseConfig } from '../domain/dispatch-config.js';
import { describeFilter } from '../domain/matching.js';
import { nearestMissText } from '../domain/nearest-miss.js';
import { placed } from '../domain/placed.js';
import { phases, stages } from '../domain/stage-plan.js';
import { barredIn, unmatchedIn, type Barred, type Unmatched } from '../domain/unmatched.js';
import type { Clause, Retry, Row, Workspace } from '../events/shapes.js';
import { CONFIG_FILE, keysTwice, readConfig, sentence } from './config-file.js';
import { knownRunners, type Asking } from './config-runners.js';
import { exitCodes } from './exit.js';
import { note, say, type Io } from './io.js';
import { example } from './options.js';
import { duration, json, table } from './print.js';
import { plain } from './terminal.js';

const retryText = ({ attempts, on, delayMs, exitCodes: codes }: Retry): string => {
  const after = `${on.join(' or ')}${codes === undefined ? '' : ` with ${codes.join(' or ')}`}`;
  return `up to ${attempts} tries when ${after}${delayMs === 0 ? '' : `, ${duration(delayMs)} apart`}`;
};

const workspaceText = ({ keep, keepMs, cache, freeBytes }: Workspace): readonly string[] => [
  ...(keep === undefined
    ? []
    : [`workspace kept: ${keep}${keepMs === undefined ? '' : ` for ${duration(keepMs)}`}`]),
  ...(cache === undefined ? [] : [`cache ${cache}`]),
  ...(freeBytes === undefined ? [] : [`${freeBytes / 1_048_576} MiB free`]),
];

const moreText = ({ priority, slots, retry, workspace, reports }: PhaseConfig): string =>
  [
    ...(priority === undefined ? [] : [`priority ${priority}`]),
    ...(slots === undefined ? [] : [`takes ${slots} slots`]),
    ...(retry === undefined ? [] : [retryText(retry)]),
    ...(workspace === undefined ? [] : workspaceText(workspace)),
    ...(reports === undefined ? [] : ['reports']),
  ].join('; ');

const clauseText = (clause: Clause): string =>
  clause.op === 'in' ? `${clause.key} ${clause.values.join(' or ')}` : describeFilter([clause]);

const filterText = ({ filter }: Row): string =>
  filter.length === 0 ? 'any runner' : filter.map(clauseText).join(', ');

const rowOf = (phase: string, config: PhaseConfig): readonly string[] => {
  const { skipped, rows, timeoutMs, secrets, output } = config;
  if (skipped) return [phase, 'skipped', '-', '-', '-', ''];
  return [
    phase,
    rows.map(filterText).join('; '),
    timeoutMs === undefined ? '-' : duration(timeoutMs),
    secrets === undefined ? '-' : secrets.join(', '),
    output === undefined ? 'one' : 'apart',
    moreText(config),
  ];
};

const configText = (config: DispatchConfig): string => {
  const inStages = stages.flatMap((stage) =>
    phases.flatMap((phase) => {
      const own = config.stages[stage]?.[phase];
      return own === undefined ? [] : [rowOf(`${phase} in ${stage}`, own)];
    }),
  );
  const rows = [...phases.map((phase) => rowOf(phase, config.phases[phase])), ...inStages];
  const head = ['PHASE', 'RUNNERS', 'LIMIT', 'SECRETS', 'OUTPUTS'];
  return table(rows.some((row) => row.at(-1) !== '') ? [...head, 'MORE'] : head, rows);
};

const whereText = ({ stage, phase, row }: Omit<Unmatched, 'miss'>): string =>
  `${phase}${stage === undefined ? '' : ` in ${stage}`}${row === '' ? '' : `, row ${row}`}`;

/** `unit in build, row platform=ubuntu: no enrolled runner can match; …`. */
const unmatchedText = (one: Unmatched): string =>
  plain(`${whereText(one)}: no enrolled runner can match; ${nearestMissText(one.miss)}`);

/** `unit: every matching runner breaks a rule of compatibility; The toolchain …`. */
const barredText = (one: Barred): string => {
  const [first = '', ...others] = one.why;
  const more = others.length === 0 ? '' : ` And ${others.length} more.`;
  return plain(`${whereText(one)}: every matching runner breaks a rule of compatibility; ${first}${more}`);
};

/** In whatever stage. */
const isReporting = ({ phases: everywhere, stages: inStages }: DispatchConfig): boolean =>
  [everywhere, ...Object.values(inStages)].some((some) =>
    Object.values(some).some(({ reports }) => reports === true),
  );

const REPORTS_NEED =
  'Jobs can report where the server was started with --public-url; elsewhere they run without.';

const NO_RUNNER = 'No runner is enrolled: nothing can run.';

interface Options extends Asking {
  readonly json?: boolean;
}

const check = async (io: Io, file: string, command: Command): Promise<void> => {
  const options = command.optsWithGlobals<Options>();
  const asJson = options.json === true;
  const content = await readConfig(io, file);
  if (content === undefined) return;
  const parsed = parseDispatchConfig(content);
  if (E.isLeft(parsed)) {
    const { code, reason } = parsed.left;
    const problems = placed(content, parsed.left.problems);
    if (asJson) say(io, json({ file, code, reason, problems }));
    else for (const problem of problems) say(io, plain(sentence(file, problem)));
    io.exit(exitCodes.problems);
    return;
  }
  const config = parsed.right;
  const twice = keysTwice(content);
  for (const { path, line = 1, column = 1 } of twice)
    note(
      io,
      plain(`note: ${file}:${line}:${column}: ${path} stands twice; most readers keep only the last one`),
    );
  const runners = await knownRunners(io, command, options);
  const unmatched = runners === undefined ? [] : unmatchedIn(config, runners);
  const barred = runners === undefined ? [] : barredIn(config, runners);
  if (asJson) {
    const told = unmatched.map((one) => ({ ...one, text: unmatchedText(one) }));
    const kept = barred.map((one) => ({ ...one, text: barredText(one) }));
    const held =
      runners === undefined
        ? {}
        : {
            runners: runners.length,
            unmatched: told,
            ...(kept.length === 0 ? {} : { incompatible: kept }),
          };
    say(io, json({ file, problems: [], ...(twice.length === 0 ? {} : { twice }), ...config, ...held }));
  } else {
    say(io, configText(config));
    const dependencies = config.dependencies.map(dependencyText);
    if (dependencies.length > 0)
      say(io, `\nDepends on ${dependencies.join(', ')}: takes part in their Unions.`);
    if (isReporting(config)) say(io, `\n${REPORTS_NEED}`);
    for (const one of unmatched) say(io, unmatchedText(one));
    for (const one of barred) say(io, barredText(one));
  }
  const isAnyRun =
    phases.some((phase) => !config.phases[phase].skipped) || Object.keys(config.stages).length > 0;
  const isEmpty = runners?.length === 0 && isAnyRun;
  if (isEmpty) note(io, NO_RUNNER);
  if (isEmpty || unmatched.length > 0 || barred.length > 0) io.exit(exitCodes.unmatched);
};

/** Adds `config check`. */
export const registerConfigCheck = (config: Command, io: Io): void => {
  config
    .command('check')
    .argument('[file]', `the file (default: ${CONFIG_FILE})`)
    .option('--server', 'also tell what no enrolled runner can match; so does --url, or BATON_URL')
    .option('--no-server', 'ask no server, even when BATON_URL is set')
    .description("a project's configuration: what each phase asks for, or all that is wrong with it")
    .addHelpText(
      ...example(
        'baton config check .delivery/config.json',
        'baton config check --server --url https://ci.example.org',
      ),
    )
    .action(async (file: string | undefined, _: object, command: Command) => {
      await check(io, file ?? CONFIG_FILE, command);
    });
};
