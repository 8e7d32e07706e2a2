/** What the HTTP edge is told: who may reach it, under which names, with which certificate, and how much at once. */
import type { Problem } from './app/errors.js';

export interface HttpFlags {
  readonly tlsCert?: string;
  readonly tlsKey?: string;
  readonly insecureHttp?: boolean;
  readonly allowedHost?: readonly string[];
  readonly metricsPublic?: boolean;
  readonly requestsPerSecond?: string;
  readonly requestBurst?: string;
  readonly failureBurst?: string;
  readonly streamsPerToken?: string;
  readonly headerBytes?: string;
  readonly requestTimeout?: string;
}

export interface HttpConfig {
  /** Files in PEM form. */
  readonly tls?: { readonly cert: string; readonly key: string };
  /** Plaintext off loopback, as somebody has asked for. */
  readonly insecure: boolean;
  /** Names, or name:port, that are answered beside those of the loopback. */
  readonly allowedHosts: readonly string[];
  readonly metricsPublic: boolean;
  readonly requestsPerSecond: number;
  readonly requestBurst: number;
  readonly failureBurst: number;
  readonly streamsPerToken: number;
  readonly headerBytes: number;
  readonly requestTimeoutMs: number;
}

type Env = Readonly<Record<string, string | undefined>>;

const LOOPBACK = ['127.0.0.1', '::1', 'localhost'];

const HOST = /^(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(:\d{1,5})?$/i;

/** Flag, member, environment, bounds and what holds when nothing is said. */
const numbers = [
  ['requests-per-second', 'requestsPerSecond', 'BATON_REQUESTS_PER_SECOND', 1, 100_000, 200],
  ['request-burst', 'requestBurst', 'BATON_REQUEST_BURST', 1, 1_000_000, 1000],
  ['failure-burst', 'failureBurst', 'BATON_FAILURE_BURST', 1, 1_000_000, 60],
  ['streams-per-token', 'streamsPerToken', 'BATON_STREAMS_PER_TOKEN', 1, 10_000, 50],
  ['header-bytes', 'headerBytes', 'BATON_HEADER_BYTES', 1024, 1_048_576, 16_384],
  ['request-timeout', 'requestTimeout', 'BATON_REQUEST_TIMEOUT', 1, 3600, 30],
] as const;

type NumberName = (typeof numbers)[number][1];

const readNumbers = (flags: HttpFlags, env: Env, problems: Problem[]): Record<NumberName, number> => {
  const found = {} as Record<NumberName, number>;
  for (const [flag, member, variable, min, max, usual] of numbers) {
    const text = flags[member] ?? env[variable] ?? String(usual);
    const number = /^\d{1,7}$/.test(text) ? Number(text) : NaN;
    if (!(number >= min && number <= max))
      problems.push({ path: `--${flag}`, expected: `a whole number from ${min} to ${max}`, found: text });
    found[member] = number;
  }
  return found;
};

const isYes = (flag: boolean | undefined, text: string | undefined): boolean =>
  flag ?? (text === '1' || text === 'true');

/** Appends what cannot be used to `problems`. `host`: where the server is to listen. */
export const readHttpConfig = (
  flags: HttpFlags,
  env: Env,
  host: string | undefined,
  problems: Problem[],
): HttpConfig => {
  const cert = flags.tlsCert ?? env['BATON_TLS_CERT'];
  const key = flags.tlsKey ?? env['BATON_TLS_KEY'];
  const insecure = isYes(flags.insecureHttp, env['BATON_INSECURE_HTTP']);
  if ((cert === undefined) !== (key === undefined)) {
    const [path, found] = cert === undefined ? ['--tls-cert', '--tls-key'] : ['--tls-key', '--tls-cert'];
    problems.push({ path, expected: 'a file beside the other', found: `only ${found}` });
  }
  const tls = cert === undefined || key === undefined ? undefined : { cert, key };
  if (host !== undefined && !LOOPBACK.includes(host) && tls === undefined && !insecure)
    problems.push({
      path: '--listen',
      expected: 'a loopback address (127.0.0.1, [::1] or localhost), or --tls-cert and --tls-key',
      found: host,
      mend: 'tokens would cross the network in clear text; --insecure-http allows it where something else protects it',
    });
  const listed =
    flags.allowedHost ?? (env['BATON_ALLOWED_HOSTS'] ?? '').split(',').filter((name) => name !== '');
  for (const name of listed)
    if (!HOST.test(name))
      problems.push({ path: '--allowed-host', expected: 'a name, or name:port', found: name });
  // whoever reaches an address that is not the loopback's may call it by that
  const own = host === undefined || ['0.0.0.0', '::', ...LOOPBACK].includes(host) ? [] : [host];
  const { requestTimeout, ...limits } = readNumbers(flags, env, problems);
  return {
    ...(tls === undefined ? {} : { tls }),
    insecure,
    allowedHosts: [...listed, ...own.map((name) => (name.includes(':') ? `[${name}]` : name))],
    metricsPublic: isYes(flags.metricsPublic, env['BATON_METRICS_PUBLIC']),
    ...limits,
    requestTimeoutMs: requestTimeout * 1000,
  };
};
