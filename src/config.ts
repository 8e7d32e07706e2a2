/** What the server is told: flags first, then the environment, then a file, then defaults. The only place that reads the environment. */
import { join, resolve } from 'node:path';
import * as E from 'fp-ts/lib/Either.js';
import { appError, type AppError, type Problem } from './app/errors.js';
import { readConfigFile } from './config/file.js';
import { explainSettings, resolveSettings, type Explained, type ResolvedTable } from './config/resolve.js';
import type { Environment } from './config/setting.js';
import { httpConfigOf, httpProblems, type HttpConfig } from './config/http.js';
import { phaseWaysOf } from './config/phases.js';
import { queuePolicyOf } from './config/queue.js';
import { addressOf, settings } from './config/settings.js';
import { storeServerOf, type StoreServer } from './config/store.js';
import { toolchainPolicyOf, toolchainProblems } from './config/toolchains.js';
import type { PhaseWays } from './domain/phase-ways.js';
import type { QueuePolicy } from './domain/queue-policy.js';
import type { ToolchainPolicy } from './domain/toolchain-config.js';
import type { Webhook } from './domain/webhook-config.js';

export type { Environment } from './config/setting.js';

export const environment = (): Environment => process.env;

/** What the command line gave, by its own names: `--log-level` is `logLevel`. `config` names the file. */
export type Flags = Readonly<Record<string, unknown>>;

export interface Config {
  /** Events, logs, secrets and mirrors live below this folder. */
  readonly data: string;
  /** Where the events are kept; absent: in the data folder. */
  readonly store?: StoreServer;
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  /** Local repositories must lie below one of these. */
  readonly repositoryRoots: readonly string[];
  /** How jobs get their commit. Absent: `push`. */
  readonly source?: 'push' | 'clone';
  readonly logLevel: string;
  /** The operator key. `mayMakeKey`: nobody named a file, so a first start makes one at the place that Baton chose. */
  readonly keyFile: string;
  readonly mayMakeKey: boolean;
  readonly http: HttpConfig;
  readonly queue: QueuePolicy;
  /** Jobs that may live at a time before engines over HTTP are told to come again. Absent: `MOST_QUEUED`. */
  readonly maxQueued?: number;
  readonly phases: PhaseWays;
  /** What becomes of jobs that a new patchset, a superseding change or a deletion makes useless. Absent: `cancel`. */
  readonly obsoleteJobs?: 'cancel' | 'finish';
  /** What is installed on runners, and which versions get along. Absent: nothing. */
  readonly toolchains?: ToolchainPolicy;
  /** Who is told of what happens. Absent: nobody. */
  readonly webhooks?: readonly Webhook[];
  /** Between two automatic probes of a runner: one that is well, and one in quarantine for its failures. */
  readonly probeMs: number;
  readonly recoveryProbeMs: number;
  /** How long another server waits for this one's answer before it takes over the runners. */
  readonly leaseMs: number;
  readonly environment: Environment;
}

type Settings = ResolvedTable<typeof settings>;

const unusable = (problems: readonly Problem[]): AppError =>
  appError('invalid', 'configuration', 'The configuration is not usable.', { problems });

/** Where the operator key is when nobody says: beside the data, outside of what it seals. */
const keyFileOf = ({ keyFile, data }: Settings): string =>
  keyFile.source === 'default' ? join(data.value, 'operator.key') : keyFile.value;

interface Address {
  readonly host: string;
  readonly port: number;
}

const checked = (found: Settings): E.Either<AppError, Address> => {
  const address = addressOf(found.listen.value);
  const problems = address && [
    ...httpProblems(found, { ...address, place: found.listen.place }),
    ...toolchainProblems(found),
  ];
  return address === undefined || problems === undefined || problems.length > 0
    ? E.left(unusable(problems ?? []))
    : E.right(address);
};

const storeOf = (found: Settings): E.Either<Problem, StoreServer | undefined> => {
  const { store, storeUser, storePasswordFile } = found;
  return storeServerOf(
    { store: store.value, storeUser: storeUser.value, storePasswordFile: storePasswordFile.value },
    (name) => found[name].place || settings[name].flag,
  );
};

interface Checked {
  readonly found: Settings;
  readonly address: Address;
  readonly store: StoreServer | undefined;
}

const readSettings = (flags: Flags, env: Environment, cwd: string): E.Either<AppError, Checked> => {
  const named = typeof flags['config'] === 'string' ? flags['config'] : env['BATON_CONFIG'];
  const file = named === undefined || named === '' ? undefined : readConfigFile(resolve(cwd, named));
  if (file !== undefined && E.isLeft(file)) return E.left(unusable([file.left]));
  const found = resolveSettings(settings, { flags, env, file: file?.right, cwd });
  if (E.isLeft(found)) return E.left(unusable(found.left));
  const address = checked(found.right);
  if (E.isLeft(address)) return address;
  const store = storeOf(found.right);
  return E.isLeft(store)
    ? E.left(unusable([store.left]))
    : E.right({ found: found.right, address: address.right, store: store.right });
};

export const readConfig = (flags: Flags, env: Environment, cwd: string): E.Either<AppError, Config> => {
  const read = readSettings(flags, env, cwd);
  if (E.isLeft(read)) return read;
  const { found, address, store } = read.right;
  const { data, repoRoot, source, logLevel, keyFile, probeInterval, recoveryInterval, leaseTime } = found;
  return E.right({
    data: data.value,
    ...(store === undefined ? {} : { store }),
    ...address,
    repositoryRoots: repoRoot.value,
    source: source.value,
    logLevel: logLevel.value,
    keyFile: keyFileOf(found),
    mayMakeKey: keyFile.source === 'default',
    http: httpConfigOf(found, address.host),
    queue: queuePolicyOf(found),
    maxQueued: found.maxQueued.value,
    phases: phaseWaysOf(found, address.host),
    obsoleteJobs: found.obsoleteJobs.value,
    toolchains: toolchainPolicyOf(found),
    webhooks: found.webhooks.value,
    probeMs: probeInterval.value,
    recoveryProbeMs: recoveryInterval.value,
    leaseMs: leaseTime.value,
    environment: env,
  });
};

/** Every setting with its value, source and meaning; problems are those of `serve`. */
export const explainConfig = (
  flags: Flags,
  env: Environment,
  cwd: string,
): E.Either<AppError, readonly Explained[]> => {
  const read = readSettings(flags, env, cwd);
  if (E.isLeft(read)) return read;
  const { found } = read.right;
  return E.right(
    explainSettings(settings, found).map((row) =>
      row.name === 'key_file' ? { ...row, value: keyFileOf(found) } : row,
    ),
  );
};
