/** Composition root: the only place that knows every part. Opens in order, closes in reverse. */
import { mkdir } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import * as E from 'fp-ts/lib/Either.js';
import * as TE from 'fp-ts/lib/TaskEither.js';
import { pino, type Logger } from 'pino';
import { changes } from '../plugin/hosts/standalone/changes.js';
import type { PhaseRunsView } from '../projections/phase-runs.js';
import { queueMeasures } from '../projections/queue-measures.js';
import { runnerHealth } from '../projections/runner-health.js';
import { openHosts } from '../plugin/over-http.js';
import { openAccess, type Access } from './app/access.js';
import { appError, type AppError } from './app/errors.js';
import {
  failpointOf,
  logsWithFailpoints,
  passing,
  type Passes,
  sourceWithFailpoints,
  storeWithFailpoints,
  transportWithFailpoints,
} from './app/failpoints.js';
import { type Deps } from './app/handle.js';
import { healthUseCases } from './app/health.js';
import { dispatcherId } from './app/dispatcher-id.js';
import { embeddedEpoch, openInstallation, type Installation } from './app/installation.js';
import { openOwnership, startingWhileOwned, whileOwned, type Owned } from './app/ownership.js';
import { jobReads, jobSourcesAt, readAt } from './app/job-reads.js';
import { jobReports } from './app/job-reports.js';
import { jobSecrets } from './app/job-secrets.js';
import { jobUseCases } from './app/jobs.js';
import { past, type AtMoment } from './app/past.js';
import { fileCheckpoints } from './app/checkpoints.js';
import { readModels, type ReadModel } from './app/read-models.js';
import { watchHealth } from './app/health-watch.js';
import { repeats, type Repeats } from './app/repeats.js';
import { createEvidence } from './app/evidence.js';
import { measureReads } from './app/measure-reads.js';
import { openUpdates } from './app/updates.js';
import { runnerCommands } from './app/runner-commands.js';
import { runnerReads } from './app/runner-reads.js';
import { proofSource } from './app/proof-source.js';
import { proveUseCases } from './app/prove-runner.js';
import { attemptTargetOf, targetOf } from './app/runner-target.js';
import { onRunner, runnerLooks, runnerUseCases } from './app/runners.js';
import { secretUseCases } from './app/secrets.js';
import { openSessions } from './app/sessions.js';
import { sharedSubscriptions } from './app/shared-subscription.js';
import { stateCheckpoints } from './app/state-checkpoints.js';
import { allImpatient, orStoreAway, patienceWith, tellingOfStore, type Patience } from './app/store-away.js';
import { watchAppends } from './app/storage-health.js';
import { compatibilityOf, toolchainUseCases } from './app/toolchains.js';
import type { UseCases } from './app/use-cases.js';
import type { Config } from './config.js';
import type { FolderOn } from './app/job-reads.js';
import { openDispatch } from './dispatch/run.js';
import { probeOf } from './dispatch/link.js';
import { proveSlot } from './dispatch/prove.js';
import type { HttpLimits } from './http/limits.js';
import { listen } from './http/listen.js';
import { createHttpServer, type HttpEdge, type HttpOptions } from './http/server.js';
import type { LogStore } from './app/ports.js';
import { systemClock } from './kernel/time.js';
import { fileLogStore } from './logs/files.js';
import { holdData, openStore } from './open-store.js';
import { projections } from './projections.js';
import { openSecrets, type OpenedSecrets } from './secrets/open.js';
import { rekey, type Rekeyed } from './secrets/rekey.js';
import { gitSource } from './source/git.js';
import { generateKeyPair, publicKeyLineOf } from './ssh/keys.js';
import { sshTransport } from './ssh/transport.js';
import { MOST_QUEUED } from './domain/queue-policy.js';
import { noToolchains } from './domain/toolchain-config.js';
import { version } from './version.js';
import { HOST } from '../plugin/hosts/standalone/ids.js';
import { originalReads } from '../plugin/hosts/standalone/original-reads.js';
import { changeReads } from '../plugin/hosts/standalone/reads.js';
import { changesTouched } from '../plugin/hosts/standalone/touched.js';
import { openStandalone } from '../plugin/hosts/standalone/run.js';
import { lookAtStorage } from './store/storage.js';
import { webhookUseCases } from './app/webhooks.js';
import { webhookDesk } from './webhooks/desk.js';

