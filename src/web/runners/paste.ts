/** Command lines to paste into a shell of POSIX, from what was typed into a form: nothing of it may be more than a word there. */

/** What of a machine is known; empty texts: not typed yet. */
export interface Machine {
  readonly name: string;
  readonly host: string;
  /** Who logs in to install. */
  readonly admin: string;
  /** Account that jobs run as. */
  readonly user: string;
  readonly port: number;
  readonly slots: number;
  readonly labels: readonly string[];
  /** `user@host:port`; empty: reached directly. */
  readonly jump: string;
}

const PLAIN = /^[A-Za-z0-9_@%+=:,./-]+$/;

/** One word, whatever it holds: single quotes keep all but themselves (POSIX XCU 2.2.2). */
export const quoted = (word: string): string =>
  PLAIN.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;

/** With `=` a value that begins with a dash is no option. */
const option = (name: string, value: string): readonly string[] =>
  value.startsWith('-') ? [quoted(`${name}=${value}`)] : [name, quoted(value)];

/** An argument that begins with a dash would be read as an option. */
const SAFE_START = /^[^-]/;
const argument = (value: string, instead: string): string =>
  SAFE_START.test(value) ? quoted(value) : instead;

const USUAL_PORT = 22;
/** `baton install-runner` makes this one. */
export const USUAL_USER = 'job_runner';

const shared = ({ slots, labels }: Machine): readonly string[] => [
  ...(slots === 1 ? [] : ['--slots', String(slots)]),
  ...labels.flatMap((label) => option('--label', label)),
];

/** Makes a fresh machine a runner. `-P`: a password is asked for on the terminal. */
export const installCommand = (machine: Machine): string => {
  const { name, host, admin, user, port } = machine;
  return [
    ...['baton', 'install-runner', argument(host, 'HOST'), argument(admin, 'ADMIN'), '-P'],
    ...(port === USUAL_PORT ? [] : ['-p', String(port)]),
    ...(name === '' || name === host ? [] : option('--name', name)),
    ...(user === '' || user === USUAL_USER ? [] : option('--runner-user', user)),
    ...shared(machine),
  ].join(' ');
};

/** Enrols a machine that is set up, with a key that Baton makes. */
export const addCommand = (machine: Machine): string => {
  const { name, host, user, port, jump } = machine;
  return [
    ...['baton', 'runner', 'add', argument(name, 'NAME')],
    ...(host === '' ? ['--host', 'HOST'] : option('--host', host)),
    ...(user === '' ? ['--user', 'USER'] : option('--user', user)),
    ...(port === USUAL_PORT ? [] : ['--port', String(port)]),
    ...(jump === '' ? [] : option('--jump', jump)),
    ...shared(machine),
  ].join(' ');
};

/** `restrict`: Baton needs neither terminal nor forwarding. */
export const authorizedKeysLine = (publicKey: string): string => `restrict ${publicKey}`;

/** Labels as they are typed: with commas or spaces between. */
export const labelsOf = (text: string): readonly string[] => [
  ...new Set(text.split(/[\s,]+/).filter((label) => label !== '')),
];
