/** How long may a job wait, and what when nothing can ever run it? What holds for the whole installation. */
import type { PhasePromoted } from '../events/phase-run.js';
import type { Problem } from './problem.js';

export interface QueuePolicy {
  /** Waiting this long counts as one step of priority. */
  readonly ageingMs: number;
  /** For phases whose host does not say it: what to do when no enrolled runner can ever match. */
  readonly whenUnmatchable: PhasePromoted['whenUnmatchable'];
  /** With `expire`, and without a limit of its own: how long a job waits for a runner that matches. */
  readonly unmatchedMs: number;
  /** Longest wait in the queue; absent: no limit. */
  readonly queueMs?: number;
  /** From assignment to start. */
  readonly startMs: number;
}

export const defaultQueuePolicy: QueuePolicy = {
  ageingMs: 10 * 60_000,
  whenUnmatchable: 'wait',
  unmatchedMs: 60 * 60_000,
  startMs: 5 * 60_000,
};

/** Words as they come from flags and environment. */
export interface QueueWords {
  readonly whenUnmatchable?: string | undefined;
  readonly ageing?: string | undefined;
  readonly unmatchedLimit?: string | undefined;
  readonly queueLimit?: string | undefined;
  readonly startLimit?: string | undefined;
}

const UNITS: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };
const POLICIES: readonly string[] = ['wait', 'fail', 'expire'];
const isPolicy = (word: string): word is QueuePolicy['whenUnmatchable'] => POLICIES.includes(word);

/** `90s`, `15m`, `2h`, `1d`. */
const duration = (word: string): number | undefined => {
  const [, count = '', unit = ''] = /^([1-9]\d{0,5})([smhd])$/.exec(word) ?? [];
  const ms = UNITS[unit];
  return ms === undefined ? undefined : Number(count) * ms;
};

/** The policy that these words ask for; what is wrong with them goes into `problems`. */
export const queuePolicyOf = (words: QueueWords, problems: Problem[]): QueuePolicy => {
  const span = (path: string, word: string | undefined): number | undefined => {
    const ms = word === undefined ? undefined : duration(word);
    if (word !== undefined && ms === undefined)
      problems.push({ path, expected: 'a duration such as 90s, 15m, 2h or 1d', found: word });
    return ms;
  };
  const fallback = defaultQueuePolicy;
  const whenUnmatchable = words.whenUnmatchable ?? fallback.whenUnmatchable;
  if (!isPolicy(whenUnmatchable))
    problems.push({ path: '--when-unmatchable', expected: POLICIES.join(', '), found: whenUnmatchable });
  const queueMs = span('--queue-limit', words.queueLimit);
  return {
    ageingMs: span('--ageing', words.ageing) ?? fallback.ageingMs,
    whenUnmatchable: isPolicy(whenUnmatchable) ? whenUnmatchable : fallback.whenUnmatchable,
    unmatchedMs: span('--unmatched-limit', words.unmatchedLimit) ?? fallback.unmatchedMs,
    startMs: span('--start-limit', words.startLimit) ?? fallback.startMs,
    ...(queueMs === undefined ? {} : { queueMs }),
  };
};

/** A promotion with what its host left open: recorded with it, so a later change of the policy does not touch it. */
export const withQueuePolicy = (
  promoted: PhasePromoted,
  { whenUnmatchable, queueMs }: QueuePolicy,
): PhasePromoted => ({
  ...promoted,
  whenUnmatchable: promoted.whenUnmatchable === 'wait' ? whenUnmatchable : promoted.whenUnmatchable,
  limits: { ...(queueMs === undefined ? {} : { queueMs }), ...promoted.limits },
});
