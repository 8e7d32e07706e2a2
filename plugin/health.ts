/** How is a plugin, in numbers and in one sentence? */
import type { Health } from './contract.js';
import { NO_LOGS, type Outbox } from './outbox.js';

export interface HealthInput extends Pick<Health, 'state' | 'live' | 'missing'> {
  /** Of one that runs. */
  readonly outbox?: Pick<Outbox, 'waiting' | 'retried' | 'logs' | 'problem'>;
}

/** What the host is not told, or would be told again, one clause each. */
const worriesOf = ({ reports, logs }: Pick<Health, 'reports' | 'logs'>, notKept?: string): string[] => [
  ...(reports.retried === 0 ? [] : [`${reports.retried} phase runs wait for the host to take a report`]),
  ...(logs.retried === 0 ? [] : [`${logs.retried} jobs wait for the host to take their output`]),
  ...(notKept === undefined
    ? []
    : [`what the host has taken cannot be kept, and would be told again after a crash (${notKept})`]),
];

const NOT_RUNNING: Readonly<Record<Exclude<Health['state'], 'started'>, string>> = {
  registered: 'Baton is loaded and was not started yet: it takes no phases.',
  starting: 'Baton is starting, and takes no phases until it has.',
  stopping: 'Baton is being stopped and takes no new phases.',
  stopped: 'Baton was stopped, and takes no phases.',
};

export const healthOf = ({ state, live, missing, outbox }: HealthInput): Health => {
  const logs = outbox?.logs() ?? NO_LOGS;
  const reports = { waiting: outbox?.waiting() ?? 0, retried: outbox?.retried() ?? 0 };
  const worries = worriesOf({ reports, logs }, outbox?.problem()?.message);
  const told = worries.length === 0 ? 'the host takes what it is told' : worries.join(', ');
  const detail =
    state === 'started'
      ? `Baton runs ${live.jobs} jobs of ${live.phaseRuns} phase runs; ${told}.`
      : NOT_RUNNING[state];
  return { ok: state === 'started' && worries.length === 0, state, detail, live, reports, logs, missing };
};
