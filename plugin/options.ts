/** What whoever loads Baton tells it. Everything that is wrong is said at once. */
import * as E from 'fp-ts/lib/Either.js';
import { isAbsolute } from 'node:path';
import * as t from 'io-ts';
import { publicUrlOf } from '../src/domain/public-url.js';
import { MOST_QUEUED } from '../src/domain/queue-policy.js';
import type { StoreServer } from '../src/config/store.js';
import { shown, suggest } from '../src/domain/problem.js';
import { problemsOf } from '../src/events/report.js';
import { checked, known, whole } from '../src/domain/checks.js';
import type { HostUser, MiddlewareContext, Problem } from './contract.js';
import { parseStore, storeOptions } from './store-options.js';
import { parseToolchainOptions, toolchainOptions } from './toolchain-options.js';
import { parseWebhookOptions, webhookOptions } from './webhook-options.js';
import type { ToolchainPolicy } from '../src/domain/toolchain-config.js';
import type { Webhook } from '../src/domain/webhook-config.js';

export interface BatonOptions {
  /** Recorded with every phase run; the same for ever, since ids follow from it. */
  readonly host: string;
  /** Events, logs, secrets and mirrors live below this folder. */
  readonly data: string;
  /** A server to keep the events at, told as `store`, `storeUser` and `storePasswordFile`; absent: in the data folder. */
  readonly store?: StoreServer;
  /** Operator key that seals secrets; absent: `operator.key` below `data`, made at the first start. */
  readonly keyFile?: string;
  /** Local repositories must lie below one of these. */
  readonly repositoryRoots: readonly string[];
  /** How jobs get their commit: `push`, sent by Baton over SSH, or `clone`, fetched by the git of the runner. `push` when absent. */
  readonly source?: 'push' | 'clone';
  /** What is looked for on runners, and which versions get along; told as `toolchains` and `compatibility`. Absent: nothing. */
  readonly toolchains?: ToolchainPolicy;
  /** Who is told what happens, beside the host. Absent: nobody. */
  readonly webhooks?: readonly Webhook[];
  /** Jobs that may wait and run at a time; more are answered `busy`. */
  readonly maxQueued: number;
  readonly logLevel: string;
  /** Path below which the host mounts the API and the pages, e.g. `/baton`; empty when the host strips it. */
  readonly mount: string;
  /** There are pages for people. */
  readonly web: boolean;
  /** Names that the `Host` header may have beside those of the loopback. */
  readonly allowedHosts: readonly string[];
  /** Address under which runners reach `mount`; absent: jobs cannot report. */
  readonly publicUrl?: string;
  /** An answer of the host is waited for so long. */
  readonly reportTimeoutMs: number;
  /** Longest wait before a report is told again. */
  readonly reportRetryMs: number;
  /** The end of a phase waits so long for a host that takes nothing of its output. */
  readonly logPatienceMs: number;
  /** Who asks, as the host knows it; undefined: the request has to carry a token of Baton. */
  readonly authenticate?: (ctx: MiddlewareContext) => HostUser | undefined | Promise<HostUser | undefined>;
}

const LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'];
const isText = (value: unknown): value is string => typeof value === 'string';
const folder = checked('an absolute path', (value): value is string => isText(value) && isAbsolute(value));

const required = {
  host: checked(
    'a name of 1 to 32 lower-case letters, digits and dashes that starts with a letter, other than standalone',
    (value): value is string =>
      isText(value) && /^[a-z][a-z0-9-]{0,31}$/.test(value) && value !== 'standalone',
  ),
  data: folder,
};
const optional = {
  keyFile: folder,
  repositoryRoots: t.readonlyArray(folder),
  source: t.keyof({ push: null, clone: null }),
  maxQueued: whole(1, 1_000_000),
  logLevel: checked(LEVELS.join(', '), (value): value is string => isText(value) && LEVELS.includes(value)),
  web: checked('true or false', (value): value is boolean => typeof value === 'boolean'),
  mount: checked(
    'a path such as /baton, or nothing',
    (value): value is string => isText(value) && /^(?:\/[A-Za-z0-9._~-]+)*$/.test(value),
  ),
  allowedHosts: t.readonlyArray(
    checked(
      'a host name',
      (value): value is string => isText(value) && /^[A-Za-z0-9._:[\]-]{1,261}$/.test(value),
    ),
  ),
  publicUrl: checked(
    'an http or https address such as https://ci.example.org/baton, without a user, a query and a fragment',
    (value): value is string => isText(value) && publicUrlOf(value) !== undefined,
  ),
  reportTimeoutMs: whole(10, 3_600_000),
  reportRetryMs: whole(10, 3_600_000),
  logPatienceMs: whole(10, 3_600_000),
  authenticate: checked(
    'a function',
    (value): value is NonNullable<BatonOptions['authenticate']> => typeof value === 'function',
  ),
};
const names = [
  ...[...Object.keys(required), ...Object.keys(optional)],
  ...[...storeOptions, ...toolchainOptions, ...webhookOptions],
];
const Options = known(required, optional);

const defaults = {
  repositoryRoots: [],
  maxQueued: MOST_QUEUED,
  logLevel: 'warn',
  mount: '',
  web: true,
  allowedHosts: [],
  reportTimeoutMs: 30_000,
  reportRetryMs: 30_000,
  logPatienceMs: 60_000,
};

const strangers = (raw: object): readonly Problem[] =>
  Object.keys(raw)
    .filter((key) => !names.includes(key))
    .map((key) => ({
      path: key,
      expected: 'no option of this name',
      found: 'one',
      mend: suggest(key, names),
    }));

/** The options with their defaults, or every problem. */
export const parseOptions = (
  raw: unknown,
): { readonly problems: readonly Problem[] } | { readonly options: BatonOptions } => {
  if (typeof raw !== 'object' || raw === null || Array.isArray(raw))
    return { problems: [{ path: '', expected: 'an object with options', found: shown(raw) }] };
  const decoded = Options.decode(raw);
  const store = parseStore(raw);
  const toolchains = parseToolchainOptions(raw);
  const webhooks = parseWebhookOptions(raw);
  const problems = [
    ...strangers(raw),
    ...(E.isLeft(decoded) ? problemsOf(decoded.left) : []),
    ...(E.isLeft(store) ? store.left : []),
    ...(E.isLeft(toolchains) ? toolchains.left : []),
    ...(E.isLeft(webhooks) ? webhooks.left : []),
  ];
  if (
    E.isLeft(decoded) ||
    E.isLeft(store) ||
    E.isLeft(toolchains) ||
    E.isLeft(webhooks) ||
    problems.length > 0
  )
    return { problems };
  // an option that is there and undefined is one that was left out
  const given = Object.entries(decoded.right).filter(([, value]: [string, unknown]) => value !== undefined);
  const server = store.right === undefined ? {} : { store: store.right };
  const { right: policy } = toolchains;
  const says = policy.toolchains.length > 0 || policy.rules.length > 0;
  const rules = says ? { toolchains: policy } : {};
  const told = webhooks.right.length > 0 ? { webhooks: webhooks.right } : {};
  return {
    options: {
      ...defaults,
      ...(Object.fromEntries(given) as typeof decoded.right),
      ...{ ...server, ...rules, ...told },
    },
  };
};
