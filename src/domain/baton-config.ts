/** What of a project's configuration is Baton's own? It stands under one key, so that no key of another tool can ever be meant. */
import { OutputForm, type Retry, type Workspace } from '../events/shapes.js';
import { ownEntries, type Entries } from './filter-config.js';
import { aList, anObject, aString, knownMembers, type Spot } from './json-check.js';
import { suggest } from './problem.js';
import { isSecretName, SECRET_NAME } from './secret-ref.js';
import { phases, stagePlan, stages, type Stage } from './stage-plan.js';
import { MOST_SLOTS } from './most-slots.js';

/** Phase or `default` → its entry; the entry of a phase replaces `default`. */
export type PerPhase<A> = ReadonlyMap<string, A>;

/** What the file as a whole says, or one of its stages. */
export interface Settings {
  /** Absent: nothing is said, which is not the same as none. */
  readonly skipped: ReadonlySet<string> | undefined;
  readonly timeouts: PerPhase<number>;
  readonly filters: Entries;
  readonly secrets: PerPhase<readonly string[]>;
  readonly outputs: PerPhase<OutputForm>;
  readonly priorities: PerPhase<number>;
  readonly slots: PerPhase<number>;
  /** Undefined as an entry: not tried again. */
  readonly retries: PerPhase<Retry | undefined>;
  readonly workspaces: PerPhase<Workspace>;
  readonly reports: PerPhase<boolean>;
}

/** A timer of 2^31 ms or more would fire at once. */
const MAX_SECONDS = 2_147_483;
/** Enough to put any work before or behind all else: ageing adds one in ten minutes. */
const MOST_PRIORITY = 100;
/** Whoever fails so often does not fail by chance. */
const MOST_ATTEMPTS = 10;
const MIB = 1_048_576;

const withDefault: readonly string[] = ['default', ...phases];
const A_PHASE = 'a phase or "default"';

const perPhase = <A>(
  spot: Spot,
  { known, what }: Wanted,
  read: (entry: Spot) => { readonly value: A } | undefined,
): PerPhase<A> => {
  const found = new Map<string, A>();
  for (const [phase, entry] of spot.value === undefined ? [] : knownMembers(spot, known, what)) {
    const answer = read(entry);
    if (answer !== undefined) found.set(phase, answer.value);
  }
  return found;
};

/** Which phases may be named at a place, and how that is said. */
interface Wanted {
  readonly known: readonly string[];
  readonly what: string;
}

const anywhere: Wanted = { known: withDefault, what: A_PHASE };

const isWhole = (value: unknown, least: number, most: number): value is number =>
  typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most;

const isSeconds = (value: unknown): value is number =>
  typeof value === 'number' && value >= 0 && value <= MAX_SECONDS;

const toMs = (seconds: number): number => Math.round(seconds * 1000);

/** `phase_timeouts`, of the file or of a stage. In milliseconds. */
export const timeoutsAt = (spot: Spot, wanted: Wanted = anywhere): PerPhase<number> =>
  perPhase(spot, wanted, ({ value, refuse }) =>
    isSeconds(value) && value > 0
      ? { value: Math.max(1, toMs(value)) }
      : refuse(`seconds, a number above 0 and at most ${MAX_SECONDS}`, 'remove the key for no limit'),
  );

/** `skip_phases`. Undefined when the key is not there. */
export const skippedAt = (spot: Spot, stage?: Stage): ReadonlySet<string> | undefined => {
  if (spot.value === undefined) return undefined;
  const known: readonly string[] = stage === undefined ? phases : stagePlan[stage].flat();
  const skipped = new Set<string>();
  for (const item of aList(spot, 'phase names') ?? []) {
    const name = aString(item, 'a phase name');
    if (name === undefined) continue;
    if (known.includes(name)) skipped.add(name);
    else item.refuse(stage === undefined ? 'a phase' : `a phase that ${stage} has`, suggest(name, known));
  }
  return skipped;
};

const secretNames = (entry: Spot): { readonly value: readonly string[] } => {
  const names = new Set<string>();
  for (const item of aList(entry, 'names of secrets', 'write ["NAME"]') ?? []) {
    const name = aString(item, 'the name of a secret', 'put it in double quotes');
    if (name === undefined) continue;
    if (!isSecretName(name))
      item.refuse(SECRET_NAME, 'write the last part of the secret, e.g. "DEPLOY_TOKEN"');
    else if (names.has(name)) item.refuse('each name once', 'leave one out');
    names.add(name);
  }
  return { value: [...names] };
};

