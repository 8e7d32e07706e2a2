/** What the configuration of Screwdriver tells its executor: `executor.baton.options`. Everything that is wrong is said at once. Pure. */
import * as E from 'fp-ts/lib/Either.js';
import { isAbsolute } from 'node:path';
import * as t from 'io-ts';
import { checked, known, name, whole } from '../../../src/domain/checks.js';
import type { Problem } from '../../contract.js';
import { shown, suggest } from '../../../src/domain/problem.js';
import { problemsOf } from '../../../src/events/report.js';

export interface ShimOptions {
  /** Folder for Baton's data and the records of builds; one process at a time. */
  readonly data: string;
  /** Operator key: seals the tokens and secrets of builds, and Baton's own secrets. */
  readonly keyFile: string;
  /** Recorded with each build; the same for ever. */
  readonly host: string;
  readonly enterprise: string;
  /** Address of Baton's own API, on the loopback; absent: there is none. */
  readonly listen?: string;
  /** Who has what this file holds is admin there. */
  readonly tokenFile?: string;
  /** Addresses as this process reaches them; those of the ecosystem when absent. */
  readonly apiUri?: string;
  readonly storeUri?: string;
  readonly buildTimeoutMinutes: number;
  readonly maxBuildTimeoutMinutes: number;
  /** A build that no runner took for so long ends as expired. */
  readonly maxQueueMinutes: number;
  /** Log lines are kept back for a store that does not answer for so long, then left out. */
  readonly storePatienceMs: number;
  readonly maxQueued: number;
  /** Of builds of one job that wait, only the newest is kept, unless the job says otherwise. */
  readonly collapseBuilds: boolean;
  readonly logLevel: string;
}

const isText = (value: unknown): value is string => typeof value === 'string';
const path = checked('an absolute path', (value): value is string => isText(value) && isAbsolute(value));
const address = checked(
  'an http or https address without a user, a query and a fragment',
  (value): value is string => {
    if (!isText(value) || !URL.canParse(value)) return false;
    const { protocol, username, password, search, hash } = new URL(value);
    return /^https?:$/.test(protocol) && username + password + search + hash === '';
  },
);
const minutes = whole(1, 43_200);
const required = { data: path, keyFile: path };
const optional = {
  host: checked(
    'a name of 1 to 32 lower-case letters, digits and dashes that starts with a letter',
    (value): value is string => isText(value) && /^[a-z][a-z0-9-]{0,31}$/.test(value),
  ),
  enterprise: name,
  listen: checked(
    'an address of the loopback such as 127.0.0.1:7410; a proxy may stand before it',
    (value): value is string => isText(value) && /^(?:127\.0\.0\.1|\[::1\]|localhost):\d{1,5}$/.test(value),
  ),
  tokenFile: path,
  apiUri: address,
  storeUri: address,
  buildTimeoutMinutes: minutes,
  maxBuildTimeoutMinutes: minutes,
  maxQueueMinutes: minutes,
  storePatienceMs: whole(0, 86_400_000),
  maxQueued: whole(1, 1_000_000),
  collapseBuilds: checked('true or false', (value): value is boolean => typeof value === 'boolean'),
  logLevel: t.keyof({
    fatal: null,
    error: null,
    warn: null,
    info: null,
    debug: null,
    trace: null,
    silent: null,
  }),
};
const Options = known(required, optional);
const names = [...Object.keys(required), ...Object.keys(optional)];
/** What the API adds by itself. */
const FROM_THE_API: readonly string[] = ['ecosystem', 'pipelineFactory'];

const defaults = {
  ...{ host: 'screwdriver', enterprise: 'default' },
  ...{ buildTimeoutMinutes: 90, maxBuildTimeoutMinutes: 720, maxQueueMinutes: 720 },
  ...{ storePatienceMs: 60_000, maxQueued: 1000, collapseBuilds: true, logLevel: 'warn' },
};

/** `raw`: what the constructor of an executor is given. */
export const parseOptions = (raw: unknown): E.Either<readonly Problem[], ShimOptions> => {
  if (typeof raw !== 'object' || raw === null || Array.isArray(raw))
    return E.left([{ path: '', expected: 'an object with options', found: shown(raw) }]);
  const told: object = raw;
  const strangers = Object.keys(told)
    .filter((key) => !names.includes(key) && !FROM_THE_API.includes(key))
    .map((key) => ({
      path: key,
      expected: 'no option of this name',
      found: 'one',
      mend: suggest(key, names),
    }));
  const decoded = Options.decode(told);
  const problems: readonly Problem[] = [...strangers, ...(E.isLeft(decoded) ? problemsOf(decoded.left) : [])];
  if (E.isLeft(decoded) || problems.length > 0) return E.left(problems);
  const { right: options } = decoded;
  const { buildTimeoutMinutes: one, maxBuildTimeoutMinutes: most } = { ...defaults, ...options };
  return one > most
    ? E.left([
        { path: 'buildTimeoutMinutes', expected: `at most maxBuildTimeoutMinutes, ${most}`, found: `${one}` },
      ])
    : E.right({ ...defaults, ...options });
};
