/** What does a failure while installing mean, and what is the way out? One sentence each; the machine's own words never hold a password. */
import { appError, type AppError } from '../app/errors.js';
import type { TransportCode } from '../app/ports.js';
import type { LoginError, LoginTrouble } from '../ssh/administrator.js';
import type { Login } from './machine.js';
import { printable } from '../ssh/errors.js';

type Told = (place: Place, detail: string) => readonly [message: string, hint: string];

interface Place {
  readonly where: string;
  readonly user: string;
  readonly hostKeys: readonly string[];
  /** What the login was tried with. */
  readonly given: string;
}

const givenBy = ({ privateKey, agentSocket, password }: Login['auth']): string =>
  [
    ...(privateKey === undefined ? [] : ['the key']),
    ...(agentSocket === undefined ? [] : ['any key of the ssh-agent']),
    ...(password === undefined ? [] : ['the password']),
  ].join(' or ');

const placeOf = ({ host, port, user, hostKeys, auth }: Login): Place => ({
  where: `${host} port ${port}`,
  user,
  hostKeys,
  given: givenBy(auth),
});

const connection: Readonly<Partial<Record<TransportCode | LoginTrouble, Told>>> = {
  name_not_found: ({ where }) => [
    `The host of ${where} is not known to DNS.`,
    'Correct the name, or add it.',
  ],
  refused: ({ where }) => [
    `Nothing accepts connections at ${where}.`,
    'Start sshd there, or give the right --port.',
  ],
  timed_out: ({ where }) => [
    `No answer from ${where} in time.`,
    'Check that the machine is up and that no firewall drops the packets.',
  ],
  unreachable: ({ where }) => [`${where} cannot be reached.`, 'Check the network between here and there.'],
  host_key_unknown: ({ where }, found) => [
    `${where} showed the host key ${found}, which was not accepted.`,
    `Compare it with the machine's own, then accept exactly this one.`,
  ],
  host_key_changed: ({ where, hostKeys }, found) => [
    `${where} showed the host key ${found}, expected ${hostKeys.join(' or ')}; somebody may stand in between.`,
    "Compare it with the machine's own before you accept it.",
  ],
  permission_denied: ({ where, user, given }) => [
    `${where} did not let ${user} in with ${given}.`,
    'Check the name and what was given; each was tried once. The same is said of an account that is locked or has expired.',
  ],
  agent_unreachable: () => [
    'The ssh-agent of SSH_AUTH_SOCK does not answer, or does not sign.',
    'Start one and give it your key (ssh-add), or log in with -i FILE or -P.',
  ],
  agent_empty: () => [
    'The ssh-agent of SSH_AUTH_SOCK holds no key.',
    'Give it one (ssh-add), or log in with -i FILE or -P.',
  ],
  too_many_keys: ({ where, user }) => [
    `${where} refused ${user} after too many keys of the ssh-agent, before the right one may have come.`,
    'Name the key with -i, or let the agent hold fewer (ssh-add -D, then ssh-add FILE).',
  ],
  more_asked: ({ where, user }, found) => [
    `${where} asks ${user} for more than a password${found}.`,
    'Log in with a key: -i FILE, or an ssh-agent.',
  ],
  password_expired: ({ where, user }) => [
    `The password of ${user} at ${where} has expired.`,
    'Log in there by hand and change it, then run the same again.',
  ],
  login_cut: ({ where, user }) => [
    `${where} closed the connection while ${user} logged in.`,
    `Look whether the account has expired there (chage -l ${user}), and at what the log of its sshd says.`,
  ],
  no_key: () => [
    'The private key cannot be read.',
    'Give one in OpenSSH or PEM form, with its passphrase if it has one.',
  ],
  no_usable_shell: ({ where, user }, found) => [
    `Logging in as ${user} at ${where} worked, but commands do not reach a POSIX shell${found}.`,
    'Log in as a user with a usual login shell, and without a forced command.',
  ],
  connection_lost: ({ where }) => [
    `The connection to ${where} was lost.`,
    'Run the same again: it goes on from what is there.',
  ],
  back_pressure: ({ where }) => [
    `${where} takes no further login now (MaxStartups, MaxSessions or PerSourcePenalties of sshd).`,
    'Try again in a minute.',
  ],
};

