/** What does a failure of SSH or of the runner mean, and what can a person do about it? One table for all of them. */
import type { RunnerTarget, TransportCode, TransportError } from '../app/ports.js';

/** Thrown only where an async iterable leaves no other way; a TransportError in all but name. */
export class LinkError extends Error implements TransportError {
  readonly code: TransportCode;
  readonly fingerprint?: string;
  readonly hop?: 'jump';

  constructor(error: TransportError) {
    super(error.message, error.cause === undefined ? {} : { cause: error.cause });
    this.name = 'LinkError';
    this.code = error.code;
    if (error.fingerprint !== undefined) this.fingerprint = error.fingerprint;
    if (error.hop !== undefined) this.hop = error.hop;
  }
}

/** The machine closed the connection between its host key and its yes or no, and said nothing. */
export class CutLogin extends Error {
  constructor() {
    super('Connection closed during the login');
    this.name = 'CutLogin';
  }
}

/** sshd gives up after MaxAuthTries refusals; ssh2 tells it by sshd's words alone. */
export const isTooManyTries = (error: unknown): boolean =>
  error instanceof Error && /^Too many authentication failures/u.test(error.message);

const place = (target: RunnerTarget): string => `${target.host} port ${String(target.port)}`;

type Sentence = (target: RunnerTarget, detail: string) => string;

const sentences: Readonly<Record<TransportCode, Sentence>> = {
  name_not_found: (t) =>
    `The name ${t.host} of runner ${t.name} is not known to DNS; correct the host or add the name.`,
  refused: (t) =>
    `Nothing accepts connections at ${place(t)}; start sshd on runner ${t.name} or correct the port.`,
  timed_out: (t) =>
    `No answer from ${place(t)} in time; check that runner ${t.name} is up and that no firewall drops the packets.`,
  unreachable: (t, d) =>
    `${place(t)} cannot be reached${d}; check the network between Baton and runner ${t.name}.`,
  host_key_unknown: (t, d) =>
    `Runner ${t.name} at ${place(t)} showed the host key ${d}, and none is accepted yet; compare it with the machine's own, then run \`baton runner test ${t.name} --accept-host-key ${d}\`.`,
  host_key_changed: (t, d) =>
    `Runner ${t.name} at ${place(t)} showed the host key ${d}, expected ${t.hostKeys.join(' or ')}; somebody may stand in between. If the machine was rebuilt, compare the key and run \`baton runner trust ${t.name} --fingerprint ${d}\`.`,
  permission_denied: (t) =>
    t.auth.kind === 'agent'
      ? `${place(t)} refused to let ${t.user} in with any key of the server's ssh-agent; add one that runner ${t.name} accepts with ssh-add.`
      : `${place(t)} refused to let ${t.user} in with the key of runner ${t.name}; add its public key to ~${t.user}/.ssh/authorized_keys and check that the account is not locked.`,
  no_usable_shell: (t, d) =>
    `Logging in as ${t.user} at ${place(t)} worked, but commands do not reach a POSIX shell${d}; give the account a login shell and remove any forced command for the key.`,
  workspace_not_writable: (t, d) =>
    `Baton's folder ${t.base} on runner ${t.name} cannot be used${d}; make it writable for ${t.user} or choose another with \`base\`.`,
  disk_full: (t, d) => `Runner ${t.name} could not store what a job needs${d}; free space or inodes there.`,
  missing_tool: (t, d) => `Runner ${t.name} lacks something that jobs need${d}; install it.`,
  connection_lost: (t) =>
    `The connection to ${place(t)} was lost; the job, if any, goes on there and is asked about at the next connection.`,
  back_pressure: (t) =>
    `${place(t)} opens no further session now (MaxSessions or MaxStartups of sshd); try again later.`,
  no_key: (t, d) =>
    t.auth.kind === 'agent'
      ? `The ssh-agent cannot be used for runner ${t.name}${d}; start the server with SSH_AUTH_SOCK set.`
      : `There is no usable private key for runner ${t.name}${d}; restore the folder of secrets, or make a new one with \`baton runner set ${t.name} --auth key\`.`,
  forwarding_refused: (t, d) =>
    `The jump host of runner ${t.name} does not let connections through to ${place(t)}${d}; allow it there (AllowTcpForwarding, PermitOpen, no \`restrict\` for the key).`,
  closed: (t) => `The SSH transport is closed, so runner ${t.name} was not asked.`,
  protocol: (t, d) =>
    `Runner ${t.name} at ${place(t)} and Baton do not understand each other${d}; if it stays, report it with this text.`,
};

