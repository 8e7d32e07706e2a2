/** The executor itself, behind the class that Screwdriver makes: opens everything, and answers its calls. */
import { join } from 'node:path';
import * as E from 'fp-ts/lib/Either.js';
import * as t from 'io-ts';
import type { Ack, Host, HostCommand, Plugin, Problem, Report } from '../../contract.js';
import type * as BatonEntry from '../../index.js';
import { screwdriverApi, type ScrewdriverApi } from './api.js';
import { openBuilds, type Builds } from './builds.js';
import { adminBy, listen, type Listener } from './listener.js';
import { filesOf } from './option-files.js';
import { parseOptions, type ShimOptions } from './options.js';
import { pauses } from './pauses.js';
import { buildIdOf, secretAsked, type Addresses } from './promotion.js';
import { openRecords, type BuildRecord, type Records } from './records.js';
import { openValues } from './sealed.js';
import { ForBuild, Periodic, StartConfig } from './shapes.js';
import { counting, type Counts } from './stats.js';
import { telling } from './telling.js';

/** What `import('baton')` gives. */
type Baton = Pick<typeof BatonEntry, 'default' | 'loadPlugin'>;

export interface Executor {
  readonly start: (config: unknown) => Promise<void>;
  readonly stop: (config: unknown) => Promise<void>;
  readonly status: (config: unknown) => Promise<string>;
  /** Says that a job will not be started at its times. */
  readonly periodic: (config: unknown) => void;
  readonly stats: () => Counts;
  readonly cleanUp: () => Promise<void>;
}

export interface ExecutorDeps {
  /** Argument of the constructor. */
  readonly config: unknown;
  readonly baton: () => Promise<Baton>;
  readonly say: (sentence: string) => void;
}

interface Opened {
  readonly records: Records;
  readonly builds: Builds;
  /** Durable when it resolves, and then Screwdriver may save the end of the build. */
  readonly stop: (buildId: number) => Promise<void>;
  readonly close: () => Promise<void>;
}

const CALL_MS = 30_000;
const FIRST_RETRY_MS = 1000;
const LONGEST_RETRY_MS = 30_000;
const STOP_MS = 10_000;
const END_SAVED_MS = 60_000;

const Ecosystem = t.type({ ecosystem: t.partial({ api: t.string, store: t.string }) });

const bare = (url: string): string => url.replace(/\/+$/, '');

const sentenceOf = ({ path, expected, found, mend }: Problem): string =>
  `${path}: expected ${expected}, found ${found}${mend === undefined ? '' : ` (${mend})`}`;

