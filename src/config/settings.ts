/** Every setting of the server, in one table: what is not here cannot be set. `serve`, the file and `config explain` are made from it. */
import { homedir } from 'node:os';
import { join } from 'node:path';
import { defaultProbes } from '../app/health-watch.js';
import { TERM_MS } from '../app/ownership.js';
import { httpSettings } from './http.js';
import { phaseSettings } from './phases.js';
import { queueSettings } from './queue.js';
import { standaloneSettings } from './standalone.js';
import { storeSettings } from './store.js';
import { toolchainSettings } from './toolchains.js';
import { webhookSettings } from './webhooks.js';
import { choice, path, paths, setting, span, text, type Environment } from './setting.js';

/** `host:port`; undefined when it is something else. */
export const addressOf = (given: string): { readonly host: string; readonly port: number } | undefined => {
  const colon = given.lastIndexOf(':');
  const port = Number(given.slice(colon + 1));
  const host = given.slice(0, colon).replace(/^\[|\]$/g, '');
  const valid = colon > 0 && /^\d{1,5}$/.test(given.slice(colon + 1)) && port <= 65_535;
  return valid ? { host, port } : undefined;
};

const defaultData = (env: Environment): string =>
  join(env['XDG_STATE_HOME'] ?? join(homedir(), '.local', 'state'), 'baton');

export const settings = {
  data: setting({
    flag: '--data',
    takes: '<dir>',
    env: 'BATON_DATA',
    codec: path,
    defaultOf: defaultData,
    defaultText: '~/.local/state/baton',
    meaning: 'Folder of events, logs, sealed secrets and copies of repositories.',
    resolve: (value, resolve) => resolve(value),
  }),
  listen: setting({
    flag: '--listen',
    takes: '<host:port>',
    env: 'BATON_LISTEN',
    codec: text('HOST:PORT with a port from 0 to 65535', (value) => addressOf(value) !== undefined),
    defaultOf: () => '127.0.0.1:7350',
    defaultText: '127.0.0.1:7350',
    meaning: 'Address to listen on; off the loopback only with TLS; port 0 is any free one.',
  }),
  keyFile: setting({
    flag: '--key-file',
    takes: '<file>',
    env: 'BATON_KEY_FILE',
    codec: path,
    // empty: beside the data, wherever that is; made at the first start
    defaultOf: () => '',
    defaultText: 'operator.key in the data folder',
    meaning: 'Operator key that seals secrets: 32 bytes in base64, mode 0600; better kept on another disk.',
    resolve: (value, resolve) => (value === '' ? '' : resolve(value)),
  }),
  repoRoot: setting({
    flag: '--repo-root',
    takes: '<dir...>',
    env: 'BATON_REPO_ROOTS',
    codec: paths,
    defaultOf: () => [],
    defaultText: 'none',
    meaning:
      'Local repositories must lie below one of these folders; in the environment separated by colons.',
    resolve: (value, resolve) => value.map(resolve),
  }),
  source: setting({
    flag: '--source',
    takes: '<way>',
    env: 'BATON_SOURCE',
    codec: choice('push', 'clone'),
    defaultOf: (): 'push' | 'clone' => 'push',
    defaultText: 'push',
    meaning:
      'How jobs get their commit: push, sent by the server over SSH; clone, fetched by the git of the runner.',
  }),
  logLevel: setting({
    flag: '--log-level',
    takes: '<level>',
    env: 'BATON_LOG_LEVEL',
    codec: choice<string>('fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'),
    defaultOf: () => 'info',
    defaultText: 'info',
    meaning: 'What the server says of itself on stderr: fatal, error, warn, info, debug, trace or silent.',
  }),
  probeInterval: setting({
    flag: '--probe-interval',
    takes: '<time>',
    env: 'BATON_PROBE_INTERVAL',
    codec: span,
    defaultOf: () => defaultProbes.probeMs,
    defaultText: '60s',
    meaning: 'Time between two automatic probes of a runner.',
  }),
  recoveryInterval: setting({
    flag: '--recovery-interval',
    takes: '<time>',
    env: 'BATON_RECOVERY_INTERVAL',
    codec: span,
    defaultOf: () => defaultProbes.recoveryProbeMs,
    defaultText: '20s',
    meaning: 'The same for a runner in quarantine for its failures.',
  }),
  leaseTime: setting({
    flag: '--lease-time',
    takes: '<time>',
    env: 'BATON_LEASE_TIME',
    codec: span,
    defaultOf: () => TERM_MS,
    defaultText: '30s',
    meaning: 'At a server for the events: how long another Baton waits for an answer before it takes over.',
  }),
  ...storeSettings,
  ...httpSettings,
  ...queueSettings,
  ...phaseSettings,
  ...standaloneSettings,
  ...toolchainSettings,
  ...webhookSettings,
};
