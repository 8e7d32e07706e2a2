/** `baton runner drain|pause|resume|clear|trust|remove|set`: what is done with an enrolled runner. */
import { Option, type Command } from 'commander';
import * as E from 'fp-ts/lib/Either.js';
import type { RunnerStatus } from '../app/evidence.js';
import type { RunnerAct, RunnerActBody } from './client.js';
import { exitCodes } from './exit.js';
import { identityOf } from './identity.js';
import { tellProblems, withLogin } from './install/command.js';
import type { LoginOptions } from './install/wish.js';
import { note, type Io } from './io.js';
import { collect, example, whole } from './options.js';
import { stillText } from './held-text.js';
import { evidenceText, keyFilesOf } from './runner-text.js';
import { untilIdle } from './runner-wait.js';
import { sessionOf, usage } from './session.js';
import { plain } from './terminal.js';

/** One sentence: state, why, evidence, and the jobs that are still there. */
const nowText = (io: Io, runner: RunnerStatus): string => {
  const { name, state, detail } = runner;
  const held = stillText(runner.current);
  const still = held === '' || state === 'ready' ? '' : ` ${held.charAt(0).toUpperCase()}${held.slice(1)}.`;
  const why = detail === undefined ? '' : ` (${detail})`;
  return plain(`Runner ${name} is ${state}${why}; probe: ${evidenceText(runner, io.now())}.${still}`);
};

interface Waiting {
  readonly wait?: boolean;
}

const WAIT = ['--wait', 'until no job is left there; Ctrl-C ends the waiting only'] as const;

const act = async (
  io: Io,
  name: string,
  which: RunnerAct,
  { wait, ...body }: RunnerActBody & Waiting,
  command: Command,
  hint?: string,
): Promise<void> => {
  const session = sessionOf(io, command);
  if (session === undefined) return;
  const done = await session.client.actOnRunner(name, which, body);
  const got = wait === true && E.isRight(done) ? await untilIdle(io, session.client, done.right) : done;
  session.answer(got, (runner) => {
    const idle = wait === true && Object.keys(runner.current).length === 0;
    return `${nowText(io, runner)}${idle ? ' No job is there.' : ''}${hint === undefined ? '' : `\n${plain(hint)}`}`;
  });
};

/** A command that takes a runner and a reason. */
const described = (command: Command, description: string, line: string): Command =>
  command
    .description(description)
    .argument('<name>')
    .option('--reason <text>', 'kept with the fact')
    .addHelpText(...example(`baton ${line}`));

const registerActs = (runner: Command, io: Io): void => {
  const plainAct = (which: RunnerAct, description: string, example: string): Command =>
    described(runner.command(which), description, example).action(
      (name: string, options: RunnerActBody & Waiting, command: Command) =>
        act(io, name, which, options, command),
    );
  plainAct(
    'drain',
    'take no new jobs; those that run there finish',
    'runner drain build-07 --reason "new disk on Friday" --wait',
  ).option(...WAIT);
  plainAct(
    'pause',
    'take no new jobs for a while',
    'runner pause build-07 --until 30m --reason "backup"',
  ).option('--until <when>', 'when it comes back by itself: 30m, 2h, 1h30m or 2026-01-31T12:00:00Z');
  plainAct('resume', 'take jobs again, after drain or pause', 'runner resume build-07');
  plainAct(
    'clear',
    'end a quarantine, or that of one slot',
    'runner clear build-07 --slot 1 --reason "killed what was left"',
  ).option('--slot <n>', 'only this slot', whole);
};

interface RemoveOptions extends RunnerActBody, Waiting, LoginOptions {
  readonly uninstall?: true;
  readonly as?: string;
  readonly host?: string;
  readonly port?: number;
  readonly anyOwner?: true;
  readonly yes?: true;
  readonly enterprise?: string;
}

