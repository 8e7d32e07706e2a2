/** `baton runner …`: which machines there are, whether they can be used, and adding one. */
import { readFile, stat } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { resolve } from 'node:path';
import { InvalidArgumentError, type Command } from 'commander';
import type { RunnerView } from '../../projections/runner-health.js';
import type { RunnerTested } from '../app/use-cases.js';
import { asOf, atOption } from './as-of.js';
import type { NewRunner } from './client.js';
import { exitCodes } from './exit.js';
import { note, type Io } from './io.js';
import { age, fields, short, table } from './print.js';
import { sessionOf, usage } from './session.js';
import { plain } from './terminal.js';

const busy = (runner: RunnerView): string => `${Object.keys(runner.current).length}/${runner.slots}`;

const listText = (io: Io, runners: readonly RunnerView[]): string =>
  runners.length === 0
    ? 'No runner yet; add one with `baton runner add NAME --host HOST`.'
    : table(
        ['NAME', 'STATE', 'BUSY', 'ADDRESS', 'PROBED', 'LABELS', 'DETAIL'],
        runners.map((runner) => [
          runner.name,
          runner.state,
          busy(runner),
          `${runner.user}@${runner.host}:${runner.port}`,
          age(runner.probe?.at, io.now()),
          runner.labels.join(','),
          runner.detail ?? '',
        ]),
      );

const showText = (io: Io, runner: RunnerView): string => {
  const head = fields([
    ['name', runner.name],
    ['state', runner.state],
    ['detail', runner.detail],
    ['address', `${runner.user}@${runner.host}:${runner.port}`],
    ['slots', `${busy(runner)} busy`],
    ['quarantined slots', runner.quarantinedSlots.join(', ')],
    ['labels', runner.labels.join(', ')],
    ...Object.entries(runner.attributes).map(([name, value]) => [name, value] as const),
    ['host keys', runner.hostKeys.join(', ')],
    ['found host key', runner.foundHostKey],
    ['public key', runner.publicKey],
    ['probed', runner.probe === undefined ? 'never' : age(runner.probe.at, io.now())],
    ['verdict', runner.probe?.verdict],
    ['jobs now', Object.values(runner.current).map(short).join(', ')],
    [
      'last outcomes',
      runner.lastOutcomes.map(({ jobId, outcome }) => `${short(jobId)} ${outcome}`).join(', '),
    ],
  ]);
  const findings = runner.probe?.findings ?? [];
  if (findings.length === 0) return head;
  const rows = findings.map(({ check, ok, found, consequence }) => [
    check,
    ok ? 'yes' : 'no',
    found ?? '',
    consequence ?? '',
  ]);
  return `${head}\n\n${table(['CHECK', 'WELL', 'FOUND', 'CONSEQUENCE'], rows)}`;
};

const testText = ({ sentence, fingerprint, runner }: RunnerTested): string =>
  fingerprint === undefined
    ? plain(sentence)
    : `${plain(sentence)}\nIf ${plain(fingerprint)} is the key of this machine, accept it:\n  baton runner test ${plain(runner.name)} --accept-host-key ${plain(fingerprint)}`;

const KEY_LIMIT_BYTES = 65_536;

const readKey = async (file: string): Promise<string | undefined> => {
  const { size } = await stat(file);
  const content = size <= KEY_LIMIT_BYTES ? await readFile(file, 'utf8') : '';
  return /^-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(content) ? content : undefined;
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
  readonly label: readonly string[];
  readonly base?: string;
}

const add = async (io: Io, name: string, options: AddOptions, command: Command): Promise<void> => {
  const session = sessionOf(io, command);
  if (session === undefined) return;
  const user = options.user ?? ownName();
  if (user === undefined) {
    usage(io, 'you have no user name here; give --user');
    return;
  }
  let privateKey: string | undefined;
  if (options.identity !== undefined) {
    try {
      privateKey = await readKey(resolve(io.cwd, options.identity));
    } catch {
      usage(io, `the file of --identity cannot be read: ${plain(options.identity)}`);
      return;
    }
    if (privateKey === undefined) {
      usage(io, `${plain(options.identity)} is not a private key in PEM or OpenSSH form`);
      return;
    }
  }
  const request: NewRunner = {
    name,
    host: options.host,
    port: options.port,
    user,
    slots: options.slots,
    labels: options.label,
    ...(privateKey === undefined ? {} : { privateKey }),
    ...(options.hostKey === undefined ? {} : { hostKey: options.hostKey }),
    ...(options.base === undefined ? {} : { base: options.base }),
  };
  session.answer(await session.client.addRunner(request), ({ runner, publicKey }) =>
    [
      `Runner ${plain(runner.name)} added. It may log in with this key; put the line into ~${plain(runner.user)}/.ssh/authorized_keys on ${plain(runner.host)}:`,
      plain(publicKey),
      `Then test it: baton runner test ${plain(runner.name)}`,
    ].join('\n'),
  );
};

const test = async (
  io: Io,
  name: string,
  options: { readonly acceptHostKey?: string },
  command: Command,
): Promise<void> => {
  const session = sessionOf(io, command);
  if (session === undefined) return;
  const got = await session.client.testRunner(name, options.acceptHostKey);
  if (session.answer(got, testText) && got.right.code !== 'ready') {
    io.exit(exitCodes.error);
    if (!session.asJson) note(io, `${plain(name)} is not ready: ${plain(got.right.code)}`);
  }
};

const whole = (value: string): number => {
  if (!/^\d{1,9}$/.test(value)) throw new InvalidArgumentError('It is not a whole number.');
  return Number(value);
};

const collect = (value: string, before: readonly string[]): readonly string[] => [...before, value];

/** Adds `runner` with its commands. */
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
    .option('--label <label>', 'label to match on; may be repeated', collect, [])
    .option('--base <dir>', "Baton's folder there")
    .action((name: string, options: AddOptions, command: Command) => add(io, name, options, command));
  runner
    .command('list')
    .description('all runners')
    .option(...atOption)
    .action(async ({ at }: { at?: string }, command: Command) => {
      const session = sessionOf(io, command);
      if (session === undefined) return;
      session.answer(await session.client.listRunners(at), (answer) =>
        listText(asOf(io, answer), answer.items),
      );
    });
  runner
    .command('show')
    .description('one runner, with the evidence for its state')
    .argument('<name>')
    .option(...atOption)
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
    .action((name: string, options: { acceptHostKey?: string }, command: Command) =>
      test(io, name, options, command),
    );
};