const bracketed = (found: string): string => (found === '' ? '' : ` (found: ${found})`);

/** `detail` is what was found there; made printable here. */
export const notConnected = (login: Login, error: LoginError, detail = error.asked ?? ''): AppError => {
  const reason = error.trouble ?? error.code;
  const told = connection[reason];
  const found = error.fingerprint ?? bracketed(printable(detail));
  const [message, hint] = told?.(placeOf(login), found) ?? [
    `${placeOf(login).where} and Baton do not understand each other${found}.`,
    'If it stays, report it with this text.',
  ];
  return appError('runner', reason, message, { hint, cause: error.cause });
};

const privileges: Readonly<Record<string, Told>> = {
  sudo_missing: ({ where, user }) => [
    `${user} at ${where} is not root, and there is no sudo.`,
    'Log in as root, or install sudo.',
  ],
  sudo_wants_tty: ({ where }) => [
    `sudo at ${where} works from a terminal only (requiretty).`,
    'Log in as root, or add `Defaults:USER !requiretty` to the sudoers there.',
  ],
  sudo_not_allowed: ({ where, user }) => [
    `sudo at ${where} does not let ${user} run commands as root.`,
    'Log in as somebody whom it does, or as root.',
  ],
  sudo_password_needed: ({ where, user }) => [
    `sudo at ${where} wants the password of ${user}, and none was given.`,
    'Give it with -P or --password-file, or log in as root.',
  ],
  account_expired: ({ where, user }) => [
    `sudo at ${where} says that the account of ${user} has expired or is locked.`,
    'Let it be made valid again there, or log in as root.',
  ],
  sudo_password_wrong: ({ where, user }) => [
    `sudo at ${where} does not take the password that was given for ${user}.`,
    'Check it. It was tried once.',
  ],
};

export const notRoot = (login: Login, reason: string): AppError => {
  const [message, hint] = privileges[reason]?.(placeOf(login), '') ?? [
    `${login.user} could not become root at ${placeOf(login).where}.`,
    'Log in as root, or as somebody whom sudo lets run everything.',
  ];
  return appError('runner', reason, message, { hint });
};

const wayOut: Readonly<Record<string, string>> = {
  account_exists: 'Choose another --runner-user, or remove the account there if nobody needs it.',
  account_changed: 'Undo that change there, or uninstall the runner and install it again.',
  path_exists: 'Move it away there, or choose another name.',
  unsafe_path: 'Give it to root with mode 0755, or choose another folder.',
  disk_full: 'Free space or inodes there, and run the same again.',
  busy: 'Wait for it to end, and run the same again.',
  processes_live: 'Wait for them, or say that they shall be ended.',
  not_installed: 'Name the runner user that was installed.',
  manifest_unknown: 'Use the Baton that made it.',
  missing_tool: 'Install it there, and run the same again.',
  sudoers_unread: 'Include that folder there, or install without sudo.',
  command_missing: 'Install it there first, or leave it out.',
  newer_installed: 'Allow the downgrade, or use a newer package.',
  wrong_format: 'Use a package of the format of the machine.',
  wrong_architecture: 'Use the package for the architecture of the machine.',
  wrong_package: 'Check name and version in the configuration of the toolchain.',
  wrong_digest: 'Run the same again; if it stays, the file changed on its way.',
  package_failed: 'Mend that there, and run the same again.',
};

/** From a line `error <reason> <sentence>`; `left`: what could not be taken back. */
export const refusedBy = (
  login: Login,
  error: { readonly reason: string; readonly text: string },
  left: readonly string[],
): AppError => {
  const remains = left.length === 0 ? '' : ` Not taken back: ${left.map(printable).join('; ')}.`;
  return appError(
    error.reason.endsWith('_exists') || error.reason === 'busy' ? 'conflict' : 'runner',
    error.reason,
    `${placeOf(login).where}: ${printableText(error.text)}.`,
    { hint: `${wayOut[error.reason] ?? 'Mend that there, and run the same again.'}${remains}` },
  );
};

/** As `printable`, and long enough for the complaint of a package manager. */
const printableText = (text: string): string =>
  text
    .replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, ' ')
    .trim()
    .replace(/\.$/, '')
    .slice(0, 600);