/** Takes no more jobs, and its last ones have ended. Else everything was told, and it goes on draining. */
const drained = async (
  io: Io,
  name: string,
  reason: string | undefined,
  command: Command,
): Promise<boolean> => {
  const session = sessionOf(io, command);
  if (session === undefined) return false;
  const { client } = session;
  const shown = await client.showRunner(name);
  // nothing to wait for, or for the removal to refuse
  if (E.isLeft(shown) || ['removing', 'retired'].includes(shown.right.state)) return true;
  const asked = await client.actOnRunner(name, 'drain', reason === undefined ? {} : { reason });
  const idle = E.isLeft(asked) ? asked : await untilIdle(io, client, asked.right);
  if (E.isRight(idle) && Object.keys(idle.right.current).length === 0) return true;
  session.answer(idle, (runner) => `${nowText(io, runner)} It is not removed; the same command goes on.`);
  if (E.isRight(idle)) io.exit(exitCodes.cancelled);
  return false;
};

const remove = async (
  io: Io,
  name: string,
  { uninstall, as, host, port, anyOwner, yes, enterprise, ...options }: RemoveOptions,
  command: Command,
): Promise<void> => {
  const problems =
    enterprise === undefined
      ? []
      : [
          '-e: a runner has one name for all enterprises here; leave it out, or take it from one with `baton runner set`',
        ];
  if (uninstall === true) {
    const { uninstallRunner } = await import('./install/remove.js');
    await uninstallRunner(io, name, { ...options, as, host, port, anyOwner, yes }, command, problems);
    return;
  }
  const { sshIdentityFile, password, passwordFile, ...body } = options;
  const only = [sshIdentityFile, password, passwordFile, as, host, port, anyOwner].some(
    (given) => given !== undefined,
  )
    ? [
        '-i, -P, --password-file, --as, --host, --any-owner and -p are for --uninstall, which logs in to the machine; add it, or leave them out',
      ]
    : [];
  if (problems.length + only.length > 0) {
    tellProblems(io, command, [...problems, ...only]);
    return;
  }
  const hint = `If \`baton install-runner\` set its machine up, the account is still there; this takes it away: baton delete-runner ${name} --uninstall --as USER`;
  if (body.wait === true && body.cancelJobs !== true && !(await drained(io, name, body.reason, command)))
    return;
  await act(io, name, 'remove', body, command, hint);
};

const removeCommand = (command: Command, io: Io, called: string): void => {
  withLogin(
    command
      .description(
        'retire a runner; refused while jobs run there, unless --wait or --cancel-jobs says what is to become of them',
      )
      .argument('<runner>')
      .option('--reason <text>', 'kept with the fact')
      .option('--cancel-jobs', 'cancel them first')
      .option(
        '--wait',
        'take no more jobs and let the last ones end first; Ctrl-C leaves it draining; with --cancel-jobs: until none is left',
      )
      .option('--uninstall', 'then log in to its machine and take away what `install-runner` made there')
      .option('--as <user>', 'with --uninstall: who logs in there: root, or an account that may use sudo'),
  )
    .option(
      '-p, --port <port>',
      'with --uninstall: port to log in at (default: the one that jobs use)',
      whole,
    )
    .option('--host <host>', 'with --uninstall: where to log in (default: where the server does)')
    .option(
      '--any-owner',
      'with --uninstall: also what was installed for another runner or from another Baton',
    )
    .option('-y, --yes', 'with --uninstall: ask nothing before it is done')
    .addOption(new Option('-e, --enterprise <name>').hideHelp())
    .addHelpText(
      ...example(
        `baton ${called} build-07 --cancel-jobs --reason "sold"`,
        `baton ${called} build-07 --uninstall --as admin -P`,
      ),
    )
    .action((name: string, options: RemoveOptions, self: Command) => remove(io, name, options, self));
};

const trustCommand = (runner: Command, io: Io): void => {
  described(
    runner.command('trust'),
    'accept a changed host key; without --fingerprint both keys are shown and nothing is done',
    'runner trust build-07 --fingerprint SHA256:ejz3lKUvQ+9QG6gyBBrEJz3tM1nYhZ8xQ2sO0aV4pXc',
  )
    .option('--fingerprint <fingerprint>', 'exactly the key that was found, SHA256:...')
    .option('--jump', 'the key of its jump host')
    .action(
      async (
        name: string,
        options: { fingerprint?: string; jump?: boolean; reason?: string },
        command: Command,
      ) => {
        const session = sessionOf(io, command);
        if (session === undefined) return;
        const got = await session.client.trustRunner(name, options);
        if (session.answer(got, ({ sentence }) => plain(sentence)) && got.right.code !== 'ready') {
          io.exit(exitCodes.error);
          if (!session.asJson) note(io, `${plain(name)} is not ready: ${plain(got.right.code)}`);
        }
      },
    );
};

