/** Is the server able to do its work, and how much of it is there? For load balancers and for Prometheus. */
import * as E from 'fp-ts/lib/Either.js';
import type { Task } from 'fp-ts/lib/Task.js';
import { toQueueView, type QueueState } from '../../projections/queue.js';
import { runnerViews, type RunnerHealthView } from '../../projections/runner-health.js';
import type { TotalsView } from '../../projections/totals.js';
import { comparePositions, type Position } from '../kernel/recorded.js';
import { millisBetween } from '../kernel/time.js';
import type { Deps } from './handle.js';
import type { ReadModel } from './read-models.js';
import type { WebhookDesk, WebhookView } from './webhooks.js';
import { storageProblem, type StorageState, type WatchedAppends } from './storage-health.js';

export interface Readiness {
  readonly ready: boolean;
  /** `detail` says why not. It tells nothing of what is stored, since it is asked without a token. */
  readonly checks: readonly { readonly name: string; readonly ok: boolean; readonly detail?: string }[];
}

export interface Measures {
  /** Jobs that wait, by reason. */
  readonly waiting: Readonly<Record<string, number>>;
  readonly oldestWaitMs: number;
  readonly assigned: number;
  readonly running: number;
  /** Runners by state; retired ones are left out. */
  readonly runners: Readonly<Record<string, number>>;
  readonly totals: TotalsView;
  /** Last event of the store, and of each read model. */
  readonly head: Position;
  readonly positions: Readonly<Record<string, Position>>;
  readonly webhooks: readonly MeasuredWebhook[];
}

/** How far one receiver is, and how it took what it was told since the server started. */
export interface MeasuredWebhook extends Pick<WebhookView, 'name' | 'position' | 'owed' | 'deliveries'> {
  /** Since the oldest message happened that it has not taken; 0 when there is none. */
  readonly oldestOwedMs: number;
}

export interface HealthUseCases {
  readonly readiness: Task<Readiness>;
  readonly measures: Task<Measures>;
}

export interface HealthDeps extends Deps {
  /** Looks where the data lies, each time. */
  readonly storage: Task<StorageState>;
  readonly appends: Pick<WatchedAppends, 'failing'>;
  readonly queue: ReadModel<QueueState>;
  readonly health: ReadModel<RunnerHealthView>;
  readonly totals: ReadModel<TotalsView>;
  readonly models: Readonly<Record<string, Pick<ReadModel<unknown>, 'position'>>>;
  readonly webhooks: Pick<WebhookDesk, 'list'>;
  /** False: another server drives the runners. */
  readonly isOwner: () => boolean;
  /** Parts that start after the server listens, by name. */
  readonly starting: Readonly<Record<string, Promise<void>>>;
}

const countBy = <A>(items: readonly A[], key: (item: A) => string): Record<string, number> => {
  const counts: Record<string, number> = {};
  for (const item of items) counts[key(item)] = (counts[key(item)] ?? 0) + 1;
  return counts;
};

/** Who asks for readiness asks again soon, and often waits no longer; a store that is frozen keeps us waiting for much longer. */
const ANSWER_MS = 2_000;

const withinTime = async <A>(work: Promise<A>): Promise<A | undefined> => {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => {
      resolve(undefined);
    }, ANSWER_MS);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
};

export const healthUseCases = (deps: HealthDeps): HealthUseCases => {
  const { store, clock, models } = deps;
  const started = new Set<string>();
  for (const [name, ready] of Object.entries(deps.starting))
    void ready.then(
      () => started.add(name),
      () => undefined,
    );

  const readiness = async (): Promise<Readiness> => {
    const head = await withinTime(store.head()());
    const end = head !== undefined && E.isRight(head) ? (head.right?.position ?? '') : undefined;
    const behind = Object.entries(models)
      .filter(([, model]) => end !== undefined && comparePositions(model.position(), end) < 0)
      .map(([name]) => name);
    const waiting = Object.keys(deps.starting).filter((name) => !started.has(name));
    const [disk, failing] = [storageProblem(await deps.storage()), deps.appends.failing()];
    const check = (name: string, ok: boolean, detail: string) => ({ name, ok, ...(ok ? {} : { detail }) });
    const checks = [
      check('store', end !== undefined, 'the event store does not answer'),
      check('appends', failing === undefined, `the last event could not be written: ${failing ?? ''}`),
      check('disk', disk === undefined, disk ?? ''),
      check('read_models', behind.length === 0, `still folding: ${behind.join(', ')}`),
      check('owner', deps.isOwner(), 'another server has taken over the runners'),
      check('processes', waiting.length === 0, `still starting: ${waiting.join(', ')}`),
    ];
    return { ready: checks.every(({ ok }) => ok), checks };
  };

  const measures = async (): Promise<Measures> => {
    const head = await withinTime(store.head()());
    const { entries } = toQueueView(deps.queue.view(), deps.queue.position());
    const queued = entries.filter(({ status }) => status === 'queued');
    const now = clock.now();
    return {
      waiting: countBy(queued, ({ waiting }) => waiting?.reason ?? 'not_recorded'),
      oldestWaitMs: Math.max(0, ...queued.map(({ since }) => millisBetween(since, now))),
      assigned: entries.filter(({ status }) => status === 'assigned').length,
      running: entries.filter(({ status }) => status === 'running').length,
      runners: countBy(
        runnerViews(deps.health.view()).filter(({ state }) => state !== 'retired'),
        ({ state }) => state,
      ),
      totals: structuredClone(deps.totals.view()),
      head: head !== undefined && E.isRight(head) ? (head.right?.position ?? '') : '',
      positions: Object.fromEntries(Object.entries(models).map(([name, model]) => [name, model.position()])),
      webhooks: deps.webhooks.list().map(({ name, position, owed, deliveries, oldestAt }) => ({
        ...{ name, position, owed, deliveries },
        oldestOwedMs: oldestAt === undefined ? 0 : Math.max(0, millisBetween(oldestAt, now)),
      })),
    };
  };

  return { readiness, measures };
};