export interface Baton {
  readonly url: string;
  /** Where people find the pages; undefined when there are none. */
  readonly pages: string | undefined;
  /** Shown once: only the first start has it. */
  readonly firstToken: string | undefined;
  /** Reads the certificate again. */
  readonly reload: () => Promise<E.Either<AppError, void>>;
  /** Resolves when another server has taken over: this one is to be closed. */
  readonly lost: Promise<AppError>;
  readonly close: () => Promise<void>;
}

/** Everything but the listener: what `baton serve` and a host that loads Baton as a plugin have in common. */
export interface Core {
  readonly deps: Deps;
  readonly repeats: Repeats;
  readonly phaseRuns: ReadModel<PhaseRunsView>;
  readonly logs: Pick<LogStore, 'read' | 'watch'>;
  readonly edge: HttpEdge;
  /** A folder for what follows this one history of events. */
  readonly folderOfHistory: (name: string) => string;
  readonly issueFirst: Access['issueFirst'];
  /** Resolves when the past is folded and what was owed has been asked for. */
  readonly ready: Promise<void>;
  /** For whoever waits for any of this: throws when the store stays away. */
  readonly whileThere: Patience['whileThere'];
  /** Resolves when another server has taken over: nothing is dispatched here any more. */
  readonly lost: Promise<AppError>;
  /** Jobs that run go on on their runners and are found again at the next start. */
  readonly close: (closing?: Closing) => Promise<void>;
}

/** `first`: what else needs the store; with it, all has so long to end by itself, 5 s when absent. */
export interface Closing {
  readonly first?: () => Promise<void>;
  readonly withinMs?: number;
}

/** What is known only where Baton is served: by its own listener, or by a host that embeds it. */
export interface Embedding {
  readonly http?: Pick<HttpOptions, 'callerOf' | 'hostAllowList' | 'limits' | 'metricsPublic' | 'webRoot'>;
  /** Browsers may log in with a token and are known by a cookie from then on; absent: a host has a login of its own. */
  readonly logins?: boolean;
  /** Values of a host's own secrets, for jobs; what the local store has is taken from there. */
  readonly secretOf?: (ref: string) => Promise<string>;
  /** Drives the runners in place of whoever does, without waiting. */
  readonly takeOver?: boolean;
  /** Address under which runners reach the API, without a slash at its end; absent: jobs cannot report. */
  readonly publicUrl?: string;
  /** Name of the engine that has loaded Baton: nobody speaks under it over HTTP. */
  readonly engine?: string;
}

/** Below the folder of the data, beside that of the store. */
const FOLDERS = ['logs', 'secrets', 'git', 'projections'] as const;

/** Where the pages lie, beside the compiled program. */
export const WEB_ROOT = join(import.meta.dirname, '..', 'web');

export { webhookProblems } from './webhooks/desk.js';

/** What was opened, to be closed in reverse. */
const closers = () => {
  const list: (() => Promise<void> | void)[] = [];
  return {
    add: (close: () => Promise<void> | void): void => void list.push(close),
    closeAll: async (): Promise<void> => {
      for (const close of list.reverse()) await close();
    },
  };
};

/** So long may what is under way end by itself; then what still waits for the store is told that it is over. */
const CLOSING_MS = 5000;

const limitsOf = (http: Config['http']): HttpLimits => ({
  requests: { perSecond: http.requestsPerSecond, burst: http.requestBurst },
  failures: { perSecond: 1, burst: http.failureBurst },
  streams: http.streamsPerToken,
});

export const logger = (level: string): Logger =>
  pino({ level, base: null }, pino.destination({ fd: 2, sync: true }));

