/** What a cancel does to jobs, in words: the same wherever one is asked for, before it is. */
import type { JobView } from '../../../projections/jobs.js';
import { lengthOf } from './length.js';

/** `asked`: its end has been asked for already. */
export interface Fate {
  readonly kind: 'asked' | 'waits' | 'starts' | 'runs';
  /** That has it. */
  readonly runner?: string | undefined;
  /** From TERM to KILL; absent: not known here. */
  readonly graceMs?: number | undefined;
}

type Live = Pick<JobView, 'status' | 'attempts' | 'cancelRequested' | 'limits'>;

/** Of a job that has not ended. */
export const fateOf = ({ status, attempts, cancelRequested, limits }: Live): Fate => {
  if (cancelRequested !== undefined) return { kind: 'asked' };
  if (status === 'queued') return { kind: 'waits' };
  const { runner } = attempts.at(-1) ?? {};
  return { kind: status === 'assigned' ? 'starts' : 'runs', runner, graceMs: limits.cancelGraceMs };
};

const later = (graceMs: number | undefined): string =>
  graceMs === undefined ? 'after the grace period' : `${lengthOf(graceMs)} later`;

/** Sentences about so many jobs that fare alike. */
export const fateText = ({ kind, runner = 'the runner', graceMs }: Fate, count = 1): string => {
  const isOne = count === 1;
  switch (kind) {
    case 'asked':
      return `${isOne ? 'Its' : 'Their'} end has been asked for already.`;
    case 'waits':
      return `${isOne ? 'It waits: it is' : 'They wait: they are'} taken out of the queue, and nothing runs.`;
    case 'starts':
      return `${isOne ? 'It is' : 'They are'} starting on ${runner}: what has not begun there never will. Of what has, all processes get TERM, and what is left ${later(graceMs)} gets KILL.`;
    case 'runs':
      return `All ${isOne ? 'its' : 'their'} processes on ${runner} get TERM, and what is left ${later(graceMs)} gets KILL. That is carried out there even if the connection is lost; what is found afterwards is recorded.`;
  }
};

/** Where its runner does not answer. */
export const owedText = (runner = 'Its runner'): string =>
  `${runner} cannot be reached now: the cancel is owed, and tried again until it can.`;

/** Jobs in groups that fare alike, in the order of the first of each. */
export const fatesOf = <A extends Live>(
  jobs: readonly A[],
): readonly { readonly text: string; readonly jobs: readonly A[] }[] => {
  const groups = new Map<string, { readonly fate: Fate; readonly jobs: A[] }>();
  for (const job of jobs) {
    const fate = fateOf(job);
    const key = fateText(fate);
    const group = groups.get(key) ?? { fate, jobs: [] };
    group.jobs.push(job);
    groups.set(key, group);
  }
  return [...groups.values()].map((group) => ({
    text: fateText(group.fate, group.jobs.length),
    jobs: group.jobs,
  }));
};
