/**
 * Who looks after the runners when nobody does? Each is probed again and again: one that is well at a steady pace over its
 * open connection, one that is not with growing pauses (B9), one in quarantine for its failures to see whether it recovers. All
 * pauses vary a little, so that many runners are not probed at one moment.
 */
import type { RunnerHealthView, RunnerView } from '../../projections/runner-health.js';
import { runnerViews } from '../../projections/runner-health.js';
import type { Clock } from '../kernel/time.js';
import { plusMillis } from '../kernel/time.js';
import type { Evidence } from './evidence.js';
import type { ReadModel } from './read-models.js';

const FIRST_MS = 5_000;
const MOST_MS = 5 * 60_000;
const LOOK_MS = 1_000;

export interface HealthWatch {
  readonly close: () => Promise<void>;
}

export const defaultProbes = { probeMs: 60_000, recoveryProbeMs: 20_000 };

export interface WatchOptions {
  /** Between two probes of a runner that is well. */
  readonly probeMs: number;
  /** Between two probes of a runner in quarantine for its failures. */
  readonly recoveryMs: number;
  readonly clock: Clock;
  /** 0 to 1. */
  readonly random?: () => number;
}

type Pace = 'steady' | 'recovery' | 'back_off' | 'person' | 'off';

/** sshd takes repeated refusals for an attack (PerSourcePenalties), and a key that changed for no reason is one. */
const NEEDS_PERSON: ReadonlySet<string> = new Set([
  ...['permission_denied', 'no_key', 'host_key_unknown', 'host_key_changed', 'forwarding_refused'],
]);

/** How a runner in this state is looked after. */
const paceOf = ({ state, probe, quarantine }: RunnerView): Pace => {
  if (state === 'retired') return 'off';
  if (probe === undefined) return 'person';
  if (NEEDS_PERSON.has(probe.code ?? '')) return 'person';
  if (quarantine !== undefined) return quarantine.why === 'repeated_failures' ? 'recovery' : 'person';
  return probe.verdict === 'ready' ? 'steady' : 'back_off';
};

/** Each known runner once at the start, since what was recorded of it may be old; then at its pace. */
export const watchHealth = (
  health: ReadModel<RunnerHealthView>,
  evidence: Pick<Evidence, 'plan'>,
  probe: (name: string) => Promise<void>,
  onProblem: (message: string, cause: unknown) => void,
  { probeMs, recoveryMs, clock, random = Math.random }: WatchOptions,
): HealthWatch => {
  interface Plan {
    readonly pace: Pace;
    readonly at: number;
    readonly waitMs: number;
  }
  const plans = new Map<string, Plan>();
  const looking = new Map<string, Promise<void>>();
  let closed = false;

  const look = (name: string): void => {
    const work = probe(name)
      .catch((cause: unknown) => {
        if (!closed) onProblem(`looking for runner ${name} failed`, cause);
      })
      .finally(() => {
        looking.delete(name);
        const plan = plans.get(name);
        // the pause is between the end of one look and the beginning of the next
        if (plan !== undefined) plans.set(name, { ...plan, at: monotonic() + jittered(plan.waitMs) });
      });
    looking.set(name, work);
  };
  const monotonic = (): number => clock.monotonicMs();
  const jittered = (ms: number): number => ms * (0.9 + 0.2 * random());

  const pauseOf = (pace: Pace, before: Plan | undefined): number => {
    switch (pace) {
      case 'steady':
        return probeMs;
      case 'recovery':
        return recoveryMs;
      case 'back_off':
        return before?.pace === 'back_off' ? Math.min(before.waitMs * 2, MOST_MS) : FIRST_MS;
      case 'person':
      case 'off':
        return Infinity;
    }
  };

  const tell = (name: string, { pace, at }: Plan): void => {
    evidence.plan(
      name,
      pace === 'person' || pace === 'off'
        ? { kind: pace }
        : { kind: 'probe', next: plusMillis(clock.now(), Math.max(0, at - monotonic())) },
    );
  };

  const consider = (view: RunnerView): void => {
    const { name } = view;
    const pace = paceOf(view);
    const before = plans.get(name);
    const firstSight = before === undefined && pace !== 'off' && view.probe !== undefined;
    const isDue = before?.pace === pace && before.at <= monotonic();
    if (before?.pace === pace && !isDue) {
      tell(name, before);
      return;
    }
    const waitMs = pauseOf(pace, before);
    const plan = { pace, waitMs, at: monotonic() + jittered(waitMs) };
    plans.set(name, plan);
    tell(name, plan);
    if (firstSight || isDue) look(name);
  };

  const round = (): void => {
    for (const view of runnerViews(health.view())) if (!looking.has(view.name)) consider(view);
  };

  const timer = setInterval(round, Math.min(LOOK_MS, probeMs / 2, recoveryMs / 2));
  void health.caughtUp().then(
    () => {
      if (!closed) round();
    },
    // closed before it was
    () => undefined,
  );
  return {
    close: async () => {
      closed = true;
      clearInterval(timer);
      await Promise.all(looking.values());
    },
  };
};
