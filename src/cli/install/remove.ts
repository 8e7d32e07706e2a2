/** The options of `--uninstall`, checked as a whole. */
import type { Command } from 'commander';
import type { Io } from '../io.js';
import type { RunnerActBody } from '../client.js';
import { sessionOf } from '../session.js';
import { openMachine } from '../../install/open-machine.js';
import { tellProblems } from './command.js';
import { uninstall } from './uninstall.js';
import { loginOf, loginProblems, placeProblems, type LoginOptions } from './wish.js';

export interface UninstallOptions extends LoginOptions, Pick<RunnerActBody, 'reason' | 'cancelJobs'> {
  readonly wait?: boolean | undefined;
  readonly as?: string | undefined;
  readonly host?: string | undefined;
  readonly port?: number | undefined;
  readonly anyOwner?: true | undefined;
  readonly yes?: true | undefined;
}

/** `problems`: those that were seen already. */
export const uninstallRunner = async (
  io: Io,
  name: string,
  options: UninstallOptions,
  command: Command,
  problems: readonly string[],
): Promise<void> => {
  const atHand = { agent: io.env['SSH_AUTH_SOCK'], canAsk: io.person !== undefined };
  const { as: admin, host, port, reason, cancelJobs, wait, anyOwner, yes } = options;
  const all = [
    ...problems,
    ...(admin === undefined ? ['--uninstall logs in to the machine: say with --as USER as whom'] : []),
    ...placeProblems({
      ...(admin === undefined ? {} : { user: [admin, '--as'] }),
      ...(host === undefined ? {} : { host: [host, '--host'] }),
      ...(port === undefined ? {} : { port: [port, '--port'] }),
    }),
    ...loginProblems(options, atHand),
  ];
  if (all.length > 0 || admin === undefined) {
    tellProblems(io, command, all);
    return;
  }
  const session = sessionOf(io, command);
  if (session === undefined) return;
  const wish = {
    ...{ name, admin, login: loginOf(options, atHand) },
    ...{
      cancelJobs: cancelJobs === true,
      wait: wait === true,
      anyOwner: anyOwner === true,
      yes: yes === true,
    },
    ...(host === undefined ? {} : { host }),
    ...(port === undefined ? {} : { port }),
    ...(reason === undefined ? {} : { reason }),
  };
  await uninstall(io, session, wish, openMachine);
};
