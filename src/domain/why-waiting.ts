/**
 * Why do the jobs of one filter class wait? The answer speaks of runners, not of the jobs that hold them, and names at most
 * `SHOWN`: so it stays the same while jobs come and go on a busy fleet, and changes only when a reader would act otherwise.
 */
import type { WaitReasonChanged } from '../events/ownership.js';
import {
  canHold,
  usableSlots,
  waitingForRunners,
  type DispatchIndex,
  type FilterClass,
  type Runner,
  type RunnerSlots,
} from './dispatch-index.js';
import { admits, describeFilter, judge, suits } from './matching.js';
import { hintsFor, tooFewSlots } from './nearest-miss.js';

/** Runners and values that a reason names. */
const SHOWN = 8;

const NEVER = 'no enrolled runner can ever match';

/**
 * The nearest miss: which clauses fail, and what the runners have instead. What only other enterprises may use is counted and
 * not described: the answer is read by people of this one.
 */
const missing = ({ filter, enterprise, slots }: FilterClass, fleet: readonly RunnerSlots[]): string => {
  const runners = fleet.filter((runner) => admits(runner, enterprise));
  const closed = fleet.filter(
    (runner) => !admits(runner, enterprise) && runner.slots >= slots && suits(runner, filter),
  ).length;
  const others =
    closed === 0
      ? ''
      : closed === 1
        ? 'one that would suit takes no jobs of this enterprise'
        : `${closed} that would suit take no jobs of this enterprise`;
  if (runners.length === 0)
    return `${NEVER}: ${others === '' ? 'none takes jobs of this enterprise' : others}`;
  const small = runners.filter((runner) => suits(runner, filter)).map((runner) => runner.slots);
  if (small.length > 0)
    return `${NEVER}: ${[tooFewSlots(slots, small), others].filter((text) => text !== '').join('; ')}`;
  const failing = filter.filter((clause) => !runners.some((r) => judge(r, [clause])[0]?.holds));
  const shown = (failing.length > 0 ? failing : filter).map((clause) => {
    const have = [...new Set(runners.map((r) => judge(r, [clause])[0]?.found || 'nothing'))].sort();
    return `${describeFilter([clause])} (they have ${have.slice(0, 5).join('; ')})`;
  });
  const hints = failing.flatMap((clause) =>
    hintsFor(clause, [...new Set(runners.flatMap((r) => judge(r, [clause])[0]?.found.split(', ') ?? []))]),
  );
  const told = `${NEVER}: wanted ${shown.join(' and ')}${others === '' ? '' : `; ${others}`}`;
  return [told, ...new Set(hints)].join('. ').replace(/\.$/, '');
};

/** The first few of its matching runners, in the order of their pools; one more than is shown, to know whether there are more. */
const someOf = ({ pools }: FilterClass, wanted: (runner: Runner) => boolean): readonly Runner[] => {
  const found: Runner[] = [];
  for (const pool of pools)
    for (const runner of pool.members) {
      if (wanted(runner)) found.push(runner);
      if (found.length > SHOWN) return found;
    }
  return found;
};

const listed = (parts: readonly string[], separator: string): string =>
  `${parts.slice(0, SHOWN).join(separator)}${parts.length > SHOWN ? `${separator}and others` : ''}`;

/** Empty when it can take a job of so many slots, now or once it has fewer others. */
const whyNot = (runner: RunnerSlots, wanted: number): string => {
  if (runner.unavailable !== '' || canHold(runner, wanted)) return runner.unavailable;
  const usable = usableSlots(runner);
  return `has only ${usable} ${usable === 1 ? 'slot' : 'slots'} out of quarantine, and ${wanted} are needed`;
};

/**
 * Jobs that take more wait for the same runners, so these may keep free slots for them. Those that take as many keep none that would do
 * here: they would start there themselves.
 */
const isOutdone = (index: DispatchIndex, cls: FilterClass): boolean => {
  if (!index.hasHeavy) return false;
  for (const { waiting } of cls.pools)
    for (const other of waiting) if (other.slots > cls.slots && waitingForRunners(other) > 0) return true;
  return false;
};

const busyText = (index: DispatchIndex, cls: FilterClass, isOnly: boolean): string => {
  const mayBeKept = isOutdone(index, cls);
  if (cls.slots > 1) {
    const who = isOnly
      ? 'the only available matching runner does not have'
      : 'no available matching runner has';
    const keeps = isOnly ? 'or keeps them' : 'or those that have keep them';
    const told = `${who} ${cls.slots} slots free at once`;
    return mayBeKept ? `${told}, ${keeps} for a job that takes more` : told;
  }
  const who = isOnly ? 'the only available matching runner is' : 'all available matching runners are';
  const keeps = isOnly ? 'keeps its free slots' : 'keep their free slots';
  return mayBeKept ? `${who} busy, or ${keeps} for a job that takes several` : `${who} busy`;
};

/** The reason as the fleet is now; `nothing_waits` when the line is empty. */
export const reasonOf = (index: DispatchIndex, cls: FilterClass): WaitReasonChanged => {
  const { pools } = cls;
  const about = {
    filter: cls.filter,
    ...(cls.enterprise === '' ? {} : { enterprise: cls.enterprise }),
    ...(cls.slots === 1 ? {} : { slots: cls.slots }),
  };
  if (waitingForRunners(cls) === 0) return { ...about, reason: 'nothing_waits', detail: '', blockers: [] };
  if (index.runners.size === 0)
    return { ...about, reason: 'no_runner', detail: 'no runner is enrolled', blockers: [] };
  if (pools.size === 0) {
    const detail = missing(
      cls,
      [...index.runners.values()].map(({ slots }) => slots),
    );
    return { ...about, reason: 'none_matches', detail, blockers: [] };
  }
  const available = someOf(cls, ({ slots }) => whyNot(slots, cls.slots) === '');
  const blocking = available.length > 0 ? available : someOf(cls, () => true);
  const blockers = blocking.slice(0, SHOWN).map(({ name }) => name);
  if (available.length === 0) {
    const detail = listed(
      blocking.map(({ name, slots }) => `${name} ${whyNot(slots, cls.slots)}`),
      '; ',
    );
    return { ...about, reason: 'none_available', detail, blockers };
  }
  const names = listed(
    available.map(({ name }) => name),
    ', ',
  );
  return {
    ...about,
    reason: 'all_busy',
    detail: `${busyText(index, cls, available.length === 1)}: ${names}`,
    blockers,
  };
};
