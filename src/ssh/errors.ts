/** What does a failure of SSH or of the runner mean, and what can a person do about it? One table for all of them. */
import type { RunnerTarget, TransportCode, TransportError } from '../app/ports.js';

/** Thrown only where an async iterable leaves no other way; a TransportError in all but name. */
export class LinkError extends Error implements TransportError {
  readonly code: TransportCode;
  readonly fingerprint?: string;

  constructor(error: TransportError) {
    super(error.message, error.cause === undefined ? {} : { cause: error.cause });
    this.name = 'LinkError';
    this.code = error.code;
    if (error.fingerprint !== undefined) this.fingerprint = error.fingerprint;
  }
}

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
    `Runner ${t.name} at ${place(t)} showed the host key ${d}, expected ${t.hostKeys.join(' or ')}; if the machine was rebuilt, enrol it under a new name, otherwise somebody may stand in between.`,
  permission_denied: (t) =>
    `${place(t)} refused to let ${t.user} in with the key of runner ${t.name}; add its public key to ~${t.user}/.ssh/authorized_keys and check that the account is not locked.`,
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
    `There is no usable private key for runner ${t.name}${d}; restore the folder of secrets, or enrol the machine under a new name.`,
  closed: (t) => `The SSH transport is closed, so runner ${t.name} was not asked.`,
  protocol: (t, d) =>
    `Runner ${t.name} at ${place(t)} and Baton do not understand each other${d}; if it stays, report it with this text.`,
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

/** ssh2 tells the kind of an error by `level`, the socket's by `code`. */
export const fromClientError = (target: RunnerTarget, error: Error): TransportError => {
  const level = 'level' in error ? error.level : undefined;
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  const known = bySocketCode[code];
  if (known !== undefined) return transportError(known, target, error.message, error);
  if (level === 'client-timeout') return transportError('timed_out', target, error.message, error);
  if (level === 'client-dns') return transportError('name_not_found', target, '', error);
  if (level === 'client-authentication') return transportError('permission_denied', target, '', error);
  if (level === 'agent') return transportError('no_key', target, error.message, error);
  if (level === 'client-socket') return transportError('unreachable', target, error.message, error);
  // sshd at MaxStartups closes the socket before the handshake.
  if (/before handshake/i.test(error.message)) return transportError('back_pressure', target, '', error);
  return transportError('protocol', target, error.message, error);
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
