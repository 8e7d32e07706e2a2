/** Runners that could not be reached are looked for again, with growing pauses, so that no person has to (B9). */
import type { RunnerHealthView } from '../../projections/runner-health.js';
import { runnerViews } from '../../projections/runner-health.js';
import type { ReadModel } from './read-models.js';

const FIRST_MS = 5_000;
const MOST_MS = 5 * 60_000;
const LOOK_MS = 1_000;

export interface HealthWatch {
  readonly close: () => Promise<void>;
}

/**
 * Every known runner once at the start, since what was recorded of it may be old; later those that are unreachable. One whose
 * key or host key was refused is left to a person: sshd would take the repeats for an attack (PerSourcePenalties).
 */
export const watchHealth = (
  health: ReadModel<RunnerHealthView>,
  probe: (name: string) => Promise<void>,
  onProblem: (message: string, cause: unknown) => void,
): HealthWatch => {
  const next = new Map<string, { readonly at: number; readonly waitMs: number }>();
  const looking = new Map<string, Promise<void>>();
  const known = new Set<string>();
  let closed = false;

  const look = (name: string): void => {
    const work = probe(name)
      .catch((cause: unknown) => {
        if (!closed) onProblem(`looking for runner ${name} failed`, cause);
      })
      .finally(() => looking.delete(name));
    looking.set(name, work);
  };

  const round = (): void => {
    const now = performance.now();
    for (const { name, state, probe: last } of runnerViews(health.view())) {
      if (looking.has(name)) continue;
      // at the start: whoever was well once is asked whether that still holds
      const firstSight = !known.has(name);
      known.add(name);
      if (firstSight && last !== undefined && state !== 'retired') {
        look(name);
        continue;
      }
      if (state !== 'unreachable') {
        next.delete(name);
        continue;
      }
      const due = next.get(name);
      if (due !== undefined && due.at > now) continue;
      const waitMs = due === undefined ? FIRST_MS : Math.min(due.waitMs * 2, MOST_MS);
      next.set(name, { at: now + waitMs, waitMs });
      if (due !== undefined) look(name);
    }
  };

  const timer = setInterval(round, LOOK_MS);
  void health.caughtUp().then(() => {
    if (!closed) round();
  });
  return {
    close: async () => {
      closed = true;
      clearInterval(timer);
      await Promise.all(looking.values());
    },
  };
};
