/** The life of a loaded plugin: registered → starting → started → stopping → stopped. */
import type { IncomingMessage, RequestListener } from 'node:http';
import * as E from 'fp-ts/lib/Either.js';
import { filter, firstValueFrom } from 'rxjs';
import type { PhaseRunsView } from '../projections/phase-runs.js';
import { fileCheckpoints } from '../src/app/checkpoints.js';
import type { AppError } from '../src/app/errors.js';
import type { Deps } from '../src/app/handle.js';
import type { LogStore } from '../src/app/ports.js';
import type { ReadModel } from '../src/app/read-models.js';
import type { Repeats } from '../src/app/repeats.js';
import { orStoreAway, type Patience } from '../src/app/store-away.js';
import type { Caller } from '../src/app/use-cases.js';
import type {
  Ack,
  Capability,
  Health,
  Host,
  Plugin,
  Problem,
  RecoveryReport,
  StopOptions,
} from './contract.js';
import { healthOf } from './health.js';
import { parseHostCommand } from './host-commands.js';
import { openIntake, type Intake } from './intake.js';
import { mount } from './mount.js';
import type { BatonOptions } from './options.js';
import { openOutbox, type Outbox } from './outbox.js';
import { verify } from './verify.js';

/** What the composition root opens. */
export interface Engine {
  readonly deps: Deps;
  readonly logs: Pick<LogStore, 'read' | 'watch'>;
  readonly repeats: Repeats;
  readonly phaseRuns: ReadModel<PhaseRunsView>;
  readonly edge: { readonly handler: RequestListener };
  /** A folder for what follows this one history of events. */
  readonly folderOfHistory: (name: string) => string;
  readonly ready: Promise<void>;
  /** For whoever waits for any of this: throws when the store stays away. */
  readonly whileThere: Patience['whileThere'];
  /** Resolves when another server has taken over: this one is to be closed. */
  readonly lost: Promise<AppError>;
  /** `first`: what else needs the store; with it, all has so long to end by itself, a few seconds when absent. */
  readonly close: (closing?: {
    readonly first?: () => Promise<void>;
    readonly withinMs?: number;
  }) => Promise<void>;
}

export interface LifecycleOptions {
  readonly host: Host;
  readonly options: BatonOptions;
  readonly wants: readonly Capability[];
  /** What is wrong with what only adapters look at. */
  readonly alsoVerify?: () => Promise<readonly Problem[]>;
  readonly open: (
    callerOf: (request: IncomingMessage) => Caller | undefined,
  ) => Promise<E.Either<AppError, Engine>>;
  readonly onProblem: (message: string, cause?: unknown) => void;
}

const problemText = ({ path, expected, found, mend }: Problem): string =>
  `${path}: expected ${expected}, found ${found}${mend === undefined ? '' : `; ${mend}`}.`;

/** Why `start` failed; `code` and `hint` are those of the application. */
class StartError extends Error {
  readonly code: string;
  readonly hint: string | undefined;
  constructor({ reason, message, hint, problems = [], cause }: AppError) {
    super([message, ...problems.map(problemText)].join(' '), { cause });
    this.name = 'BatonStartError';
    this.code = reason;
    this.hint = hint;
  }
}

interface Running {
  readonly engine: Engine;
  readonly intake: Intake;
  readonly outbox: Outbox;
}

const NO_ONE = { phaseRuns: 0, jobs: 0 };

