/** `baton runner …`: which machines there are, whether they can be used, adding one and testing it. */
import { userInfo } from 'node:os';
import { Option, type Command } from 'commander';
import type { RunnerTested } from '../app/use-cases.js';
import { asOf, atOption } from './as-of.js';
import type { NewRunner } from './client.js';
import { exitCodes } from './exit.js';
import { identityOf } from './identity.js';
import { installCommand } from './install/command.js';
import { note, type Io } from './io.js';
import { collect, example, whole } from './options.js';
import { progressOn } from './progress.js';
import { registerRunnerCommands } from './runner-commands.js';
import { keyFilesOf, listText, showText } from './runner-text.js';
import { sessionOf, usage } from './session.js';
import { plain } from './terminal.js';

const testText = ({ code, sentence, fingerprint, hop, runner }: RunnerTested): string => {
  if (fingerprint === undefined) return plain(sentence);
  const [name, key] = [plain(runner.name), plain(fingerprint)];
  const isNew = code === 'host_key_unknown';
  const command = isNew
    ? `baton runner test ${name} --accept-${hop === 'jump' ? 'jump-' : ''}host-key ${key}`
    : `baton runner trust ${name}${hop === 'jump' ? ' --jump' : ''} --fingerprint ${key}`;
  return `${plain(sentence)}\nIf ${key} is the key of this machine, ${isNew ? 'accept' : 'trust'} it:\n  ${command}`;
};

/** As ssh(1) does: the same name there as here. */
const ownName = (): string | undefined => {
  try {
    return userInfo().username;
  } catch {
    // a user id without an entry in passwd(5)
    return undefined;
  }
};

interface AddOptions {
  readonly host: string;
  readonly port: number;
  readonly user?: string;
  readonly identity?: string;
  readonly hostKey?: string;
  readonly slots: number;
  readonly label?: readonly string[];
  readonly enterprise?: readonly string[];
  readonly base?: string;
  readonly trial?: boolean;
  readonly isolate?: boolean;
  readonly auth?: 'key' | 'agent';
  readonly jump?: string;
  readonly jumpHostKey?: string;
}

const add = async (io: Io, name: string, options: AddOptions, command: Command): Promise<void> => {
  const session = sessionOf(io, command);
  if (session === undefined) return;
  const user = options.user ?? ownName();
  if (user === undefined) {
    usage(io, 'you have no user name here; give --user');
    return;
  }
  const identity = await identityOf(io, options.identity);
  if (identity === undefined) return;
  const { auth, jump, jumpHostKey, hostKey, base, label = [], enterprise = [] } = options;
  const request: NewRunner = {
    name,
    host: options.host,
    port: options.port,
    user,
    slots: options.slots,
    labels: label,
    ...(enterprise.length === 0 ? {} : { enterprises: enterprise }),
    ...identity,
    ...(hostKey === undefined ? {} : { hostKey }),
    ...(base === undefined ? {} : { base }),
    ...(options.trial === true ? { trial: true } : {}),
    ...(options.isolate === true ? { isolated: true } : {}),
    ...(auth === undefined ? {} : { auth }),
    ...(jump === undefined ? {} : { jump }),
    ...(jumpHostKey === undefined ? {} : { jumpHostKey }),
  };
  session.answer(await session.client.addRunner(request), ({ runner, publicKey }) =>
    [
      ...(publicKey === undefined
        ? [`Runner ${plain(runner.name)} added. The server's ssh-agent lets Baton in.`]
        : [
            `Runner ${plain(runner.name)} added. It may log in with this key; put the line into ${keyFilesOf(runner)} on ${plain(runner.host)}${runner.jump === undefined ? '' : ` and at the jump host ${plain(runner.jump)}`}:`,
            plain(publicKey),
          ]),
      `Then test it: baton runner test ${plain(runner.name)}`,
      ...(options.trial === true
        ? [`It takes jobs once it is proved: baton runner prove ${plain(runner.name)}`]
        : []),
    ].join('\n'),
  );
};

const test = async (
  io: Io,
  name: string,
  options: { readonly acceptHostKey?: string; readonly acceptJumpHostKey?: string },
  command: Command,
): Promise<void> => {
  const session = sessionOf(io, command);
  if (session === undefined) return;
  const progress = progressOn(io.stderr, io.now);
  progress.say(`connecting to ${name}`);
  const got = await session.client.testRunner(name, options);
  progress.close();
  if (session.answer(got, testText) && got.right.code !== 'ready') {
    io.exit(exitCodes.error);
    if (!session.asJson) note(io, `${plain(name)} is not ready: ${plain(got.right.code)}`);
  }
};

