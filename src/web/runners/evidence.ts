/** What a runner's state rests on, in one sentence whose age goes on: the words of `baton runner list`. */
import type { RunnerAsOf } from '../../app/evidence.js';
import { lengthOf } from '../parts/length.js';

type Seen = NonNullable<RunnerAsOf['evidence']>;

const measuresOf = ({ latencyMs, skewSeconds, load }: Seen): readonly string[] => [
  ...(latencyMs === undefined ? [] : [`${Math.max(1, Math.round(latencyMs))} ms`]),
  ...(skewSeconds === undefined
    ? []
    : [
        skewSeconds === 0
          ? 'clock as here'
          : `clock ${skewSeconds > 0 ? '+' : '−'}${Math.abs(skewSeconds)} s`,
      ]),
  ...(load === undefined ? [] : [`load ${load.toFixed(1)}`]),
];

const length = (at: string, now: number): string => lengthOf(now - Date.parse(at));

/**
 * `now`: milliseconds since 1970, of the server; of the past the moment that is shown, and undefined where that is not known. Of the
 * past nothing is there but what was recorded.
 */
export const evidenceText = (
  { evidence, probe }: Pick<RunnerAsOf, 'evidence' | 'probe'>,
  now: number | undefined,
  isPast = false,
): string => {
  const age = (at: string): string =>
    now === undefined ? `at ${at}` : `${length(at, now)} ${isPast ? 'before' : 'ago'}`;
  if (evidence) {
    const found = evidence.ok
      ? `probe ok ${age(evidence.at)}`
      : `probe failed ${age(evidence.at)}: ${evidence.code.replaceAll('_', ' ')}`;
    return [found, ...measuresOf(evidence)].join(', ');
  }
  if (probe === undefined) return 'never probed';
  const recorded = `recorded ${probe.verdict} ${age(probe.at)}`;
  return evidence === undefined ? recorded : `not looked at since the server started; ${recorded}`;
};

/** Exactly when that was; undefined: never. */
export const evidenceAt = ({ evidence, probe }: Pick<RunnerAsOf, 'evidence' | 'probe'>): string | undefined =>
  evidence?.at ?? probe?.at;

/** What follows without anybody asking; undefined: not known of the past. */
export const nextText = ({ watch }: Pick<RunnerAsOf, 'watch'>, now: number): string | undefined => {
  if (watch === undefined) return undefined;
  if (watch.kind === 'person') return 'no probe by itself: nothing happens until somebody acts';
  if (watch.kind === 'off') return 'no probe is planned';
  const ms = Date.parse(watch.next) - now;
  return ms < 1000 ? 'next probe now' : `next probe in ${lengthOf(ms)}`;
};

/** When a pause ends, whatever else keeps it from jobs then; undefined: no end is set, or it is over. */
export const pauseText = (
  { pausedUntil }: Pick<RunnerAsOf, 'pausedUntil'>,
  now: number | undefined,
): string | undefined => {
  if (pausedUntil === undefined || now === undefined) return undefined;
  const ms = Date.parse(pausedUntil) - now;
  return ms <= 0 ? undefined : `the pause ends in ${lengthOf(ms)}`;
};

/** What somebody has to look at although the state does not say it; in sentences. */
export const warningsOf = (
  runner: Pick<
    RunnerAsOf,
    'incompatible' | 'foundHostKey' | 'foundJumpHostKey' | 'hostKeys' | 'jumpHostKeys' | 'quarantinedSlots'
  >,
): readonly string[] => {
  const {
    incompatible,
    foundHostKey,
    foundJumpHostKey,
    hostKeys,
    jumpHostKeys = [],
    quarantinedSlots,
  } = runner;
  const key = (whose: string, accepted: readonly string[]): string =>
    accepted.length === 0
      ? `No host key of ${whose} is accepted yet; one was found.`
      : `${whose[0]?.toUpperCase() ?? ''}${whose.slice(1)} shows another host key than the accepted one.`;
  return [
    ...(incompatible === undefined ? [] : [incompatible]),
    ...(foundHostKey === undefined ? [] : [key('the machine', hostKeys)]),
    ...(foundJumpHostKey === undefined ? [] : [key('the jump host', jumpHostKeys)]),
    ...(quarantinedSlots.length === 0
      ? []
      : [
          `${quarantinedSlots.length === 1 ? 'Slot' : 'Slots'} ${[...quarantinedSlots].sort((a, b) => a - b).join(', ')} in quarantine.`,
        ]),
  ];
};