const tellOfSecrets = (
  log: Logger,
  keyFile: string,
  { madeKey, sealedNow, damaged }: OpenedSecrets,
): void => {
  if (madeKey)
    log.warn(
      { keyFile },
      `made the operator key ${keyFile}: keep a copy elsewhere, secrets are lost without it`,
    );
  if (sealedNow > 0) log.warn({ sealedNow }, `sealed ${sealedNow} secrets that were kept in clear until now`);
  for (const error of damaged) log.error({ reason: error.reason }, error.message);
};

/** Seals all secrets with another key; refused while a server runs on the data. */
export const rekeySecrets = async (
  config: Config,
  newKeyFile: string,
): Promise<E.Either<AppError, Rekeyed>> => {
  const held = await holdData(config.data);
  if (E.isLeft(held)) return held;
  const done = await rekey(join(config.data, 'secrets'), config.keyFile, newKeyFile);
  held.right.release();
  return done;
};

/** Nobody else has the store: there is nothing to answer, and nothing to lose. */
const embeddedOwner = async (deps: Deps, installation: Installation): Promise<E.Either<AppError, Owned>> =>
  E.map((epoch: number) => ({
    epoch,
    lost: new Promise<AppError>(() => undefined),
    isLost: () => false,
    obstacle: () => Promise.resolve(undefined),
    close: () => Promise.resolve(),
  }))(await embeddedEpoch(deps, installation));

const ownerAt = async (
  deps: Deps,
  { data, leaseMs }: Pick<Config, 'data' | 'leaseMs'>,
  { takeOver = false }: Embedding,
  log: Logger,
): Promise<E.Either<AppError, Owned>> => {
  const by = { dispatcher: await dispatcherId(data), host: hostname(), pid: process.pid };
  return openOwnership({ ...deps, by, termMs: leaseMs, takeOver, onWait: (message) => log.warn(message) });
};

