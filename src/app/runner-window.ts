/** Runners as somebody asks for them who shows a few of many: which need somebody's eye come first, and how many there are of each. */
import { slotCounts } from '../../projections/held-slots.js';
import type { RunnerView } from '../../projections/runner-health.js';

/** What a runner is judged by: its state and, where that is known, which rules of compatibility it breaks. */
export interface Standing {
  readonly state: RunnerView['state'];
  readonly incompatible?: string;
}

/** What is wanted; of filters all that are given must hold. */
export interface RunnerRequest {
  /** From the one at this place among those that fit, counted from 0. */
  readonly offset?: number;
  readonly limit: number;
  /** Retired ones are there only for who asks for them so. */
  readonly state?: RunnerView['state'];
  /** One of its labels, as it is. */
  readonly label?: string;
  /** Found in name, host, a label or what was read from the machine, whether letters are small or not. */
  readonly q?: string;
  /** Absent: trouble first, then by name. */
  readonly sort?: 'name';
}

export interface RunnerWindow<R> {
  readonly items: readonly R[];
  /** How many fit the filters. */
  readonly total: number;
  /** By state, of all that the caller sees and that are not retired, whatever the filters. */
  readonly counts: Readonly<Record<string, number>>;
  /** Of the same: how many slots have a job, and how many there are. */
  readonly busy: number;
  readonly slots: number;
  /** Of runners that are ready and break no rule, what is neither busy nor quarantined; may be kept for a job that takes several. */
  readonly free: number;
}

const isBusy = ({ current }: RunnerView): boolean => Object.keys(current).length > 0;

const AFTER_TROUBLE = 5;

/** What somebody has to do something about comes first, then what is kept from work on purpose, then what works. */
const rankOf = (runner: RunnerView, { state, incompatible }: Standing): number => {
  if (state === 'quarantined') return 0;
  if (state === 'unreachable') return 1;
  if (state !== 'retired' && (runner.foundHostKey ?? runner.foundJumpHostKey) !== undefined) return 2;
  if (state === 'unfit' || incompatible !== undefined) return 3;
  // a slot stays so until somebody clears it
  if (state === 'untested' || (state !== 'retired' && runner.quarantinedSlots.length > 0)) return 4;
  const kept = ['paused', 'draining', 'removing'].indexOf(state);
  if (kept >= 0) return AFTER_TROUBLE + kept;
  return state === 'ready' && isBusy(runner) ? 8 : state === 'ready' ? 9 : 10;
};

const isText = (value: unknown): value is string => typeof value === 'string';

const textOf = ({ name, host, labels, attributes }: RunnerView): string =>
  // what is looked for is one line
  [name, host, ...labels, ...Object.values(attributes).filter(isText)].join('\n').toLowerCase();

const byName = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** `standingOf` is asked once for each runner. */
export const runnerWindow = (
  runners: readonly RunnerView[],
  { limit, offset = 0, state, label, q, sort }: RunnerRequest,
  standingOf: (runner: RunnerView) => Standing,
): RunnerWindow<RunnerView> => {
  const counts: Record<string, number> = {};
  let [busy, slots, free] = [0, 0, 0];
  const wanted = q?.toLowerCase();
  const fitting: { readonly runner: RunnerView; readonly rank: number }[] = [];
  for (const runner of runners) {
    const standing = standingOf(runner);
    if (standing.state !== 'retired') {
      counts[standing.state] = (counts[standing.state] ?? 0) + 1;
      busy += Object.keys(runner.current).length;
      slots += runner.slots;
      if (standing.state === 'ready' && standing.incompatible === undefined) free += slotCounts(runner).free;
    }
    if (state === undefined ? standing.state === 'retired' : standing.state !== state) continue;
    if (label !== undefined && !runner.labels.includes(label)) continue;
    if (wanted !== undefined && !textOf(runner).includes(wanted)) continue;
    fitting.push({ runner, rank: sort === 'name' ? 0 : rankOf(runner, standing) });
  }
  const items = fitting
    .sort((a, b) => a.rank - b.rank || byName(a.runner.name, b.runner.name))
    .slice(offset, offset + limit)
    .map(({ runner }) => runner);
  return { items, total: fitting.length, counts, busy, slots, free };
};