export const createExecutor = ({ config, baton, say }: ExecutorDeps): Executor => {
  const counts = counting();
  const now = (): number => Date.now();
  let closing = false;
  let known: Opened | undefined;
  const { pause, end: endPauses } = pauses();

  const addressesOf = (options: ShimOptions): ((record: BuildRecord) => Addresses) => {
    const told = Ecosystem.decode(config);
    const { api, store } = E.isRight(told) ? told.right.ecosystem : {};
    return ({ apiUri }) => ({
      apiUri: bare(options.apiUri ?? api ?? apiUri),
      storeUri: bare(options.storeUri ?? store ?? apiUri),
    });
  };

  /** Another process may still have the folder: until that has gone, builds are recorded and wait. */
  const started = async (plugin: Plugin): Promise<void> => {
    for (let failures = 0; !closing; failures += 1)
      try {
        await plugin.start();
        return;
      } catch (error) {
        say(
          `Baton cannot start yet, and tries again: ${error instanceof Error ? error.message : String(error)}`,
        );
        await pause(Math.min(FIRST_RETRY_MS * 2 ** Math.min(failures, 10), LONGEST_RETRY_MS));
      }
  };

  const open = async (): Promise<E.Either<readonly Problem[], Opened>> => {
    const parsed = parseOptions(config);
    if (E.isLeft(parsed)) return parsed;
    const { right: options } = parsed;
    const files = await filesOf(options);
    if (E.isLeft(files)) return files;
    const { key, token } = files.right;
    const records = await openRecords(join(options.data, 'builds'), now(), (file) =>
      say(`${file} is no record of a build, and is left as it is`),
    );
    const addresses = addressesOf(options);
    const api = (record: BuildRecord): ScrewdriverApi =>
      screwdriverApi({ ...addresses(record), timeoutMs: CALL_MS });

    const { default: module, loadPlugin } = await baton();
    let begin: (plugin: Plugin) => void = () => undefined;
    const running = new Promise<Plugin>((resolve) => (begin = resolve));
    const handle = async (command: HostCommand): Promise<Ack> => (await running).handle(command);
    const builds = openBuilds({
      ...{ options, key, records, api, addresses, handle, now, say },
      endSavedMs: END_SAVED_MS,
    });
    const told = telling({
      ...{ records, api, now, say, storePatienceMs: options.storePatienceMs },
      ...{ stop: builds.stop, close: builds.close },
      tokenOf: ({ buildId, sealed }) => openValues(key, buildId, sealed)?.token,
    });
    const host: Host = {
      capabilities: new Set(['cancel', 'secrets', 'http.mount', 'logs.stream']),
      contract: '1.4.0',
      report: async (report: Report, how) => {
        const buildId = buildIdOf(report.hostKey);
        if (report.type === 'phase.finished' && buildId !== undefined && report.attempt === 1)
          counts.ended(buildId, report.outcome, now());
        return told.report(report, how);
      },
      log: told.log,
      secret: (ref) => {
        const asked = secretAsked(ref);
        const record = asked && records.get(asked.buildId);
        const values = record && openValues(key, record.buildId, record.sealed);
        const value = asked && values && [values.token, ...values.secrets][asked.index];
        return value === undefined
          ? Promise.reject(new Error(`no build has ${ref}`))
          : Promise.resolve(value);
      },
    };
    const { host: name, keyFile, maxQueued, logLevel } = options;
    const authenticate = adminBy(token);
    const loaded = await loadPlugin(module, host, {
      ...{ host: name, data: join(options.data, 'baton'), keyFile, maxQueued, logLevel },
      authenticate,
    });
    if ('problems' in loaded) return E.left(loaded.problems);
    const { plugin } = loaded;
    let listener: Listener | undefined;
    const life = started(plugin).then(async () => {
      if (closing) return;
      begin(plugin);
      builds.resume();
      if (options.listen === undefined) return;
      listener = await listen(
        options.listen,
        plugin.middleware(),
        token === undefined ? undefined : (req) => authenticate({ req }) !== undefined,
      ).catch((error: unknown) => {
        say(`listen: ${options.listen ?? ''} cannot be had: ${String(error)}`);
        return undefined;
      });
    });
    return E.right({
      records,
      builds,
      stop: async (buildId) => {
        await builds.stop(buildId);
        await told.runningTold(buildId);
      },
      close: async () => {
        builds.end();
        await life;
        await listener?.close();
        await plugin.stop({ mode: 'detach', deadlineMs: STOP_MS });
      },
    });
  };

  const opening = open().catch((error: unknown): E.Either<readonly Problem[], Opened> =>
    E.left([
      {
        path: '',
        expected: 'Baton to be loaded',
        found: error instanceof Error ? error.message : String(error),
      },
    ]),
  );
  void opening.then((opened) => {
    if (E.isLeft(opened)) for (const problem of opened.left) say(sentenceOf(problem));
    else known = opened.right;
  });

  const openedOf = (found: E.Either<readonly Problem[], Opened>): Opened => {
    if (E.isLeft(found))
      throw new Error(`Baton was not loaded, so it runs no builds. ${found.left.map(sentenceOf).join('; ')}`);
    return found.right;
  };

  return {
    // as `stop` waits, so that none overtakes the start of its build
    start: async (told) => {
      const { builds } = openedOf(await opening);
      const decoded = StartConfig.decode(told);
      if (E.isLeft(decoded)) throw new Error('start was told something else than a build with its token');
      await builds.start(decoded.right);
      counts.began(decoded.right.buildId, now());
    },
    stop: async (told) => {
      const found = await opening;
      const decoded = ForBuild.decode(told);
      if (E.isRight(decoded) && E.isRight(found)) await found.right.stop(decoded.right.buildId);
    },
    status: async (told) => {
      const { records } = openedOf(await opening);
      const decoded = ForBuild.decode(told);
      const record = E.isRight(decoded) ? records.get(decoded.right.buildId) : undefined;
      return record === undefined ? 'Baton does not know this build' : `the build is ${record.state}`;
    },
    periodic: (told) => {
      const decoded = Periodic.decode(told);
      if (E.isLeft(decoded)) return;
      const { pipeline, job } = decoded.right;
      const event = JSON.stringify({ pipelineId: pipeline.id, startFrom: job.name });
      say(
        `job ${JSON.stringify(job.name)} has buildPeriodically, and Baton starts no builds by itself: let a timer POST ${event} to /v4/events`,
      );
    },
    stats: () => counts.now(known?.records.live().length ?? 0, known !== undefined),
    cleanUp: async () => {
      closing = true;
      endPauses();
      const found = await opening;
      if (E.isRight(found)) await found.right.close();
    },
  };
};