interface SetOptions {
  readonly host?: string;
  readonly port?: number;
  readonly user?: string;
  readonly slots?: number;
  readonly isolate?: boolean;
  readonly label?: readonly string[];
  readonly enterprise?: readonly string[];
  readonly anyEnterprise?: boolean;
  readonly auth?: 'key' | 'agent';
  readonly identity?: string;
  readonly jump?: string;
  readonly jumpHostKey?: string;
  readonly reason?: string;
}

const set = async (io: Io, name: string, options: SetOptions, command: Command): Promise<void> => {
  const session = sessionOf(io, command);
  if (session === undefined) return;
  const { label, enterprise, anyEnterprise, identity, jump, isolate, ...plainly } = options;
  if (enterprise !== undefined && anyEnterprise === true) {
    usage(io, 'give --enterprise or --any-enterprise, not both');
    return;
  }
  const enterprises = anyEnterprise === true ? [] : enterprise;
  const key = await identityOf(io, identity);
  if (key === undefined) return;
  const body = {
    ...plainly,
    ...key,
    ...(isolate === undefined ? {} : { isolated: isolate }),
    ...(label === undefined ? {} : { labels: label.filter((one) => one !== '') }),
    ...(enterprises === undefined ? {} : { enterprises }),
    ...(jump === undefined ? {} : { jump: jump === 'none' ? '' : jump }),
  };
  if (Object.keys(body).every((name) => name === 'reason')) {
    usage(io, 'say what is to be changed; `baton runner set --help` lists what can be');
    return;
  }
  session.answer(await session.client.setRunner(name, body), ({ runner, publicKey }) =>
    [
      nowText(io, runner),
      ...(publicKey === undefined
        ? []
        : [
            `It logs in with another key from now on; put this line into ${keyFilesOf(runner)} on ${plain(runner.host)}:`,
            plain(publicKey),
          ]),
      ...(runner.probe === undefined
        ? [`It is reached otherwise than before, so test it: baton runner test ${plain(name)}`]
        : []),
    ].join('\n'),
  );
};

const setCommand = (runner: Command, io: Io): void => {
  described(
    runner.command('set'),
    'change how many jobs it takes, its labels, or how it is reached; what is not given stays',
    'runner set build-07 --slots 4 --label gpu --label fast',
  )
    .option('--slots <n>', 'jobs at the same time; fewer disturb none that runs', whole)
    .option(
      '--isolate',
      'an account for each slot from now on: USER-0 with the folder BASE-0, USER-1 and so on',
    )
    .option('--no-isolate', 'one account for all slots from now on')
    .option('--label <label>', 'labels from now on; may be repeated; an empty one alone: none', collect)
    .option('--enterprise <name>', 'take jobs of this enterprise only from now on; may be repeated', collect)
    .option('--any-enterprise', 'take jobs of all enterprises again')
    .option('--host <host>', 'host name or IP address')
    .option('--port <port>', 'port of its SSH server', whole)
    .option('--user <user>', 'account there')
    .addOption(
      new Option('--auth <how>', 'key: a new one is made, unless --identity gives one').choices([
        'key',
        'agent',
      ]),
    )
    .option('--identity <file>', 'private key to log in with')
    .option('--jump <user@host:port>', 'go through this host; none: directly')
    .option('--jump-host-key <fingerprint>', 'accepted host key of the jump host, SHA256:...')
    .action((name: string, options: SetOptions, command: Command) => set(io, name, options, command));
};

/** Adds the commands to `runner`, and `delete-runner` beside it. */
export const registerRunnerCommands = (program: Command, runner: Command, io: Io): void => {
  registerActs(runner, io);
  trustCommand(runner, io);
  removeCommand(runner.command('remove'), io, 'runner remove');
  removeCommand(program.command('delete-runner'), io, 'delete-runner');
  setCommand(runner, io);
};