const outputForm = ({ value, refuse }: Spot): { readonly value: OutputForm } | undefined =>
  OutputForm.is(value)
    ? { value }
    : refuse('"merged" or "split"', 'remove the key for both outputs in one log');

const priority = ({ value, refuse }: Spot): { readonly value: number } | undefined =>
  isWhole(value, -MOST_PRIORITY, MOST_PRIORITY)
    ? { value }
    : refuse(
        `a whole number from -${MOST_PRIORITY} to ${MOST_PRIORITY}`,
        'higher goes first; remove the key for 0',
      );

const slots = ({ value, refuse }: Spot): { readonly value: number } | undefined =>
  isWhole(value, 1, MOST_SLOTS)
    ? { value }
    : refuse(
        `slots that each job takes on its runner: a whole number from 1 to ${MOST_SLOTS}`,
        'remove the key for 1',
      );

const attemptsAt = ({ value, refuse }: Spot): number | undefined =>
  isWhole(value, 2, MOST_ATTEMPTS)
    ? value
    : refuse(
        `tries in all, the first included: a whole number from 2 to ${MOST_ATTEMPTS}`,
        'write false for no further try',
      );

const causes = ['failed', 'timed_out', 'lost'] as const;
type Cause = (typeof causes)[number];

const causeOf = (word: unknown): Cause | undefined => causes.find((cause) => cause === word);

/** Each item once, and at least one; what cannot be read has been refused. */
const distinct = <A>(
  spot: Spot,
  of: string,
  read: (item: Spot) => A | undefined,
): readonly A[] | undefined => {
  const items = aList(spot, of);
  if (items === undefined) return undefined;
  if (items.length === 0) spot.refuse('at least one', 'remove the key');
  const found = new Set<A>();
  for (const item of items) {
    const value = read(item);
    if (value !== undefined && found.has(value)) item.refuse('each once', 'leave one out');
    if (value !== undefined) found.add(value);
  }
  return [...found];
};

const causesAt = (spot: Spot): readonly Cause[] => {
  if (spot.value === undefined) return ['failed'];
  const read = (item: Spot) =>
    causeOf(item.value) ??
    item.refuse('how a job ended', suggest(typeof item.value === 'string' ? item.value : '', causes));
  return distinct(spot, causes.join(', '), read) ?? [];
};

const exitCodesAt = (spot: Spot, on: readonly Cause[]): readonly number[] | undefined => {
  if (spot.value === undefined) return undefined;
  if (!on.includes('failed'))
    spot.refuse('no exit codes unless "on" has "failed"', 'remove them, or add "failed"');
  return distinct(spot, 'exit codes', ({ value, refuse }) =>
    isWhole(value, 1, 255) ? value : refuse('the exit code of a failure: a whole number from 1 to 255'),
  );
};

const retry = (entry: Spot): { readonly value: Retry | undefined } | undefined => {
  if (entry.value === false) return { value: undefined };
  if (typeof entry.value === 'number') {
    const attempts = attemptsAt(entry);
    return attempts === undefined ? undefined : { value: { attempts, on: ['failed'], delayMs: 0 } };
  }
  const known = ['attempts', 'on', 'delay', 'exit_codes'];
  const example = 'write 3, or {"attempts": 3, "on": ["failed"], "delay": 10}';
  if (anObject(entry, example) === undefined) return undefined;
  knownMembers(entry, known, 'a member of retry', example);
  const attempts = attemptsAt(entry.at('attempts'));
  const on = causesAt(entry.at('on'));
  const { value: delay = 0, refuse } = entry.at('delay');
  if (!isSeconds(delay)) {
    refuse(`seconds, a number from 0 to ${MAX_SECONDS}`, 'remove it for none');
    return undefined;
  }
  const exitCodes = exitCodesAt(entry.at('exit_codes'), on);
  if (attempts === undefined) return undefined;
  return {
    value: { attempts, on, delayMs: toMs(delay), ...(exitCodes === undefined ? {} : { exitCodes }) },
  };
};

const keeps = ['never', 'on_failure', 'always'] as const;

const keepAt = ({ value, refuse }: Spot): Pick<Workspace, 'keep'> => {
  if (value === undefined) return {};
  const keep = keeps.find((word) => word === value);
  if (keep === undefined) refuse('whether it stays', suggest(typeof value === 'string' ? value : '', keeps));
  return keep === undefined ? {} : { keep };
};

