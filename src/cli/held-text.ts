/** What holds the slots of a runner, in words. */
import { jobsHolding } from '../../projections/held-slots.js';
import type { RunnerStatus } from '../app/evidence.js';
import { short } from './print.js';

/** `2 jobs are still there: 4f1c2a9b, 77aa01bc; others hold one slot`: of jobs of others only the slots are known. Empty: nothing is held. */
export const stillText = (current: RunnerStatus['current']): string => {
  const held = jobsHolding(current);
  const ids = held.filter(({ id }) => id !== '').map(({ id }) => short(id));
  const others = held.length - ids.length;
  const jobs = `${ids.length === 1 ? 'one job is' : `${ids.length} jobs are`} still there: ${ids.join(', ')}`;
  return [
    ...(ids.length === 0 ? [] : [jobs]),
    ...(others === 0 ? [] : [`others hold ${others === 1 ? 'one slot' : `${others} slots`}`]),
  ].join('; ');
};