/** Opens the store that `config` names and sets everything going. */
export const openCore = async (
  config: Omit<Config, 'host' | 'port' | 'http'>,
  log: Logger,
  embedding: Embedding = {},
): Promise<E.Either<AppError, Core>> => {
  const { add, closeAll } = closers();
  let giveUp = (): void => undefined;
  const fail = async (error: AppError): Promise<E.Either<AppError, never>> => {
    // nothing is owed yet
    if (error.code === 'store_unavailable') giveUp();
    await closeAll();
    return E.left(error);
  };
  const folder = (name: string): string => join(config.data, name);

  const armed = failpointOf(config.environment['BATON_FAILPOINT']);
  if (E.isLeft(armed)) return fail(armed.left);
  const struck = armed.right;
  if (struck !== undefined)
    log.warn(struck, 'this server is made to fail, for a test: BATON_FAILPOINT is set');
  const passes =
    struck === undefined ? undefined : passing(struck, (blow) => process.kill(process.pid, blow));
  /** As it is, unless a test wants it to fail. */
  const failing = <Port>(port: Port, withFailpoints: (port: Port, at: Passes) => Port): Port =>
    passes === undefined ? port : withFailpoints(port, passes);

  const opened = await openStore(config, (message) => log.warn(message));
  if (E.isLeft(opened)) return fail(opened.left);
  giveUp = opened.right.giveUp;
  const appends = watchAppends(failing(opened.right.store, storeWithFailpoints), systemClock);
  add(() => appends.store.close());

  // before the first token is made: a start that fails here would have shown it to nobody
  const found = await openSecrets({ directory: folder('secrets'), ...config });
  if (E.isLeft(found)) return fail(found.left);
  const { secrets } = found.right;
  tellOfSecrets(log, config.keyFile, found.right);

  // whoever asks is told that the store is away; what works by itself waits until it is back
  const { whileThere } = patienceWith(appends);
  const unguarded: Deps = { ...appends, clock: systemClock };
  const installation = await orStoreAway(() => whileThere(openInstallation(unguarded)));
  if (E.isLeft(installation)) return fail(installation.left);
  const { installationId } = installation.right;
  const owned = await orStoreAway(() =>
    whileThere(
      config.store === undefined
        ? embeddedOwner(unguarded, installation.right)
        : ownerAt(unguarded, config, embedding, log),
    ),
  );
  if (E.isLeft(owned)) return fail(owned.left);
  add(() => owned.right.close());
  const { epoch } = owned.right;
  const store = config.store === undefined ? appends.store : whileOwned(appends.store, owned.right);
  const deps: Deps = { store, clock: systemClock };
  const processes: Deps = { ...deps, store: sharedSubscriptions(store) };

  for (const name of FOLDERS) await mkdir(folder(name), { recursive: true, mode: 0o700 });
  // a server's events may be others tomorrow, at the same address: what follows them is kept apart for each history
  const folderOfHistory = (name: string): string =>
    config.store === undefined ? folder(name) : join(folder(name), installationId);
  const folded = folderOfHistory('projections');
  await mkdir(folded, { recursive: true, mode: 0o700 });
  const logs = failing(fileLogStore(folder('logs')), logsWithFailpoints);
  const source = failing(
    gitSource({
      directory: folder('git'),
      roots: config.repositoryRoots,
      runnersClone: config.source === 'clone',
      environment: config.environment,
    }),
    sourceWithFailpoints,
  );
  const toolchains = config.toolchains ?? noToolchains;
  const compatibility = compatibilityOf(toolchains, version);
  const agentSocket = config.environment['SSH_AUTH_SOCK'];
  const links = sshTransport({
    installationId,
    epoch,
    toolchains: toolchains.toolchains,
    privateKey: async (ref) => {
      const found = await secrets.get(ref)();
      return E.isRight(found) ? found.right : undefined;
    },
    ...(agentSocket === undefined ? {} : { agentSocket }),
    ...(passes === undefined ? {} : { onOrderSent: () => passes('start.sent') }),
  });
  const reached = failing(links, transportWithFailpoints);
  const transport = config.store === undefined ? reached : startingWhileOwned(reached, owned.right);
  add(() => transport.close());

  const checkpoints = fileCheckpoints(folded);
  const onProblem = (problem: { readonly message: string; readonly cause?: unknown }): void =>
    log.warn({ problem: { ...problem, cause: undefined }, err: problem.cause }, problem.message);
  const { models, close: closeModels } = readModels(projections, store, { checkpoints, onProblem });
  add(closeModels);
  const webhooks = await webhookDesk(config.webhooks ?? [], {
    store,
    written: models.jobs.view$,
    checkpoints: fileCheckpoints(folderOfHistory('webhooks')),
    clock: systemClock,
    onProblem: (message, cause) => log.warn({ err: cause }, message),
  });
  if (E.isLeft(webhooks)) return fail(webhooks.left);
  add(() => webhooks.right.close());
  const before = past(store, systemClock);
  add(() => before.close());
  const asked = allImpatient(models, { store });
  const access = await orStoreAway(() => whileThere(openAccess(deps, asked.access)));
  if (E.isLeft(access)) return fail(access.left);

  const askedBefore = repeats(asked.commands);
  const updates = openUpdates({
    source: models.jobs,
    models: Object.values<Pick<ReadModel<unknown>, 'waitFor' | 'caughtUp'>>(models),
    jobs: models.jobs.view,
    runners: models['runner-health'].view,
    changesOf: (stream) => changesTouched(models.changes.view(), stream),
    onProblem: (message, cause) => log.warn({ err: cause }, message),
  });
  add(() => updates.close());
  const evidence = createEvidence(updates.sawRunner);
  const runnerDeps = {
    ...deps,
    transport,
    secrets,
    repeats: askedBefore,
    health: asked['runner-health'],
    jobs: asked.jobs,
    evidence,
    compatibility,
    keys: { generate: generateKeyPair, publicKeyOf: publicKeyLineOf },
  };
  const givenSecrets = jobSecrets(secrets, embedding.secretOf);
  const reports = jobReports({
    ...deps,
    logs,
    secrets: givenSecrets,
    jobs: asked.jobs,
    sign: secrets.sign,
    ...(embedding.publicUrl === undefined ? {} : { publicUrl: embedding.publicUrl }),
    onProblem: (message, cause) => log.warn({ err: cause }, message),
  });
  add(() => reports.close());
  const looks = runnerLooks(runnerDeps, probeOf);
  const states = stateCheckpoints(folded);
  const dispatch = openDispatch({
    ...processes,
    checkpoints: states,
    transport,
    logs,
    source,
    secrets: givenSecrets,
    reports,
    runnerKeys: secrets,
    epoch,
    policy: config.queue,
    compatibility,
    minFreeBytes: config.phases.minFreeBytes,
    targetOf: (place) => attemptTargetOf(deps, place),
    onRunner: (name, command, envelope) => onRunner(deps, name, command, envelope),
    onProblem: (message, cause) => log.warn({ err: cause }, message),
  });
  add(() => dispatch.close());
  const standalone = openStandalone({
    ...processes,
    checkpoints: states,
    source,
    changes: asked.changes,
    queuePolicy: config.queue,
    ways: config.phases,
    obsoleteJobs: config.obsoleteJobs ?? 'cancel',
    repeats: askedBefore,
    onProblem,
  });
  add(() => standalone.close());

  const watch = watchHealth(
    models['runner-health'],
    evidence,
    looks.probeAgain,
    (message, cause) => log.warn({ err: cause }, message),
    { probeMs: config.probeMs, recoveryMs: config.recoveryProbeMs, clock: systemClock },
  );
  add(() => watch.close());

  const folderOn: FolderOn = async (runner, slot) => {
    const target = await targetOf(deps, runner, slot);
    return E.isLeft(target) ? undefined : `${target.right.base}/${installationId}`;
  };
  const hosts = openHosts({
    ...deps,
    repeats: askedBefore,
    jobs: asked.jobs,
    'phase-runs': asked['phase-runs'],
    maxQueued: config.maxQueued ?? MOST_QUEUED,
    queuePolicy: config.queue,
    taken: [HOST, ...(embedding.engine === undefined ? [] : [embedding.engine])],
  });
  add(hosts.idle);
  const runners = runnerUseCases(runnerDeps, looks);
  const useCases = tellingOfStore<UseCases>({
    ...runners,
    ...runnerCommands(runnerDeps, looks),
    ...proveUseCases(runnerDeps, looks, {
      fence: epoch,
      source: () => proofSource(folded),
      proveSlot: (trial) => proveSlot(transport, trial),
    }),
    ...jobUseCases({
      ...{
        ...deps,
        logs,
        repeats: askedBefore,
        ...asked,
        queuePolicy: config.queue,
        folderOn,
        compatibility,
      },
      retriesByHost: standalone.retries,
    }),
    ...standalone.useCases,
    ...hosts.useCases,
    mayReport: reports.mayReport,
    attemptWith: reports.attemptWith,
    reportProgress: reports.reportProgress,
    ...originalReads({ ...deps, ...asked, listRunners: runners.listRunners }),
    watchUpdates: updates.watch,
    ...measureReads(asked['queue-measures'], () => systemClock.now()),
    ...secretUseCases({ ...deps, secrets, repeats: askedBefore }),
    ...toolchainUseCases(toolchains, version),
    ...webhookUseCases(webhooks.right, store, (at) =>
      TE.map(({ moment }: AtMoment) => moment.position)(before.at(at)),
    ),
    installation: () => TE.right(installation.right),
    at: (at) =>
      TE.map((then: AtMoment) => ({
        moment: then.moment,
        reads: {
          ...runnerReads({ health: then.of(runnerHealth), jobs: jobSourcesAt(then).jobs }),
          ...changeReads(then.of(changes)),
          ...measureReads(then.of(queueMeasures), () => then.moment.time),
          ...jobReads(jobSourcesAt(then), store, config.queue, folderOn, readAt(then.moment)),
        },
      }))(before.at(at)),
    rebuild: (name) => async () => {
      const model = (asked as Readonly<Record<string, ReadModel<unknown> | undefined>>)[name];
      if (model === undefined)
        return E.left(
          appError('not_found', 'projection_unknown', `There is no projection ${name}.`, {
            hint: `There are: ${Object.keys(asked).join(', ')}.`,
          }),
        );
      const events = await model.rebuild();
      updates.sawRebuild();
      return E.right({ name, events });
    },
    ...access.right.useCases,
    ...healthUseCases({
      ...deps,
      storage: () =>
        lookAtStorage(config.data, [...(config.store === undefined ? ['store'] : []), ...FOLDERS]),
      appends,
      queue: models.queue,
      health: models['runner-health'],
      totals: models.totals,
      models,
      webhooks: webhooks.right,
      isOwner: () => !owned.right.isLost(),
      starting: { dispatch: dispatch.ready, standalone: standalone.ready },
    }),
  });

  const { callerOf } = access.right;
  const edge = createHttpServer({
    ...{ useCases, logger: log, ...embedding.http },
    ...(embedding.publicUrl === undefined ? {} : { publicUrl: embedding.publicUrl }),
    ...(embedding.logins === true
      ? { sessions: openSessions({ sign: secrets.sign, clock: systemClock, callerOf }) }
      : {}),
  });
  add(() => edge.close());

  return E.right({
    deps,
    logs,
    repeats: askedBefore,
    phaseRuns: models['phase-runs'],
    edge,
    folderOfHistory,
    issueFirst: () => orStoreAway(access.right.issueFirst),
    ready: Promise.all([dispatch.ready, standalone.ready]).then(() => webhooks.right.open()),
    whileThere,
    lost: owned.right.lost,
    close: async ({ first, withinMs = CLOSING_MS } = {}) => {
      // at a server that is away, what is owed would be tried without end: it is owed at the next start too
      const enough = setTimeout(giveUp, withinMs);
      try {
        await first?.();
        await closeAll();
      } finally {
        clearTimeout(enough);
      }
    },
  });
};