/** What it means at the host on the way; the other codes speak of the connection as such. */
const atJumpHost: Readonly<Partial<Record<TransportCode, Sentence>>> = {
  name_not_found: () => 'its name is not known to DNS; correct the host or add the name.',
  refused: () => 'nothing accepts connections there; start its sshd or correct the port.',
  timed_out: () => 'no answer in time; check that it is up and that no firewall drops the packets.',
  unreachable: (_, d) => `it cannot be reached${d}; check the network between Baton and it.`,
  host_key_unknown: (t, d) =>
    `it showed the host key ${d}, and none is accepted yet; compare it with the machine's own, then run \`baton runner test ${t.name} --accept-jump-host-key ${d}\`.`,
  host_key_changed: (t, d) =>
    `it showed the host key ${d}, expected ${t.hostKeys.join(' or ')}; somebody may stand in between. If the machine was rebuilt, compare the key and run \`baton runner trust ${t.name} --jump --fingerprint ${d}\`.`,
  permission_denied: (t) =>
    t.auth.kind === 'agent'
      ? `it refused to let ${t.user} in with any key of the server's ssh-agent; add one that it accepts with ssh-add.`
      : `it refused to let ${t.user} in with the key of the runner; add the public key to ~${t.user}/.ssh/authorized_keys there too.`,
};

/** The same error, told of the host on the way; `target` is that host's. */
export const jumpError = (
  code: TransportCode,
  target: RunnerTarget,
  detail = '',
  cause?: unknown,
): TransportError => {
  const error = transportError(code, target, detail, cause);
  const shown = printable(detail);
  const isKey = error.fingerprint !== undefined;
  const text = isKey || shown === '' ? shown : ` (found: ${shown})`;
  const sentence = atJumpHost[code]?.(target, text) ?? error.message;
  return {
    ...error,
    hop: 'jump',
    message: `The jump host ${place(target)} of runner ${target.name}: ${sentence}`,
  };
};

/** Makes the error with its sentence. `detail` is a fingerprint, or what was found; made printable here. */
export const transportError = (
  code: TransportCode,
  target: RunnerTarget,
  detail = '',
  cause?: unknown,
): TransportError => {
  const isKey = code === 'host_key_unknown' || code === 'host_key_changed';
  const shown = printable(detail);
  const text = isKey || shown === '' ? shown : ` (found: ${shown})`;
  return {
    code,
    message: sentences[code](target, text),
    ...(isKey ? { fingerprint: detail } : {}),
    ...(cause === undefined ? {} : { cause }),
  };
};

/** Runner output may hold anything: control characters and bidi marks are taken out, the rest cut. */
export const printable = (text: string): string =>
  text
    .replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, ' ')
    .trim()
    .slice(0, 200);

const bySocketCode: Readonly<Record<string, TransportCode>> = {
  ENOTFOUND: 'name_not_found',
  EAI_AGAIN: 'name_not_found',
  EAI_FAIL: 'name_not_found',
  ECONNREFUSED: 'refused',
  ETIMEDOUT: 'timed_out',
  EHOSTUNREACH: 'unreachable',
  ENETUNREACH: 'unreachable',
  EHOSTDOWN: 'unreachable',
  EADDRNOTAVAIL: 'unreachable',
  ECONNRESET: 'connection_lost',
  EPIPE: 'connection_lost',
};

type Told = (code: TransportCode, target: RunnerTarget, detail?: string, cause?: unknown) => TransportError;

/** ssh2 tells the kind of an error by `level`, the socket's by `code`. `told` makes the error of it. */
export const fromClientError = (
  target: RunnerTarget,
  error: Error,
  told: Told = transportError,
): TransportError => {
  const level = 'level' in error ? error.level : undefined;
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  const known = bySocketCode[code];
  if (known !== undefined) return told(known, target, error.message, error);
  if (level === 'client-timeout') return told('timed_out', target, error.message, error);
  if (level === 'client-dns') return told('name_not_found', target, '', error);
  if (level === 'client-authentication' || isTooManyTries(error))
    return told('permission_denied', target, '', error);
  if (level === 'agent') return told('no_key', target, error.message, error);
  if (level === 'client-socket') return told('unreachable', target, error.message, error);
  // sshd at MaxStartups closes the socket before the handshake; why it does so later, nobody says, and it may pass
  if (error instanceof CutLogin || /before handshake/i.test(error.message))
    return told('back_pressure', target, '', error);
  return told('protocol', target, error.message, error);
};

const runnerCodes: readonly TransportCode[] = [
  'workspace_not_writable',
  'disk_full',
  'missing_tool',
  'protocol',
];

/** From a line `error <code> <text>` of our program on the runner. */
export const fromRunner = (target: RunnerTarget, code: string, text: string): TransportError =>
  transportError(runnerCodes.find((known) => known === code) ?? 'protocol', target, text);