const prove = async (io: Io, name: string, command: Command): Promise<void> => {
  const session = sessionOf(io, command);
  if (session === undefined) return;
  const progress = progressOn(io.stderr, io.now);
  progress.say(`running a job in each slot of ${name}`);
  const got = await session.client.proveRunner(name);
  progress.close();
  if (session.answer(got, testText) && got.right.code !== 'ready') {
    io.exit(exitCodes.error);
    if (!session.asJson) note(io, `${plain(name)} is not proved: ${plain(got.right.code)}`);
  }
};

const listCommand = (command: Command, io: Io, called: string): void => {
  command
    .description('all runners, with the evidence for their state')
    .option(...atOption)
    .addHelpText(...example(`baton ${called} --at 2026-01-31T12:00:00Z`))
    .action(async ({ at }: { at?: string }, self: Command) => {
      const session = sessionOf(io, self);
      if (session === undefined) return;
      session.answer(await session.client.listRunners(at), (answer) =>
        listText(asOf(io, answer), answer.items),
      );
    });
};

/** Adds `runner` with its commands, and `install-runner`, `list-runners` and `delete-runner`. */
export const registerRunner = (program: Command, io: Io): void => {
  const runner = program.command('runner').description('machines that jobs run on');
  runner
    .command('add')
    .description('enrol a machine that can be reached by SSH')
    .argument('<name>', 'how it is called here')
    .requiredOption('--host <host>', 'host name or IP address')
    .option('--port <port>', 'port of its SSH server', whole, 22)
    .option('--user <user>', 'account there (default: your own name)')
    .option('--identity <file>', 'private key to log in with (default: a new ed25519 key is made)')
    .option('--host-key <fingerprint>', 'accepted host key, SHA256:... (default: shown at the first test)')
    .option('--slots <n>', 'jobs at the same time', whole, 1)
    .option('--label <label>', 'label to match on; may be repeated', collect)
    .option(
      '--enterprise <name>',
      'take jobs of this enterprise only; may be repeated (default: of all)',
      collect,
    )
    .option('--base <dir>', "Baton's folder there")
    .option(
      '--isolate',
      'an account for each slot: USER-0 with the folder BASE-0, USER-1 and so on; needs --base',
    )
    .option('--trial', 'take no jobs before `baton runner prove` has seen one run in each slot')
    .addOption(
      new Option('--auth <how>', 'with a key that Baton keeps, or with the ssh-agent of the server').choices([
        'key',
        'agent',
      ]),
    )
    .option('--jump <user@host:port>', 'go through this host; the same key or agent is used there')
    .option('--jump-host-key <fingerprint>', 'accepted host key of the jump host, SHA256:...')
    .addHelpText(
      ...example(
        'baton runner add build-07 --host build-07.example.org --user builder --slots 2 --jump gate@jump.example.org',
      ),
    )
    .action((name: string, options: AddOptions, command: Command) => add(io, name, options, command));
  installCommand(runner.command('install'), io, 'runner install');
  installCommand(program.command('install-runner'), io, 'install-runner');
  listCommand(runner.command('list'), io, 'runner list');
  listCommand(program.command('list-runners'), io, 'list-runners');
  runner
    .command('show')
    .description('one runner, with the evidence for its state')
    .argument('<name>')
    .option(...atOption)
    .addHelpText(...example('baton runner show build-07'))
    .action(async (name: string, { at }: { at?: string }, command: Command) => {
      const session = sessionOf(io, command);
      if (session === undefined) return;
      session.answer(await session.client.showRunner(name, at), (view) => showText(asOf(io, view), view));
    });
  runner
    .command('test')
    .description('connect now and say whether jobs can run there; exit code 1 when not')
    .argument('<name>')
    .option('--accept-host-key <fingerprint>', 'accept exactly this host key, SHA256:...')
    .option('--accept-jump-host-key <fingerprint>', 'the same for its jump host')
    .addHelpText(
      ...example(
        'baton runner test build-07 --accept-host-key SHA256:ejz3lKUvQ+9QG6gyBBrEJz3tM1nYhZ8xQ2sO0aV4pXc',
      ),
    )
    .action(
      (name: string, options: { acceptHostKey?: string; acceptJumpHostKey?: string }, command: Command) =>
        test(io, name, options, command),
    );
  runner
    .command('prove')
    .description(
      'run a small job in each slot and compare all that it writes; exit code 1 when it is not as it must be',
    )
    .argument('<name>')
    .addHelpText(...example('baton runner prove build-07'))
    .action((name: string, _: unknown, command: Command) => prove(io, name, command));
  registerRunnerCommands(program, runner, io);
};