/** Starts a server: the core, and a listener before it. */
export const startBaton = async (
  config: Config,
  log: Logger,
  { takeOver = false }: Pick<Embedding, 'takeOver'> = {},
): Promise<E.Either<AppError, Baton>> => {
  const { http } = config;
  const opened = await openCore(config, log, {
    takeOver,
    ...(http.publicUrl === undefined ? {} : { publicUrl: http.publicUrl }),
    logins: http.web,
    http: {
      hostAllowList: http.allowedHosts,
      limits: limitsOf(http),
      metricsPublic: http.metricsPublic,
      ...(http.web ? { webRoot: WEB_ROOT } : {}),
    },
  });
  if (E.isLeft(opened)) return opened;
  const core = opened.right;
  const listening = await listen(core.edge.handler, { ...http, host: config.host, port: config.port });
  if (E.isLeft(listening)) {
    await core.close();
    return listening;
  }
  const { port, reload, close } = listening.right;
  const closeAll = async (closing?: Closing): Promise<void> => {
    core.edge.close();
    await close();
    await core.close(closing);
  };
  const ready = await orStoreAway(() => core.whileThere(core.ready.then(E.right)));
  if (E.isLeft(ready)) {
    await closeAll({ withinMs: 0 });
    return ready;
  }
  // last of all: it is shown once, and a start that fails shows nothing
  const firstToken = await core.issueFirst();
  if (E.isLeft(firstToken)) {
    await closeAll();
    return firstToken;
  }

  const host = config.host.includes(':') ? `[${config.host}]` : config.host;
  const url = `${http.tls === undefined ? 'http' : 'https'}://${host}:${port}`;
  return E.right({
    url,
    pages: http.web ? (http.publicUrl ?? url) : undefined,
    firstToken: firstToken.right,
    reload,
    lost: core.lost,
    close: () => closeAll(),
  });
};
