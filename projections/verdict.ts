/** Why does this job wait, in one sentence? Reads the table of runners against clauses that `explain` makes. */
import { hintsFor, tooFewSlots } from '../src/domain/nearest-miss.js';
import { slotsClause } from '../src/domain/matching.js';
import type { Clause } from '../src/events/shapes.js';
import { isClosedTo, type ExplainAnswer } from './explain-answer.js';
import { counted } from './table.js';

type Row = ExplainAnswer['runners'][number];

const GROUPS_SHOWN = 3;

const wanted = ({ key, op, values }: Clause): string => {
  if (op === 'none') return `${key} other than ${values.join(', ')}`;
  if (op === 'version') return `${key} ${values.join(' or ')}`;
  return values.length <= 1
    ? `${key} ${values.join('')}`
    : `${key} ${op === 'in' ? 'any of' : 'all of'} ${values.join(', ')}`;
};

/** `2 runners have debian, 1 has ubuntu`: the commonest first. */
const whatTheyHave = (found: readonly string[]): string => {
  const counts = new Map<string, number>();
  for (const value of found) counts.set(value, (counts.get(value) ?? 0) + 1);
  const groups = [...counts].sort(([, a], [, b]) => b - a);
  const shown = groups.slice(0, GROUPS_SHOWN).map(([value, n], i) => {
    const subject = i === 0 ? counted(n, 'runner') : String(n);
    return `${subject} ${n === 1 ? 'has' : 'have'} ${value === '' ? 'none' : value}`;
  });
  const rest = groups.slice(GROUPS_SHOWN).reduce((sum, [, n]) => sum + n, 0);
  return [...shown, ...(rest > 0 ? [`${rest} have others`] : [])].join(', ');
};

const ASKS_SLOTS = slotsClause(0).key;

/** It would suit, if it had more slots: how many it has. */
const sizeOf = ({ clauses }: Row): readonly number[] => {
  const lacks = clauses.filter(({ holds }) => !holds);
  const [only] = lacks;
  return lacks.length === 1 && only?.clause.key === ASKS_SLOTS ? [Number(only.found)] : [];
};

/** No runner suits: names the first clause that nobody meets, else the runner that lacks least. */
const nobodySuits = (rows: readonly Row[], slots: number): string => {
  const sizes = slots === 1 ? [] : rows.flatMap(sizeOf);
  if (sizes.length > 0) return `no enrolled runner can ever match: ${tooFewSlots(slots, sizes)}`;
  const [first] = rows;
  const nobodys = (first?.clauses ?? []).findIndex((_, i) =>
    rows.every((row) => row.clauses[i]?.holds === false),
  );
  const clause = first?.clauses[nobodys]?.clause;
  if (clause !== undefined) {
    const found = rows.map((row) => row.clauses[nobodys]?.found ?? '');
    const told = `no enrolled runner has ${wanted(clause)} (${whatTheyHave(found)})`;
    const have = [...new Set(found.flatMap((one) => one.split(', ')))];
    return [told, ...new Set(hintsFor(clause, have))].join('. ').replace(/\.$/, '');
  }
  const lacks = (row: Row) => row.clauses.filter(({ holds }) => !holds);
  const closest = rows.reduce((best, row) => (lacks(row).length < lacks(best).length ? row : best));
  const missing = lacks(closest)
    .map((lack) => wanted(lack.clause))
    .join(' and ');
  return `no enrolled runner meets all conditions at once (closest: ${closest.runner}, without ${missing})`;
};

/**
 * One sentence for a job that waits; `all` has every runner that is not retired. `slots`: how many it takes. `isKept`: whether that
 * runner may keep its free slots for a job that takes more.
 */
export const waitingVerdict = (
  all: readonly Row[],
  slots = 1,
  isKept = (_runner: string) => false,
): string => {
  if (all.length === 0) return 'waits: no runner is enrolled';
  // what is kept for other enterprises is neither a near miss nor for everybody's eyes
  const rows = all.filter((row) => !isClosedTo(row));
  if (rows.length === 0) return 'waits: no enrolled runner takes jobs of its enterprise';
  const suitable = rows.filter(({ suits }) => suits);
  if (suitable.length === 0) return `waits: ${nobodySuits(rows, slots)}`;
  const blocked = suitable.filter(({ unavailable }) => unavailable !== undefined);
  const free = suitable.filter(({ unavailable }) => unavailable === undefined);
  if (free.length > 0) {
    const could = counted(free.length, 'matching runner');
    return free.every(({ runner }) => isKept(runner))
      ? `waits: ${could} may keep free slots for a job that takes ${slots === 1 ? 'several' : 'more'}`
      : `waits: ${could} could take it, the scheduler has not assigned it yet`;
  }
  const areBusy = blocked.every(({ unavailable }) => unavailable?.startsWith('busy: '));
  if (areBusy && slots > 1)
    return `waits: no matching runner has ${slots} slots free at once (${counted(suitable.length, 'runner')})`;
  if (areBusy)
    return suitable.length === 1
      ? 'waits: the only matching runner is busy'
      : `waits: all ${suitable.length} matching runners are busy`;
  const reasons = blocked
    .slice(0, GROUPS_SHOWN)
    .map(({ runner, unavailable }) => `${runner} is ${unavailable ?? ''}`);
  const more = blocked.length > GROUPS_SHOWN ? `; and ${blocked.length - GROUPS_SHOWN} more` : '';
  return `waits: no matching runner can take a job now (${reasons.join('; ')}${more})`;
};
