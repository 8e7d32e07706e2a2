/** Settings of the queue: how long jobs may wait, and what when nothing can ever run them. */
import { defaultQueuePolicy, MOST_QUEUED, type QueuePolicy } from '../domain/queue-policy.js';
import type { ResolvedTable } from './resolve.js';
import { choice, setting, span, wholeNumber } from './setting.js';

const time = (flag: string, env: string, usual: number, defaultText: string, meaning: string) =>
  setting({
    ...{ flag, takes: '<time>', env, defaultText, meaning },
    codec: span,
    defaultOf: () => usual,
  });

export const queueSettings = {
  whenUnmatchable: setting({
    flag: '--when-unmatchable',
    takes: '<policy>',
    env: 'BATON_WHEN_UNMATCHABLE',
    codec: choice('wait', 'fail', 'expire'),
    defaultOf: () => defaultQueuePolicy.whenUnmatchable,
    defaultText: defaultQueuePolicy.whenUnmatchable,
    meaning: 'What becomes of jobs that no enrolled runner can ever match: wait, fail or expire.',
  }),
  unmatchedLimit: time(
    '--unmatched-limit',
    'BATON_UNMATCHED_LIMIT',
    defaultQueuePolicy.unmatchedMs,
    '1h',
    'With expire: how long such jobs wait.',
  ),
  queueLimit: time('--queue-limit', 'BATON_QUEUE_LIMIT', 0, 'none', 'Longest wait for a runner, e.g. 2h.'),
  startLimit: time(
    '--start-limit',
    'BATON_START_LIMIT',
    defaultQueuePolicy.startMs,
    '5m',
    'Longest time from assignment to start; the attempt is revoked and tried elsewhere.',
  ),
  ageing: time(
    '--ageing',
    'BATON_AGEING',
    defaultQueuePolicy.ageingMs,
    '10m',
    'Waiting this long counts as one step of priority.',
  ),
  maxQueued: setting({
    flag: '--max-queued',
    takes: '<n>',
    env: 'BATON_MAX_QUEUED',
    codec: wholeNumber(1, 1_000_000),
    defaultOf: () => MOST_QUEUED,
    defaultText: String(MOST_QUEUED),
    meaning:
      'Jobs that may wait and run together before engines over HTTP are asked to come again; changes are always taken.',
  }),
};

/** The policy that these settings make. */
export const queuePolicyOf = (found: ResolvedTable<typeof queueSettings>): QueuePolicy => ({
  ageingMs: found.ageing.value,
  whenUnmatchable: found.whenUnmatchable.value,
  unmatchedMs: found.unmatchedLimit.value,
  startMs: found.startLimit.value,
  ...(found.queueLimit.value === 0 ? {} : { queueMs: found.queueLimit.value }),
});