const keepTimeAt = (
  { value, refuse }: Spot,
  { keep }: Pick<Workspace, 'keep'>,
): Pick<Workspace, 'keepMs'> => {
  if (value === undefined) return {};
  if (!isSeconds(value) || value === 0)
    refuse(
      `seconds, a number above 0 and at most ${MAX_SECONDS}`,
      'remove it for the time that the server keeps',
    );
  else if (keep === undefined || keep === 'never')
    refuse('no time unless it is kept', 'add "keep": "on_failure" or "keep": "always"');
  else return { keepMs: Math.max(1, toMs(value)) };
  return {};
};

const cacheAt = ({ value, refuse }: Spot): Pick<Workspace, 'cache'> => {
  if (value === undefined) return {};
  if (typeof value === 'string' && /^[A-Za-z0-9._-]{1,64}$/.test(value) && value !== '.' && value !== '..')
    return { cache: value };
  refuse('a name: 1 to 64 letters, digits, dots, dashes or underscores, not . or ..');
  return {};
};

const freeAt = ({ value, refuse }: Spot): Pick<Workspace, 'freeBytes'> => {
  if (value === undefined) return {};
  if (isWhole(value, 1, Math.floor(Number.MAX_SAFE_INTEGER / MIB))) return { freeBytes: value * MIB };
  refuse('MiB, a whole number from 1');
  return {};
};

const workspace = (entry: Spot): { readonly value: Workspace } | undefined => {
  const example = 'write {"keep": "on_failure"} or {"cache": "NAME"}';
  if (anObject(entry, example) === undefined) return undefined;
  knownMembers(entry, ['keep', 'keep_time', 'cache', 'free_mib'], 'a member of workspace');
  const keep = keepAt(entry.at('keep'));
  return {
    value: {
      ...keep,
      ...keepTimeAt(entry.at('keep_time'), keep),
      ...cacheAt(entry.at('cache')),
      ...freeAt(entry.at('free_mib')),
    },
  };
};

const reports = ({ value, refuse }: Spot): { readonly value: boolean } | undefined =>
  typeof value === 'boolean'
    ? { value }
    : refuse('true or false', 'write true for a phase whose jobs tell of themselves');

type Own = Omit<Settings, 'skipped' | 'timeouts'>;

const ownAt = (spot: Spot, wanted: Wanted): Own => ({
  filters: ownEntries(spot.at('filters'), wanted.known, wanted.what),
  secrets: perPhase(spot.at('secrets'), wanted, secretNames),
  outputs: perPhase(spot.at('output'), wanted, outputForm),
  priorities: perPhase(spot.at('priority'), wanted, priority),
  slots: perPhase(spot.at('slots'), wanted, slots),
  retries: perPhase(spot.at('retry'), wanted, retry),
  workspaces: perPhase(spot.at('workspace'), wanted, workspace),
  reports: perPhase(spot.at('reports'), wanted, reports),
});

const own = ['filters', 'secrets', 'output', 'priority', 'slots', 'retry', 'workspace', 'reports'];

const stageAt = (stage: Stage, spot: Spot): Settings => {
  const known = stagePlan[stage].flat();
  const wanted: Wanted = { known: ['default', ...known], what: `a phase that ${stage} has, or "default"` };
  knownMembers(spot, [...own, 'skip_phases', 'phase_timeouts'], 'a setting of a stage');
  return {
    skipped: skippedAt(spot.at('skip_phases'), stage),
    timeouts: timeoutsAt(spot.at('phase_timeouts'), wanted),
    ...ownAt(spot, wanted),
  };
};

/** `baton`: what holds everywhere, and what a stage says otherwise. */
export const batonAt = (
  baton: Spot,
): { readonly own: Own; readonly inStages: ReadonlyMap<Stage, Settings> } => {
  if (baton.value !== undefined)
    knownMembers(
      baton,
      [...own, 'stages'],
      'a setting of Baton',
      'write {"secrets": {"default": ["NAME"]}} or {"output": {"default": "split"}}',
    );
  const spot = baton.at('stages');
  const members = spot.value === undefined ? [] : knownMembers(spot, stages, 'a stage');
  const inStages = new Map<Stage, Settings>();
  for (const stage of stages) {
    const found = members.find(([name]) => name === stage);
    if (found !== undefined) inStages.set(stage, stageAt(stage, found[1]));
  }
  return { own: ownAt(baton, anywhere), inStages };
};
