/** Composition root: the only place that knows every part. Opens in order, closes in reverse. */
import { mkdir } from 'node:fs/promises';
import { createServer } from 'node:http';
import { join } from 'node:path';
import * as E from 'fp-ts/lib/Either.js';
import { pino, type Logger } from 'pino';
import { changes } from '../plugin/hosts/standalone/changes.js';
import { commands } from '../projections/commands.js';
import { explain } from '../projections/explain.js';
import { history } from '../projections/history.js';
import { jobs } from '../projections/jobs.js';
import { queue } from '../projections/queue.js';
import { runnerHealth } from '../projections/runner-health.js';
import { openAccess } from './app/access.js';
import { appError, type AppError } from './app/errors.js';
import { type Deps } from './app/handle.js';
import { openInstallation } from './app/installation.js';
import { jobUseCases } from './app/jobs.js';
import { fileCheckpoints } from './app/checkpoints.js';
import { readModel, type ReadModel } from './app/read-models.js';
import { watchHealth } from './app/health-watch.js';
import { repeats } from './app/repeats.js';
import { createEvidence } from './app/evidence.js';
import { runnerCommands } from './app/runner-commands.js';
import { targetOf } from './app/runner-target.js';
import { onRunner, runnerLooks, runnerUseCases } from './app/runners.js';
import type { UseCases } from './app/use-cases.js';
import type { Config } from './config.js';
import { openDispatch } from './dispatch/run.js';
import { probeOf } from './dispatch/link.js';
import { createHttpServer } from './http/server.js';
import { systemClock } from './kernel/time.js';
import { fileLogStore } from './logs/files.js';
import { fileSecretStore } from './secrets/files.js';
import { gitSource } from './source/git.js';
import { generateKeyPair, publicKeyLineOf } from './ssh/keys.js';
import { sshTransport } from './ssh/transport.js';
import { openStandalone } from '../plugin/hosts/standalone/run.js';
import { openSqliteStore } from './store/sqlite.js';

export interface Baton {
  readonly url: string;
  /** Shown once: only the first start has it. */
  readonly firstToken: string | undefined;
  readonly close: () => Promise<void>;
}

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

export const logger = (level: string): Logger =>
  pino({ level, base: null }, pino.destination({ fd: 2, sync: true }));

/** Starts a server on the embedded store below `config.data`. */
export const startBaton = async (config: Config, log: Logger): Promise<E.Either<AppError, Baton>> => {
  const { add, closeAll } = closers();
  const fail = async (error: AppError): Promise<E.Either<AppError, never>> => {
    await closeAll();
    return E.left(error);
  };
  const folder = (name: string): string => join(config.data, name);

  const opened = await openSqliteStore({ directory: folder('store') });
  if (E.isLeft(opened)) {
    const { code, message, hint, cause } = opened.left;
    return fail(appError('store_unavailable', code, message, { hint, cause }));
  }
  const store = opened.right;
  add(() => store.close());
  const deps: Deps = { store, clock: systemClock };

  const installation = await openInstallation(deps);
  if (E.isLeft(installation)) return fail(installation.left);
  const access = await openAccess(deps);
  if (E.isLeft(access)) return fail(access.left);
  const { installationId, epoch } = installation.right;

  for (const name of ['logs', 'secrets', 'git', 'projections'])
    await mkdir(folder(name), { recursive: true, mode: 0o700 });
  const logs = fileLogStore(folder('logs'));
  const secrets = fileSecretStore(folder('secrets'));
  const source = gitSource({
    directory: folder('git'),
    roots: config.repositoryRoots,
    environment: config.environment,
  });
  const agentSocket = config.environment['SSH_AUTH_SOCK'];
  const transport = sshTransport({
    installationId,
    epoch,
    privateKey: async (ref) => {
      const found = await secrets.get(ref)();
      return E.isRight(found) ? found.right : undefined;
    },
    ...(agentSocket === undefined ? {} : { agentSocket }),
  });
  add(() => transport.close());

  const checkpoints = fileCheckpoints(folder('projections'));
  const onProblem = (problem: { readonly message: string; readonly cause?: unknown }): void =>
    log.warn({ problem: { ...problem, cause: undefined }, err: problem.cause }, problem.message);
  const models = {
    jobs: readModel(jobs, store, { checkpoints, onProblem }),
    queue: readModel(queue, store, { checkpoints, onProblem }),
    history: readModel(history, store, { checkpoints, onProblem }),
    explain: readModel(explain, store, { checkpoints, onProblem }),
    'runner-health': readModel(runnerHealth, store, { checkpoints, onProblem }),
    commands: readModel(commands, store, { checkpoints, onProblem }),
    changes: readModel(changes, store, { checkpoints, onProblem }),
  };
  for (const model of Object.values(models)) add(() => model.close());

  const repeated = repeats(models.commands);
  const evidence = createEvidence();
  const runnerDeps = {
    ...deps,
    transport,
    secrets,
    repeats: repeated,
    health: models['runner-health'],
    evidence,
    keys: { generate: generateKeyPair, publicKeyOf: publicKeyLineOf },
  };
  const looks = runnerLooks(runnerDeps, probeOf);
  const dispatch = openDispatch({
    ...deps,
    transport,
    logs,
    source,
    secrets,
    epoch,
    targetOf: (name) => targetOf(deps, name),
    onRunner: (name, command, envelope) => onRunner(deps, name, command, envelope),
    onProblem: (message, cause) => log.warn({ err: cause }, message),
  });
  add(() => dispatch.close());
  const standalone = openStandalone({
    ...deps,
    source,
    changes: models.changes,
    repeats: repeated,
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

  const useCases: UseCases = {
    ...runnerUseCases(runnerDeps, looks),
    ...runnerCommands(runnerDeps, looks),
    ...jobUseCases({ ...deps, logs, repeats: repeated, ...models }),
    ...standalone.useCases,
    rebuild: (name) => async () => {
      const model = (models as Readonly<Record<string, ReadModel<unknown> | undefined>>)[name];
      if (model === undefined)
        return E.left(
          appError('not_found', 'projection_unknown', `There is no projection ${name}.`, {
            hint: `There are: ${Object.keys(models).join(', ')}.`,
          }),
        );
      return E.right({ name, events: await model.rebuild() });
    },
    authenticate: access.right.authenticate,
  };

  const edge = createHttpServer({ useCases, logger: log });
  const server = createServer(edge.handler);
  const listening = await new Promise<E.Either<NodeJS.ErrnoException, number>>((resolve) => {
    server.once('error', (error: NodeJS.ErrnoException) => resolve(E.left(error)));
    server.listen(config.port, config.host, () => {
      const address = server.address();
      resolve(E.right(typeof address === 'object' && address !== null ? address.port : config.port));
    });
  });
  if (E.isLeft(listening))
    return fail(
      appError(
        'conflict',
        'cannot_listen',
        `Cannot listen on ${config.host}:${config.port}: ${listening.left.code ?? ''}.`,
        {
          hint: 'Another server may be running there; choose another with --listen HOST:PORT.',
          cause: listening.left,
        },
      ),
    );
  add(async () => {
    edge.close();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  await Promise.all([dispatch.ready, standalone.ready]);

  const host = config.host.includes(':') ? `[${config.host}]` : config.host;
  return E.right({
    url: `http://${host}:${listening.right}`,
    firstToken: access.right.firstToken,
    close: closeAll,
  });
};
