/** `baton install-runner`, also called `baton runner install`: its options and its help. What it does is loaded when it is asked for. */
import { Option, type Command } from 'commander';
import * as E from 'fp-ts/lib/Either.js';
import { exitCodes } from '../exit.js';
import { note, type Io } from '../io.js';
import { collect, example, whole } from '../options.js';
import { sessionOf } from '../session.js';
import { plain } from '../terminal.js';
import type { InstallOptions } from './wish.js';

/** How whoever installs logs in; shared with `delete-runner --uninstall`. */
export const withLogin = (command: Command): Command =>
  command
    .option('-i, --ssh-identity-file <file>', 'private key to log in with; its passphrase is asked for')
    .option(
      '-P, --password [pw]',
      'ask for a password without showing it: for the login, or with -i for sudo alone; a value is refused',
    )
    .option('--password-file <file>', 'read that password from a file; -: from the standard input')
    .addHelpText(
      'after',
      '\nThe password goes to the machine alone, never to the server. Without -i and -P an ssh-agent is asked (SSH_AUTH_SOCK).',
    );

/** Every problem at once, on stderr; exit code 64. */
export const tellProblems = (io: Io, command: Command, problems: readonly string[]): void => {
  for (const problem of problems) note(io, `baton: ${plain(problem)}`);
  note(io, `See \`baton ${command.parent?.name() === 'runner' ? 'runner ' : ''}${command.name()} --help\`.`);
  io.exit(exitCodes.usage);
};

const run = async (
  io: Io,
  host: string,
  admin: string,
  options: InstallOptions,
  command: Command,
): Promise<void> => {
  const { wishOf } = await import('./wish.js');
  const wish = wishOf(host, admin, options, {
    agent: io.env['SSH_AUTH_SOCK'],
    canAsk: io.person !== undefined,
  });
  if (E.isLeft(wish)) {
    tellProblems(io, command, wish.left);
    return;
  }
  const session = sessionOf(io, command);
  if (session === undefined) return;
  const [{ install }, { openMachine }] = await Promise.all([
    import('./run.js'),
    import('../../install/open-machine.js'),
  ]);
  await install(io, session, wish.right, openMachine);
};

/** `called`: how it is called in its examples. */
export const installCommand = (command: Command, io: Io, called: string): void => {
  withLogin(
    command
      .description('make a fresh machine a runner: account, key, packages, certificates, and a first job')
      .argument('<host>', 'host name or IP address')
      .argument('<user>', 'who logs in there to install: root, or an account that may use sudo'),
  )
    .option('-p, --port <port>', 'port of its SSH server, for the jobs as well (default: 22)', whole)
    .option('--host-key <fingerprint>', 'its host key, SHA256:... (default: shown, and asked)')
    .option('-y, --yes', 'ask nothing before it is done; a host key is accepted by no default')
    .option('--name <name>', 'how the runner is called here (default: HOST)')
    .option('--server-host <addr>', 'host name or address by which the server reaches it (default: HOST)')
    .option('--slots <n>', 'jobs at the same time (default: 1)', whole)
    .option('--label <label>', 'label to match on; may be repeated', collect)
    .option(
      '-e, --enterprise <name>',
      'take jobs of this enterprise only; may be repeated (default: of all)',
      collect,
    )
    .option('--runner-user <name>', 'account that jobs run as; it is made', 'job_runner')
    .option('--isolate', 'an account of its own for each slot')
    .option('--sudo [commands]', 'what jobs may do as root: everything, or these absolute paths with commas')
    .option('--trusted-cert <file>', 'certificates that the machine is to trust; may be repeated', collect)
    .option('--fips-custom-cert-filename <file>', 'chain of certificates for FIPS')
    .option('--toolchain <name>', "toolchain of the server's configuration to install")
    .option('--no-toolchain', 'install none (default: those that the configuration installs)')
    .option('-v, --chefdk-version <version>', 'version of the toolchain')
    .option('-I, --installer <file>', 'install this package, .deb or .rpm, instead')
    .addOption(new Option('--full-ohai').hideHelp())
    .addHelpText(
      ...example(
        `baton ${called} build-07.example.org admin -P`,
        `baton ${called} build-07.example.org root -i ~/.ssh/id_ed25519 --slots 4 --isolate --label gpu`,
        `baton ${called} 192.0.2.7 admin -i key --password-file - --host-key SHA256:ejz3lKUvQ+9QG6gyBBrEJz3tM1nYhZ8xQ2sO0aV4pXc -y`,
      ),
    )
    .action((host: string, admin: string, options: InstallOptions, self: Command) =>
      run(io, host, admin, options, self),
    );
};
