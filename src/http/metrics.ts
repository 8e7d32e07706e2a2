/** What Prometheus reads: the work that there is, and what requests there were. Labels have few values each. */
import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { Measures } from '../app/health.js';

/** A request that has been answered; `route` is the pattern, never the path. */
export interface Answered {
  readonly method: string;
  readonly route: string;
  readonly status: number;
  readonly seconds: number;
}

export interface Metrics {
  readonly count: (answered: Answered) => void;
  readonly text: () => Promise<string>;
  readonly contentType: string;
}

const METHODS = ['GET', 'HEAD', 'POST', 'DELETE'];

/** The commit part; precise enough to see whether somebody falls behind. */
const placeOf = (position: string): number => Number(position.split('/')[0] ?? '') || 0;

/** How receivers follow; there is none of these where there is no webhook. */
const webhookMetrics = (registry: Registry) => {
  const registers = [registry];
  const labelNames = ['webhook'] as const;
  const deliveries = new Counter({
    name: 'baton_webhook_deliveries_total',
    help: 'Tries to tell a webhook something since the server started, by how they ended',
    labelNames: ['webhook', 'outcome'],
    registers,
  });
  const owed = new Gauge({
    name: 'baton_webhook_owed',
    help: 'Messages that were read for a webhook and not yet taken',
    ...{ labelNames, registers },
  });
  const oldest = new Gauge({
    name: 'baton_webhook_oldest_owed_seconds',
    help: 'Since the oldest of them happened',
    ...{ labelNames, registers },
  });
  const position = new Gauge({
    name: 'baton_webhook_position',
    help: 'Position up to which the log was read for a webhook',
    ...{ labelNames, registers },
  });
  return (webhooks: Measures['webhooks']): void => {
    for (const metric of [deliveries, owed, oldest, position]) metric.reset();
    for (const one of webhooks) {
      const webhook = one.name;
      for (const [outcome, n] of Object.entries(one.deliveries)) deliveries.inc({ webhook, outcome }, n);
      owed.set({ webhook }, one.owed);
      oldest.set({ webhook }, one.oldestOwedMs / 1000);
      position.set({ webhook }, placeOf(one.position));
    }
  };
};

const domainMetrics = (registry: Registry) => {
  const registers = [registry];
  const gauge = <L extends string>(name: string, help: string, labelNames: readonly L[] = []) =>
    new Gauge({ name, help, labelNames, registers });
  const waiting = gauge('baton_queue_jobs', 'Jobs that wait, by reason', ['reason']);
  const oldest = gauge('baton_queue_oldest_wait_seconds', 'How long the oldest waiting job has waited');
  const active = gauge('baton_jobs_active', 'Jobs that have a runner, by status', ['status']);
  const runners = gauge('baton_runners', 'Runners that are not retired, by state', ['state']);
  const head = gauge('baton_store_position', 'Position of the last event in the store');
  const models = gauge('baton_read_model_position', 'Position of the last event in each read model', [
    'model',
  ]);
  const counter = <L extends string>(name: string, help: string, labelNames: readonly L[] = []) =>
    new Counter({ name, help, labelNames, registers });
  const queued = counter('baton_jobs_queued_total', 'Jobs that were queued');
  const requeued = counter('baton_jobs_requeued_total', 'Attempts after which the job was queued again');
  const ended = counter('baton_jobs_ended_total', 'Jobs that ended, by outcome', ['outcome']);
  const takeWebhooks = webhookMetrics(registry);

  return (measures: Measures): void => {
    for (const metric of [waiting, active, runners, models, queued, requeued, ended]) metric.reset();
    for (const [reason, n] of Object.entries(measures.waiting)) waiting.set({ reason }, n);
    oldest.set(measures.oldestWaitMs / 1000);
    active.set({ status: 'assigned' }, measures.assigned);
    active.set({ status: 'running' }, measures.running);
    for (const [state, n] of Object.entries(measures.runners)) runners.set({ state }, n);
    head.set(placeOf(measures.head));
    for (const [model, position] of Object.entries(measures.positions))
      models.set({ model }, placeOf(position));
    queued.inc(measures.totals.queued);
    requeued.inc(measures.totals.requeued);
    for (const [outcome, n] of Object.entries(measures.totals.ended)) ended.inc({ outcome }, n);
    takeWebhooks(measures.webhooks);
  };
};

/** Of the process itself: read when somebody asks. */
const processMetrics = (registry: Registry) => {
  const registers = [registry];
  const memory = new Gauge({
    name: 'process_resident_memory_bytes',
    help: 'Memory of the server',
    registers,
  });
  const cpu = new Counter({
    name: 'process_cpu_seconds_total',
    help: 'Processor time of the server',
    registers,
  });
  return (): void => {
    const { user, system } = process.cpuUsage();
    memory.set(process.memoryUsage.rss());
    cpu.reset();
    cpu.inc((user + system) / 1e6);
  };
};

export const openMetrics = (measures: () => Promise<Measures>): Metrics => {
  const registry = new Registry();
  const requests = new Counter({
    name: 'baton_http_requests_total',
    help: 'Requests, by route and status',
    labelNames: ['method', 'route', 'status'],
    registers: [registry],
  });
  const seconds = new Histogram({
    name: 'baton_http_request_seconds',
    help: 'Time until the answer began, by route',
    labelNames: ['route'],
    buckets: [0.005, 0.02, 0.1, 0.5, 2, 10],
    registers: [registry],
  });
  const take = domainMetrics(registry);
  const takeProcess = processMetrics(registry);
  return {
    count: ({ method, route, status, seconds: took }) => {
      requests.inc({ method: METHODS.includes(method) ? method : 'other', route, status });
      seconds.observe({ route }, took);
    },
    text: async () => {
      take(await measures());
      takeProcess();
      return registry.metrics();
    },
    contentType: registry.contentType,
  };
};
