/** What a person asks for with `baton install-runner`, checked as a whole before anything is touched. */
import * as E from 'fp-ts/lib/Either.js';
import { AddRunnerBody } from '../../http/codecs.js';
import { problemsFrom } from '../../http/closed.js';

/** How whoever installs logs in, as commander gives it. */
export interface LoginOptions {
  readonly sshIdentityFile?: string;
  /** `true`: without a value. */
  readonly password?: string | true;
  readonly passwordFile?: string;
}

/** As commander gives them. */
export interface InstallOptions extends LoginOptions {
  readonly port?: number;
  readonly hostKey?: string;
  readonly name?: string;
  readonly serverHost?: string;
  readonly enterprise?: readonly string[];
  readonly label?: readonly string[];
  readonly slots?: number;
  readonly isolate?: true;
  readonly runnerUser: string;
  readonly sudo?: string | true;
  readonly trustedCert?: readonly string[];
  readonly fipsCustomCertFilename?: string;
  readonly installer?: string;
  /** `false`: none at all. */
  readonly toolchain?: string | false;
  readonly chefdkVersion?: string;
  readonly yes?: true;
  readonly fullOhai?: true;
}

/** How the command line shows who it is. */
export interface Login {
  readonly identityFile?: string;
  /** Socket of an ssh-agent; absent when a key is named. */
  readonly agent?: string;
  /** Where the password comes from: the one of sudo, and without a key also that of the login. */
  readonly password?: 'asked' | { readonly file: string };
}

export interface Wish {
  readonly host: string;
  /** Who logs in to install; the account of the jobs is `runnerUser`. */
  readonly admin: string;
  /** Absent: as it is for a runner that is there, else 22. */
  readonly port?: number;
  readonly login: Login;
  readonly hostKey?: string;
  readonly name: string;
  /** Where the server reaches the machine. */
  readonly serverHost: string;
  readonly enterprises: readonly string[];
  readonly labels: readonly string[];
  /** Absent: 1 for a new runner, as it is for one that is there. */
  readonly slots?: number;
  readonly isolate: boolean;
  readonly runnerUser: string;
  /** Commands that the account may run as root; `all`: every one. Absent: none. */
  readonly sudo?: 'all' | readonly string[];
  /** Files with certificates that the machine is to trust. */
  readonly trustedCerts: readonly string[];
  /** File with the chain of certificates for FIPS. */
  readonly fipsChain?: string;
  /** A package file to install. */
  readonly installer?: string;
  /** The name of a configured one; `false`: none. Absent: those that the server's configuration installs. */
  readonly toolchain?: string | false;
  readonly version?: string;
  readonly yes: boolean;
}

/** Member of the request → the option that it comes from. */
const OPTION_OF: Readonly<Record<string, string>> = {
  ...{ name: '--name', host: '--server-host', user: '--runner-user', port: '--port', slots: '--slots' },
  ...{ labels: '--label', enterprises: '--enterprise', hostKey: '--host-key' },
};

/** The API's own rules, so that nothing is refused after the machine was changed. */
const badValues = (request: unknown, optionOf: Readonly<Record<string, string>>): readonly string[] => {
  const decoded = AddRunnerBody.decode(request);
  if (E.isRight(decoded)) return [];
  return problemsFrom(decoded.left).map(({ path, expected, found, mend }) => {
    const member = /^\w+/u.exec(path)?.[0] ?? path;
    return `${optionOf[member] ?? member}: expected ${expected}, found ${found}${mend === undefined ? '' : `; ${mend}`}`;
  });
};

/** Where and as whom to log in, with the option that each comes from. */
export type Places = Readonly<
  Partial<Record<'host' | 'user' | 'port', readonly [value: string | number, option: string]>>
>;

export const placeProblems = (places: Places): readonly string[] => {
  const entries = Object.entries(places);
  return badValues(
    { name: 'x', host: 'x', user: 'x', ...Object.fromEntries(entries.map(([key, [value]]) => [key, value])) },
    Object.fromEntries(entries.map(([key, [, option]]) => [key, option])),
  );
};

/** What passwd(5) and useradd(8) take; a slot's account has `-` and a number behind it, 32 in all. */
const ACCOUNT = /^[a-z_][a-z0-9_-]{0,27}$/u;
const MACHINE_WORD = /^[A-Za-z0-9][A-Za-z0-9._+~:-]{0,127}$/u;

/** What there is to log in with: `agent` is the socket of an ssh-agent here; `canAsk`: somebody sits at a terminal. */
export interface AtHand {
  readonly agent?: string | undefined;
  readonly canAsk: boolean;
}

const ON_COMMAND_LINE =
  '-P takes no value: a password on the command line is seen by everybody on this machine. Give -P alone and it is asked for, or --password-file FILE (- reads it from the standard input)';

