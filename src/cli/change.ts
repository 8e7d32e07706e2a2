/** `baton change …`: handing in a change, leading it through the pipeline, and how far each has come. */
import { resolve } from 'node:path';
import type { Command } from 'commander';
import type { SubmitChange } from '../app/use-cases.js';
import { asOf, atOption } from './as-of.js';
import { answerOrWait, registerChangeDeeds, WAIT } from './change-deeds.js';
import { listText, showText } from './change-text.js';
import type { ChangesQuery } from './client.js';
import { branchOf, isRemote, topOf } from './git.js';
import type { Io } from './io.js';
import { example } from './options.js';
import { short } from './print.js';
import { noteMore, pages, withPages, type PageOptions } from './paging.js';
import { sessionOf, usage } from './session.js';
import { plain } from './terminal.js';

interface SubmitOptions {
  readonly repo?: string;
  readonly branch?: string;
  readonly target: string;
  readonly project?: string;
  readonly organisation?: string;
  readonly enterprise?: string;
  readonly wait?: boolean;
}

/** The request, from what was given and from the folder of the caller; a sentence when something is missing. */
const requestOf = async (io: Io, options: SubmitOptions): Promise<SubmitChange | string> => {
  const given = options.repo;
  const remote = given !== undefined && isRemote(given);
  const folder = resolve(io.cwd, given ?? '.');
  const repository = remote ? given : await topOf(folder, io.env);
  if (repository === undefined)
    return `${folder} is not a git repository${given === undefined ? '; give --repo' : ''}`;
  const branch = options.branch ?? (remote ? undefined : await branchOf(folder, io.env));
  if (branch === undefined) {
    return remote ? 'a remote repository needs --branch' : 'no branch is checked out here; give --branch';
  }
  return {
    repository,
    branch,
    target: options.target,
    ...(options.project === undefined ? {} : { project: options.project }),
    ...(options.organisation === undefined ? {} : { organisation: options.organisation }),
    ...(options.enterprise === undefined ? {} : { enterprise: options.enterprise }),
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
  await answerOrWait(io, session, got, options.wait === true, ({ id }) => [
    `  baton change show ${plain(short(id))}`,
    `  ${session.url}/api/v1/changes/${encodeURIComponent(id)}`,
  ]);
};

/** Adds `change` with its commands. */
export const registerChange = (program: Command, io: Io): void => {
  const change = program.command('change').description('changes on their way through a pipeline');
  change
    .command('submit')
    .description('hand in a branch; its verify stage starts, and where the change is found is printed')
    .option('--repo <path-or-url>', 'repository (default: the one of the current folder)')
    .option('--branch <branch>', 'branch to hand in (default: the one checked out)')
    .option('--target <branch>', 'branch to merge into, and name of the pipeline', 'master')
    .option('--project <name>', 'project (default: named after the repository)')
    .option('--organisation <name>', 'whose project it is (default: default)')
    .option('--enterprise <name>', 'whose organisation that is (default: default)')
    .option('--wait', WAIT)
    .addHelpText(...example('baton change submit --branch feature/login --target main'))
    .action((options: SubmitOptions, command: Command) => submit(io, options, command));
  const list = change
    .command('list')
    .description('changes, newest first')
    .option('--status <status>', 'only those in this status, e.g. open or merged')
    .option('--project <name>', 'only those of this project');
  withPages(list, 1000)
    .option(...atOption)
    .addHelpText(...example('baton change list --status open --project web-shop'))
    .action(async ({ status, project, ...options }: ChangesQuery & PageOptions, command: Command) => {
      const session = sessionOf(io, command);
      if (session === undefined) return;
      const filter = {
        ...(status === undefined ? {} : { status }),
        ...(project === undefined ? {} : { project }),
      };
      const got = await pages((paging) => session.client.listChanges({ ...filter, ...paging }), options);
      const answered = session.answer(got, (answer) => {
        asOf(io, answer);
        return listText(answer.items);
      });
      if (answered && !session.asJson) noteMore(io, got.right);
    });
  change
    .command('show')
    .description('one change with its stages and phases, and what can be done next')
    .argument('<id>', 'id, or its first characters')
    .option(...atOption)
    .addHelpText(...example('baton change show 4c1d9e02'))
    .action(async (id: string, { at }: { at?: string }, command: Command) => {
      const session = sessionOf(io, command);
      if (session === undefined) return;
      session.answer(await session.client.showChange(id, at), (view) => showText(asOf(io, view), view));
    });
  registerChangeDeeds(change, io);
};
