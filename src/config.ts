/** What the server is told: flags first, then the environment, then a file, then defaults. The only place that reads the environment. */
import { join, resolve } from 'node:path';
import * as E from 'fp-ts/lib/Either.js';
import { appError, type AppError, type Problem } from './app/errors.js';
import { readConfigFile } from './config/file.js';
import { explainSettings, resolveSettings, type Explained, type ResolvedTable } from './config/resolve.js';
import type { Environment } from './config/setting.js';
import { httpConfigOf, httpProblems, type HttpConfig } from './config/http.js';
import { queuePolicyOf } from './config/queue.js';
import { addressOf, settings } from './config/settings.js';
import { storeServerOf, type StoreServer } from './config/store.js';
import type { QueuePolicy } from './domain/queue-policy.js';

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
  readonly logLevel: string;
  /** The operator key. `mayMakeKey`: nobody named a file, so a first start makes one at the place that Baton chose. */
  readonly keyFile: string;
  readonly mayMakeKey: boolean;
  readonly http: HttpConfig;
  readonly queue: QueuePolicy;
  /** Between two automatic probes of a runner: one that is well, and one in quarantine for its failures. */
  readonly probeMs: number;
  readonly recoveryProbeMs: number;
  readonly environment: Environment;
}

type Settings = ResolvedTable<typeof settings>;

const unusable = (problems: readonly Problem[]): AppError =>
  appError('invalid', 'configuration', 'The configuration is not usable.', { problems });

/** Where the operator key is when nobody says: beside the data, outside of what it seals. */
const keyFileOf = ({ keyFile, data }: Settings): string =>
  keyFile.source === 'default' ? join(data.value, 'operator.key') : keyFile.value;

const checked = (found: Settings): E.Either<AppError, { readonly host: string; readonly port: number }> => {
  const address = addressOf(found.listen.value);
  const problems = address && httpProblems(found, { ...address, place: found.listen.place });
  return address === undefined || problems === undefined || problems.length > 0
    ? E.left(unusable(problems ?? []))
    : E.right(address);
};

const readSettings = (flags: Flags, env: Environment, cwd: string): E.Either<AppError, Settings> => {
  const named = typeof flags['config'] === 'string' ? flags['config'] : env['BATON_CONFIG'];
  const file = named === undefined || named === '' ? undefined : readConfigFile(resolve(cwd, named));
  if (file !== undefined && E.isLeft(file)) return E.left(unusable([file.left]));
  const found = resolveSettings(settings, { flags, env, file: file?.right, cwd });
  return E.isLeft(found) ? E.left(unusable(found.left)) : found;
};

/** All problems at once. */
export const readConfig = (flags: Flags, env: Environment, cwd: string): E.Either<AppError, Config> => {
  const found = readSettings(flags, env, cwd);
  if (E.isLeft(found)) return found;
  const address = checked(found.right);
  if (E.isLeft(address)) return address;
  const store = storeServerOf(found.right);
  if (E.isLeft(store)) return E.left(unusable([store.left]));
  const { data, repoRoot, logLevel, keyFile, probeInterval, recoveryInterval } = found.right;
  return E.right({
    data: data.value,
    ...(store.right === undefined ? {} : { store: store.right }),
    ...address.right,
    repositoryRoots: repoRoot.value,
    logLevel: logLevel.value,
    keyFile: keyFileOf(found.right),
    mayMakeKey: keyFile.source === 'default',
    http: httpConfigOf(found.right, address.right.host),
    queue: queuePolicyOf(found.right),
    probeMs: probeInterval.value,
    recoveryProbeMs: recoveryInterval.value,
    environment: env,
  });
};

/** Every setting with its value, source and meaning; problems are those of `serve`. */
export const explainConfig = (
  flags: Flags,
  env: Environment,
  cwd: string,
): E.Either<AppError, readonly Explained[]> => {
  const found = readSettings(flags, env, cwd);
  if (E.isLeft(found)) return found;
  const address = checked(found.right);
  if (E.isLeft(address)) return address;
  const store = storeServerOf(found.right);
  if (E.isLeft(store)) return E.left(unusable([store.left]));
  const rows = explainSettings(settings, found.right);
  return E.right(
    rows.map((row) => (row.name === 'key_file' ? { ...row, value: keyFileOf(found.right) } : row)),
  );
};
