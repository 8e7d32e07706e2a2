/** What becomes of the place where a phase's job works, in the words of the transport. Pure. */
import { createHash } from 'node:crypto';
import type { StartOrder } from '../app/ports.js';
import { keepMsOf } from '../domain/phase-ways.js';
import type { PhasePromoted } from '../events/phase-run.js';

/** A plain word for these texts, and for no others. */
const wordOf = (...texts: readonly string[]): string =>
  createHash('sha256').update(JSON.stringify(texts)).digest('hex').slice(0, 32);

/**
 * A cache belongs to a project; so does a home, and since a slot has one job at a time, so has a home of the slot. `slot`: of the
 * runner; `minFreeBytes`: for phases that do not say it.
 */
export const placeOf = (
  { scope, workspace = {} }: Pick<PhasePromoted, 'scope' | 'workspace'>,
  slot: number,
  minFreeBytes: number,
): Pick<StartOrder, 'keep' | 'cache' | 'home' | 'freeBytes'> => {
  const { keep = 'never', cache, home, freeBytes = minFreeBytes } = workspace;
  const project = [scope.enterprise, scope.organisation, scope.project];
  return {
    ...(keep === 'never' ? {} : { keep: { when: keep, ms: keepMsOf(workspace) } }),
    ...(cache === undefined ? {} : { cache: wordOf(...project, cache) }),
    ...(home === undefined ? {} : { home: `${wordOf(...project)}.${slot}` }),
    ...(freeBytes === 0 ? {} : { freeBytes }),
  };
};