export const createPlugin = ({
  host,
  options,
  wants,
  alsoVerify,
  open,
  onProblem,
}: LifecycleOptions): Plugin => {
  let state: Health['state'] = 'registered';
  let running: Running | undefined;
  let starting: Promise<RecoveryReport> | undefined;
  let closing: Promise<void> | undefined;
  let announceClosing: () => void = () => undefined;
  const closingBegun = new Promise<void>((resolve) => (announceClosing = resolve));
  const takesLogs = host.capabilities.has('logs.stream') ? host.log?.bind(host) : undefined;
  const lacks = (capability: Capability): boolean =>
    !host.capabilities.has(capability) || (capability === 'logs.stream' && takesLogs === undefined);
  const mounted = mount(options, () =>
    state === 'started' || state === 'stopping' ? running?.engine.edge.handler : undefined,
  );

  const live = (): Health['live'] => {
    const view = running?.engine.phaseRuns.view();
    return view === undefined ? NO_ONE : { phaseRuns: Object.keys(view.live).length, jobs: view.rows };
  };

  const ours = (view: PhaseRunsView) => Object.values(view.live).filter((run) => run.host === options.host);

  // ---- start

  const startNow = async (): Promise<RecoveryReport> => {
    state = 'starting';
    const opened = await open(mounted.callerOf);
    if (E.isLeft(opened)) {
      state = 'registered';
      starting = undefined;
      throw new StartError(opened.left);
    }
    const engine = opened.right;
    const { deps, repeats, phaseRuns } = engine;
    const intake = openIntake({
      ...deps,
      ...{ repeats, phaseRuns, host: options.host, maxQueued: options.maxQueued },
    });
    const outbox = openOutbox({
      host: options.host,
      report: (report, how) => host.report(report, how),
      store: deps.store,
      written: phaseRuns.view$,
      checkpoints: fileCheckpoints(engine.folderOfHistory('outbox')),
      refuse: intake.refuse,
      ...(takesLogs
        ? {
            logs: {
              log: takesLogs,
              ...{ store: engine.logs, patienceMs: options.logPatienceMs },
            },
          }
        : {}),
      timeoutMs: options.reportTimeoutMs,
      mostRetryMs: options.reportRetryMs,
      onProblem,
    });
    const opening = async (): Promise<void> => {
      await engine.ready;
      await phaseRuns.caughtUp();
      await outbox.open();
    };
    const failed = async (cause: unknown): Promise<never> => {
      await engine.close({ first: outbox.close, ...(cause instanceof StartError ? { withinMs: 0 } : {}) });
      state = 'registered';
      starting = undefined;
      throw cause;
    };
    const ready = await orStoreAway(() => engine.whileThere(opening().then(E.right))).catch(failed);
    if (E.isLeft(ready)) return failed(new StartError(ready.left));
    running = { engine, intake, outbox };
    state = 'started';
    void engine.lost.then((error) => {
      onProblem(error.message, error);
      return stop({ mode: 'detach', deadlineMs: 0 });
    });
    const recovery = { live: live(), reports: outbox.waiting() };
    outbox.go();
    return recovery;
  };

  // ---- handle

  const notNow = (): Ack | undefined => {
    switch (state) {
      case 'registered':
      case 'starting':
        return {
          status: 'busy',
          retryAfterMs: 1000,
          message: 'Baton has not started yet; nothing was written.',
        };
      case 'stopped':
        return {
          status: 'rejected',
          code: 'not_started',
          message: 'Baton was stopped; nothing was written.',
        };
      case 'started':
      case 'stopping':
        return undefined;
    }
  };

  const handle = async (raw: unknown): Promise<Ack> => {
    const no = notNow();
    if (no) return no;
    const parsed = parseHostCommand(raw);
    if (E.isLeft(parsed)) return { status: 'rejected', ...parsed.left };
    if (!running) throw new Error('started without anything running');
    if (state === 'stopping' && parsed.right.type === 'phase.promoted')
      return {
        status: 'rejected',
        code: 'stopping',
        message: 'Baton is being stopped and takes no new phases.',
      };
    return running.intake.take(parsed.right);
  };

  /** Whatever goes wrong inside is an answer, never a rejection: the host may be in the middle of something. */
  const handleSafely = async (raw: unknown): Promise<Ack> => {
    try {
      return await handle(raw);
    } catch (cause) {
      onProblem('a command of the host met a mistake in Baton', cause);
      return {
        status: 'rejected',
        code: 'internal',
        message: 'Something went wrong inside Baton; see its log.',
      };
    }
  };

  // ---- stop

  const settled = async ({ engine, intake, outbox }: Running): Promise<void> => {
    await intake.idle();
    await engine.phaseRuns.caughtUp();
    await firstValueFrom(engine.phaseRuns.view$.pipe(filter(({ view }) => ours(view).length === 0)));
    await outbox.settled(engine.phaseRuns.position());
  };

  const cancelAll = async ({ engine, intake }: Running): Promise<void> => {
    await intake.idle();
    await engine.phaseRuns.caughtUp();
    const left = ours(engine.phaseRuns.view()).map(({ hostKey, attempt }) => ({ hostKey, attempt }));
    await Promise.all(left.map(({ hostKey, attempt }) => intake.cancelForStop(hostKey, attempt)));
  };

  const closeNow = async ({ engine, intake, outbox }: Running): Promise<void> => {
    announceClosing();
    state = 'stopped';
    await engine.close({
      first: async () => {
        await intake.idle();
        await outbox.close();
      },
    });
    running = undefined;
  };

  const stop = async ({ mode, deadlineMs }: StopOptions): Promise<void> => {
    // in the same turn, so that not one more phase is taken
    if (state === 'started') state = 'stopping';
    await starting?.catch(() => undefined);
    const left = running;
    if (left === undefined || closing !== undefined) {
      if (state !== 'stopped') state = 'stopped';
      await closing;
      return;
    }
    state = 'stopping';
    if (mode !== 'detach') {
      const ended = (mode === 'cancel' ? cancelAll(left) : Promise.resolve()).then(() => settled(left));
      // it goes on when the deadline passes, and finds everything closed
      ended.catch(() => undefined);
      let timer: NodeJS.Timeout | undefined;
      const deadline = new Promise<void>((resolve) => (timer = setTimeout(resolve, deadlineMs)));
      await Promise.race([ended, deadline, closingBegun]).catch((cause: unknown) =>
        onProblem('waiting for the end of what lives failed', cause),
      );
      clearTimeout(timer);
    }
    await (closing ??= closeNow(left));
  };

  // ---- health

  const health = (): Health =>
    healthOf({
      ...{ state, live: live(), missing: wants.filter(lacks) },
      ...(running === undefined ? {} : { outbox: running.outbox }),
    });

  return {
    verify: async () => [...(await verify(options)), ...((await alsoVerify?.()) ?? [])],
    start: () => {
      if (state === 'stopping' || state === 'stopped')
        return Promise.reject(new Error('This plugin was stopped; register it again.'));
      return (starting ??= startNow());
    },
    handle: handleSafely,
    stop,
    health,
    middleware: () => mounted.middleware,
  };
};