export const loginProblems = (
  { sshIdentityFile, password, passwordFile }: LoginOptions,
  { agent = '', canAsk }: AtHand,
): readonly string[] => [
  ...(typeof password === 'string' ? [ON_COMMAND_LINE] : []),
  ...(password !== undefined && passwordFile !== undefined ? ['give -P or --password-file, not both'] : []),
  ...(password === true && !canAsk
    ? ['-P asks at a terminal, and there is none; give --password-file FILE (- reads the standard input)']
    : []),
  ...(sshIdentityFile === undefined && password === undefined && passwordFile === undefined && agent === ''
    ? [
        'nothing to log in with: give -i FILE for a key, -P for a password, or start an ssh-agent (SSH_AUTH_SOCK)',
      ]
    : []),
];

export const loginOf = (
  { sshIdentityFile, password, passwordFile }: LoginOptions,
  { agent = '' }: AtHand,
): Login => ({
  ...(sshIdentityFile === undefined ? {} : { identityFile: sshIdentityFile }),
  ...(passwordFile === undefined ? {} : { password: { file: passwordFile } }),
  ...(password === undefined ? {} : { password: 'asked' as const }),
  // who names a key means this key
  ...(agent === '' || sshIdentityFile !== undefined ? {} : { agent }),
});

const sudoOf = (given: string | true | undefined): Pick<Wish, 'sudo'> => {
  if (given === undefined) return {};
  if (given === true) return { sudo: 'all' };
  return { sudo: given.split(',').map((one) => one.trim()) };
};

const sudoProblems = ({ sudo }: Pick<Wish, 'sudo'>): readonly string[] =>
  sudo !== undefined &&
  sudo !== 'all' &&
  !sudo.every((one) => /^\/[A-Za-z0-9._+/-]+$/u.test(one) && !one.includes('..'))
    ? ['--sudo: expected absolute paths of commands with commas between them, or no value for all commands']
    : [];

/** Every problem at once. */
export const wishOf = (
  host: string,
  admin: string,
  options: InstallOptions,
  atHand: AtHand,
): E.Either<readonly string[], Wish> => {
  const { installer, toolchain, chefdkVersion, hostKey } = options;
  const { port, slots, runnerUser, fipsCustomCertFilename: fipsChain } = options;
  const { label: labels = [], enterprise: enterprises = [], trustedCert: trustedCerts = [] } = options;
  const [name, serverHost] = [options.name ?? host, options.serverHost ?? host];
  const sudo = sudoOf(options.sudo);
  const request = {
    ...{ name, host: serverHost, user: runnerUser, labels, enterprises },
    ...(port === undefined ? {} : { port }),
    ...(slots === undefined ? {} : { slots }),
    ...(hostKey === undefined ? {} : { hostKey }),
  };
  const named = {
    ...OPTION_OF,
    ...(options.serverHost === undefined ? { host: 'HOST' } : {}),
    ...(options.name === undefined ? { name: 'the name of the runner, which is HOST without --name' } : {}),
  };
  const problems = [
    ...badValues(request, named),
    // the same rules for who logs in, and where
    ...placeProblems({
      user: [admin, 'USER'],
      ...(options.serverHost === undefined ? {} : { host: [host, 'HOST'] }),
    }),
    ...(ACCOUNT.test(runnerUser)
      ? []
      : [
          '--runner-user: expected 1 to 28 lower-case letters, digits, _ and - that start with a letter or _',
        ]),
    ...(runnerUser === admin || runnerUser === 'root'
      ? ['--runner-user: expected an account of its own for the jobs, neither root nor who installs']
      : []),
    ...loginProblems(options, atHand),
    ...(installer !== undefined && (chefdkVersion !== undefined || toolchain !== undefined)
      ? ['-I brings a package of your own, -v and --toolchain choose one to download: give one of them']
      : []),
    ...(toolchain === false && chefdkVersion !== undefined
      ? ['-v chooses a version of a toolchain, and --no-toolchain wants none: give one of them']
      : []),
    ...([chefdkVersion, toolchain].some((word) => typeof word === 'string' && !MACHINE_WORD.test(word))
      ? ['-v, --toolchain: expected one word of letters, digits and . _ + ~ : -']
      : []),
    ...sudoProblems(sudo),
    ...(options.fullOhai === true
      ? [
          '--full-ohai means nothing here: no Chef client is set up, and Baton reads what it needs of the machine by itself; leave it out',
        ]
      : []),
  ];
  if (problems.length > 0) return E.left(problems);
  return E.right({
    ...{ host, admin, name, serverHost, runnerUser },
    ...(port === undefined ? {} : { port }),
    login: loginOf(options, atHand),
    ...{ enterprises, labels, trustedCerts },
    isolate: options.isolate === true,
    ...sudo,
    ...(fipsChain === undefined ? {} : { fipsChain }),
    ...(slots === undefined ? {} : { slots }),
    ...(hostKey === undefined ? {} : { hostKey }),
    ...(installer === undefined ? {} : { installer }),
    ...(toolchain === undefined ? {} : { toolchain }),
    ...(chefdkVersion === undefined ? {} : { version: chefdkVersion }),
    yes: options.yes === true,
  });
};
