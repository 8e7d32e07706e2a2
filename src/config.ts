/** What the server is told: flags first, then the environment, then defaults. The only place that reads the environment. */
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import * as E from 'fp-ts/lib/Either.js';
import { appError, type AppError, type Problem } from './app/errors.js';

export type Environment = Readonly<Record<string, string | undefined>>;

export const environment = (): Environment => process.env;

export interface Flags {
  readonly data?: string;
  readonly listen?: string;
  readonly repoRoot?: readonly string[];
  readonly logLevel?: string;
  readonly probeSeconds?: string;
  readonly recoveryProbeSeconds?: string;
}

export interface Config {
  /** Events, logs, secrets and mirrors live below this folder. */
  readonly data: string;
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  /** Local repositories must lie below one of these. */
  readonly repositoryRoots: readonly string[];
  readonly logLevel: string;
  /** Between two automatic probes of a runner: one that is well, and one in quarantine for its failures. */
  readonly probeMs: number;
  readonly recoveryProbeMs: number;
  readonly environment: Environment;
}

const LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'];
const LOOPBACK = ['127.0.0.1', '::1', 'localhost'];

const listenOf = (text: string): { readonly host: string; readonly port: number } | undefined => {
  const colon = text.lastIndexOf(':');
  const port = Number(text.slice(colon + 1));
  const host = text.slice(0, colon).replace(/^\[|\]$/g, '');
  const valid = colon > 0 && /^\d{1,5}$/.test(text.slice(colon + 1)) && port <= 65_535;
  return valid ? { host, port } : undefined;
};

/** Milliseconds; undefined when the text is no number of seconds from 0.1 to a day. */
const secondsOf = (text: string): number | undefined => {
  const ms = /^\d{1,5}(\.\d{1,3})?$/.test(text) ? Math.round(Number(text) * 1000) : NaN;
  return ms >= 100 && ms <= 86_400_000 ? ms : undefined;
};

/** All problems at once. */
export const readConfig = (flags: Flags, env: Environment, cwd: string): E.Either<AppError, Config> => {
  const problems: Problem[] = [];
  const data =
    flags.data ??
    env['BATON_DATA'] ??
    join(env['XDG_STATE_HOME'] ?? join(homedir(), '.local', 'state'), 'baton');
  const listenText = flags.listen ?? env['BATON_LISTEN'] ?? '127.0.0.1:7350';
  const listen = listenOf(listenText);
  if (listen === undefined)
    problems.push({ path: '--listen', expected: 'HOST:PORT with a port from 0 to 65535', found: listenText });
  else if (!LOOPBACK.includes(listen.host))
    problems.push({
      path: '--listen',
      expected: 'a loopback address: 127.0.0.1, [::1] or localhost',
      found: listen.host,
      mend: 'tokens would cross the network in clear text; put a proxy with TLS in front',
    });
  const logLevel = flags.logLevel ?? env['BATON_LOG_LEVEL'] ?? 'info';
  if (!LEVELS.includes(logLevel))
    problems.push({ path: '--log-level', expected: LEVELS.join(', '), found: logLevel });
  const probeText = flags.probeSeconds ?? env['BATON_PROBE_SECONDS'] ?? '60';
  const recoveryText = flags.recoveryProbeSeconds ?? env['BATON_RECOVERY_PROBE_SECONDS'] ?? '20';
  const probeMs = secondsOf(probeText);
  const recoveryProbeMs = secondsOf(recoveryText);
  const seconds = 'a number of seconds from 0.1 to 86400';
  if (probeMs === undefined) problems.push({ path: '--probe-seconds', expected: seconds, found: probeText });
  if (recoveryProbeMs === undefined)
    problems.push({ path: '--recovery-probe-seconds', expected: seconds, found: recoveryText });
  const roots = flags.repoRoot ?? (env['BATON_REPO_ROOTS'] ?? '').split(':').filter((root) => root !== '');
  if (listen === undefined || probeMs === undefined || recoveryProbeMs === undefined || problems.length > 0)
    return E.left(appError('invalid', 'configuration', 'The configuration is not usable.', { problems }));
  return E.right({
    data: resolve(cwd, data),
    host: listen.host,
    port: listen.port,
    repositoryRoots: roots.map((root) => resolve(cwd, root)),
    logLevel,
    probeMs,
    recoveryProbeMs,
    environment: env,
  });
};
