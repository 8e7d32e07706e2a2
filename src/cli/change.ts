/** `baton change …`: handing in a change, and how far each has come. */
import { resolve } from 'node:path';
import type { Command } from 'commander';
import * as E from 'fp-ts/lib/Either.js';
import type { ChangeView, SubmitChange } from '../app/use-cases.js';
import { asOf, atOption } from './as-of.js';
import { branchOf, isRemote, topOf } from './git.js';
import { note, type Io } from './io.js';
import { fail, fields, json, short, table } from './print.js';
import { sessionOf, usage } from './session.js';
import { plain } from './terminal.js';
import { waitForChange } from './wait.js';

interface SubmitOptions {
  readonly repo?: string;
  readonly branch?: string;
  readonly target: string;
  readonly project?: string;
  readonly wait?: boolean;
}

const stageText = (change: ChangeView): string =>
  change.stages.map(({ stage, status }) => `${stage} ${status}`).join(', ') || 'no stage yet';

const listText = (changes: readonly ChangeView[]): string =>
  changes.length === 0
    ? 'No changes.'
    : table(
        ['CHANGE', 'PROJECT', 'BRANCH', 'PATCHSET', 'STAGES', 'TITLE'],
        changes.map((change) => [
          short(change.id),
          change.project,
          `${change.branch} -> ${change.pipeline}`,
          String(change.patchset),
          stageText(change),
          change.title,
        ]),
      );

const showText = (change: ChangeView): string => {
  const head = fields([
    ['change', change.id],
    ['title', change.title],
    ['project', change.project],
    ['branch', `${change.branch} -> ${change.pipeline}`],
    ['patchset', `${change.patchset} at ${change.sha}`],
  ]);
  const rows = change.stages.flatMap(({ stage, phases }) =>
    phases.map(({ phase, status, jobs }) => [stage, phase, status, jobs.map(short).join(', ')]),
  );
  return rows.length === 0 ? head : `${head}\n\n${table(['STAGE', 'PHASE', 'STATUS', 'JOBS'], rows)}`;
};

/** The request, from what was given and from the folder of the caller; a sentence when something is missing. */
const requestOf = async (io: Io, options: SubmitOptions): Promise<SubmitChange | string> => {
  const given = options.repo;
  const remote = given !== undefined && isRemote(given);
  const folder = resolve(io.cwd, given ?? '.');
  const repository = remote ? given : await topOf(folder, io.env);
  if (repository === undefined) return `${folder} is not a git repository; give --repo`;
  const branch = options.branch ?? (remote ? undefined : await branchOf(folder, io.env));
  if (branch === undefined) {
    return remote ? 'a remote repository needs --branch' : 'no branch is checked out here; give --branch';
  }
  return {
    repository,
    branch,
    target: options.target,
    ...(options.project === undefined ? {} : { project: options.project }),
  };
};

const submit = async (io: Io, options: SubmitOptions, command: Command): Promise<void> => {
  const session = sessionOf(io, command);
  if (session === undefined) return;
  const request = await requestOf(io, options);
  if (typeof request === 'string') {
    usage(io, plain(request));
    return;
  }
  const got = await session.client.submitChange(request);
  if (options.wait !== true || E.isLeft(got)) {
    session.answer(
      got,
      (change) =>
        `Change ${plain(short(change.id))} (${plain(change.title)}), patchset ${change.patchset}: ${plain(stageText(change))}.`,
    );
    return;
  }
  if (!session.asJson) note(io, `Change ${plain(short(got.right.id))}: ${plain(got.right.title)}`);
  const end = await waitForChange(io, session.client, got.right, !session.asJson);
  if (end === undefined) return;
  if (E.isLeft(end)) {
    fail(io, session.asJson, end.left);
    return;
  }
  io.exit(end.right.exitCode);
  if (session.asJson) session.answer(E.right(end.right.change), () => json(end.right.change));
  else note(io, plain(`Change ${short(end.right.change.id)}: ${stageText(end.right.change)}`));
};

/** Adds `change` with its commands. */
export const registerChange = (program: Command, io: Io): void => {
  const change = program.command('change').description('changes on their way through a pipeline');
  change
    .command('submit')
    .description('hand in a branch; its verify stage starts')
    .option('--repo <path-or-url>', 'repository (default: the one of the current folder)')
    .option('--branch <branch>', 'branch to hand in (default: the one checked out)')
    .option('--target <branch>', 'branch to merge into, and name of the pipeline', 'master')
    .option('--project <name>', 'project (default: named after the repository)')
    .option('--wait', 'follow the logs, and exit with 0, 6, 7, 8, 9 or 10, as it ended')
    .action((options: SubmitOptions, command: Command) => submit(io, options, command));
  change
    .command('list')
    .description('all changes')
    .option(...atOption)
    .action(async ({ at }: { at?: string }, command: Command) => {
      const session = sessionOf(io, command);
      if (session === undefined) return;
      session.answer(await session.client.listChanges(at), (answer) => {
        asOf(io, answer);
        return listText(answer.items);
      });
    });
  change
    .command('show')
    .description('one change with its stages and phases')
    .argument('<id>', 'id, or its first characters')
    .option(...atOption)
    .action(async (id: string, { at }: { at?: string }, command: Command) => {
      const session = sessionOf(io, command);
      if (session === undefined) return;
      session.answer(await session.client.showChange(id, at), (view) => {
        asOf(io, view);
        return showText(view);
      });
    });
};
