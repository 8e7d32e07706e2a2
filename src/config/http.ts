/** Settings of the HTTP edge: who may reach it, under which names, with which certificate, and how much at once. */
import type { Problem } from '../app/errors.js';
import { publicUrlOf } from '../domain/public-url.js';
import { list, path, setting, switchedOn, text, wholeNumber } from './setting.js';
import type { ResolvedTable } from './resolve.js';

const HOST = /^(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(:\d{1,5})?$/i;

const file = (flag: string, env: string, meaning: string) =>
  setting({
    ...{ flag, takes: '<file>', env, meaning },
    codec: path,
    defaultOf: () => '',
    defaultText: 'none',
    resolve: (value, resolve) => (value === '' ? '' : resolve(value)),
  });

const yes = (flag: string, env: string, meaning: string) =>
  setting({ flag, env, codec: switchedOn, defaultOf: () => false, defaultText: 'no', meaning });

const number = (
  flag: string,
  env: string,
  [min, max, usual]: readonly [number, number, number],
  meaning: string,
) =>
  setting({
    ...{ flag, takes: '<n>', env, meaning },
    codec: wholeNumber(min, max),
    defaultOf: () => usual,
    defaultText: String(usual),
  });

export const httpSettings = {
  tlsCert: file('--tls-cert', 'BATON_TLS_CERT', 'Certificate chain in PEM form; read again on SIGHUP.'),
  tlsKey: file('--tls-key', 'BATON_TLS_KEY', 'Private key of the certificate, in PEM form.'),
  insecureHttp: yes(
    '--insecure-http',
    'BATON_INSECURE_HTTP',
    'Listen off the loopback without TLS, where something else protects the tokens.',
  ),
  allowedHost: setting({
    flag: '--allowed-host',
    takes: '<host...>',
    env: 'BATON_ALLOWED_HOSTS',
    codec: list(
      'names, or name:port',
      ',',
      text('a name, or name:port', (value) => HOST.test(value)),
    ),
    defaultOf: () => [],
    defaultText: 'none',
    meaning:
      'Names that are answered to beside those of the loopback; in the environment separated by commas.',
  }),
  publicUrl: setting({
    flag: '--public-url',
    takes: '<url>',
    env: 'BATON_PUBLIC_URL',
    codec: text(
      'an http or https address such as https://ci.example.org, without a user, a query and a fragment',
      (value) => publicUrlOf(value) !== undefined,
    ),
    defaultOf: () => '',
    defaultText: 'none',
    meaning:
      'Address under which runners reach this server; without one jobs cannot report. Its host is answered to as well.',
  }),
  metricsPublic: yes('--metrics-public', 'BATON_METRICS_PUBLIC', 'GET /metrics needs no token.'),
  web: setting({
    flag: '--no-web',
    env: 'BATON_WEB',
    codec: switchedOn,
    defaultOf: () => true,
    defaultText: 'yes',
    meaning: 'Serve the web pages, and let browsers log in with a cookie; the flag switches both off.',
  }),
  requestsPerSecond: number(
    '--requests-per-second',
    'BATON_REQUESTS_PER_SECOND',
    [1, 100_000, 200],
    'Requests a second with one token.',
  ),
  requestBurst: number(
    '--request-burst',
    'BATON_REQUEST_BURST',
    [1, 1_000_000, 1000],
    'Requests at once with one token after a pause.',
  ),
  failureBurst: number(
    '--failure-burst',
    'BATON_FAILURE_BURST',
    [1, 1_000_000, 60],
    'Requests at once without a usable token, per address; one a second after that.',
  ),
  streamsPerToken: number(
    '--streams-per-token',
    'BATON_STREAMS_PER_TOKEN',
    [1, 10_000, 50],
    'Streams that one token may have open.',
  ),
  headerBytes: number(
    '--header-bytes',
    'BATON_HEADER_BYTES',
    [1024, 1_048_576, 16_384],
    'Largest header of a request, in bytes.',
  ),
  requestTimeout: number(
    '--request-timeout',
    'BATON_REQUEST_TIMEOUT',
    [1, 3600, 30],
    'Seconds in which a whole request must have arrived.',
  ),
};

type HttpSettings = ResolvedTable<typeof httpSettings>;

export interface HttpConfig {
  /** Files in PEM form. */
  readonly tls?: { readonly cert: string; readonly key: string };
  /** Names, or name:port, that are answered beside those of the loopback. */
  readonly allowedHosts: readonly string[];
  /** Where runners reach the API, without a slash at its end. */
  readonly publicUrl?: string;
  readonly metricsPublic: boolean;
  /** Pages, and logins with a cookie. */
  readonly web: boolean;
  readonly requestsPerSecond: number;
  readonly requestBurst: number;
  readonly failureBurst: number;
  readonly streamsPerToken: number;
  readonly headerBytes: number;
  readonly requestTimeoutMs: number;
}

const LOOPBACK = ['127.0.0.1', '::1', 'localhost'];

const tlsOf = ({ tlsCert, tlsKey }: HttpSettings): HttpConfig['tls'] =>
  tlsCert.value === '' || tlsKey.value === '' ? undefined : { cert: tlsCert.value, key: tlsKey.value };

/** What no setting can tell by itself. `listen`: where the server is to listen, and who says so. */
export const httpProblems = (
  found: HttpSettings,
  listen: { readonly host: string; readonly place: string },
): readonly Problem[] => {
  const { tlsCert, tlsKey, insecureHttp } = found;
  const halves = [tlsCert, tlsKey].filter(({ value }) => value !== '');
  const alone =
    halves.length === 1
      ? [
          {
            path: tlsCert.value === '' ? '--tls-cert' : '--tls-key',
            expected: 'a file beside the other',
            found: `only ${halves[0]?.place ?? ''}`,
          },
        ]
      : [];
  const open =
    LOOPBACK.includes(listen.host) || halves.length > 0 || insecureHttp.value
      ? []
      : [
          {
            path: listen.place,
            expected: 'a loopback address (127.0.0.1, [::1] or localhost), or --tls-cert and --tls-key',
            found: listen.host,
            mend: 'tokens would cross the network in clear text; --insecure-http allows it where something else protects it',
          },
        ];
  return [...alone, ...open];
};

export const httpConfigOf = (found: HttpSettings, host: string): HttpConfig => {
  const tls = tlsOf(found);
  const publicUrl = publicUrlOf(found.publicUrl.value);
  // whoever reaches an address that is not the loopback's may call it by that
  const own = ['0.0.0.0', '::', ...LOOPBACK].includes(host) ? [] : [host];
  return {
    ...(tls === undefined ? {} : { tls }),
    ...(publicUrl === undefined ? {} : { publicUrl }),
    allowedHosts: [
      ...found.allowedHost.value,
      ...(publicUrl === undefined ? [] : [new URL(publicUrl).hostname]),
      ...own.map((name) => (name.includes(':') ? `[${name}]` : name)),
    ],
    metricsPublic: found.metricsPublic.value,
    web: found.web.value,
    requestsPerSecond: found.requestsPerSecond.value,
    requestBurst: found.requestBurst.value,
    failureBurst: found.failureBurst.value,
    streamsPerToken: found.streamsPerToken.value,
    headerBytes: found.headerBytes.value,
    requestTimeoutMs: found.requestTimeout.value * 1000,
  };
};
