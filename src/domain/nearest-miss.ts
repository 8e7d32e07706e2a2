/** When no runner can ever match: which come nearest, what do they have instead, and what was probably meant? */
import type { Clause, Filter } from '../events/shapes.js';
import { describeFilter, judge, suits, type Candidate } from './matching.js';
import { familyOf, idOfPlatform, isFamily, platformOf } from './platforms.js';
import { nearest } from './problem.js';

/** Runners that fail the same conditions and have the same instead. */
export interface Miss {
  readonly failing: readonly Clause[];
  /** What they have, clause by clause; empty for nothing. */
  readonly found: readonly string[];
  readonly runners: readonly string[];
}

export interface NearestMiss {
  /** All fail equally few conditions; the largest group first. */
  readonly misses: readonly Miss[];
  /** Sentences on what was probably meant. */
  readonly hints: readonly string[];
  /** All conditions are met by some runner, which then has fewer slots than the job takes; `misses` is empty. */
  readonly slots?: { readonly needed: number; readonly largest: number };
}

/** `needs 3 slots, the largest runner that matches has 2`. */
export const tooFewSlots = (needed: number, have: readonly number[]): string =>
  `needs ${needed} slots, the largest runner that matches has ${Math.max(0, ...have)}`;

/** Groups that a sentence tells, and values of a condition that are looked into. */
const SHOWN = 4;
/** A misspelt word is looked for among so many values: each comparison costs the product of their lengths. */
const COMPARED = 256;

const TELLING_OS: Readonly<Record<string, string>> = {
  windows: 'No runner can be Windows: a runner has a POSIX shell, and its os is linux or darwin.',
  macos: 'The os of macOS is darwin, its platform and platform_family are mac_os_x.',
  mac_os_x: 'The os of macOS is darwin, its platform and platform_family are mac_os_x.',
  macosx: 'The os of macOS is darwin, its platform and platform_family are mac_os_x.',
  osx: 'The os of macOS is darwin, its platform and platform_family are mac_os_x.',
};

const mistake = (key: string, value: string): string | undefined => {
  const word = value.toLowerCase();
  if (word === 'windows' && ['os', 'platform', 'platform_family'].includes(key)) return TELLING_OS['windows'];
  if (key === 'os') {
    if (Object.hasOwn(TELLING_OS, word)) return TELLING_OS[word];
    const id = idOfPlatform(word);
    return id === undefined ? undefined : `${value} is a platform; its os is linux.`;
  }
  const id = idOfPlatform(word);
  if (key === 'platform_family' && id !== undefined && !isFamily(word))
    return `${value} is a platform; its platform_family is ${familyOf(id) ?? 'its own'}.`;
  if (key === 'platform' && id !== undefined && platformOf(id) !== word)
    return `The platform of ${value} is called ${platformOf(id)}.`;
  return undefined;
};

const wordOf = (value: string): string => value.replaceAll(/\d+/g, '0');

/** The value that was misspelt. Names that differ in their numbers are two names, as versions are two versions. */
const slipOf = (value: string, have: readonly string[]): string | undefined => {
  const near = nearest(value, have.filter((one) => one !== '').slice(0, COMPARED));
  return near === undefined || wordOf(near) === wordOf(value) || value.length < 3 ? undefined : near;
};

/** What was probably meant by one condition, given what runners have for it. */
export const hintsFor = ({ key, values }: Clause, have: readonly string[]): readonly string[] =>
  values.slice(0, SHOWN).flatMap((value) => {
    if (have.includes(value)) return [];
    const known = mistake(key, value);
    if (known !== undefined) return [known];
    const near = key === 'platform_version' ? undefined : slipOf(value, have);
    return near === undefined ? [] : [`${value} may be a slip of the pen: there is ${near}.`];
  });

/** With how many slots; where nobody knows, it has enough. */
export type SizedCandidate = Candidate & { readonly slots?: number };

/** Undefined when some candidate suits, and has as many slots as a job takes, or when there is none at all. */
export const nearestMiss = (
  filter: Filter,
  candidates: readonly SizedCandidate[],
  needed = 1,
): NearestMiss | undefined => {
  if (candidates.length === 0) return undefined;
  const sizes = candidates.flatMap((one) => (suits(one, filter) ? [one.slots ?? Infinity] : []));
  if (sizes.length > 0) {
    const largest = Math.max(...sizes);
    return largest >= needed ? undefined : { misses: [], hints: [], slots: { needed, largest } };
  }
  const judged = candidates.map((candidate) => ({
    name: candidate.name,
    lacks: judge(candidate, filter).filter(({ holds }) => !holds),
  }));
  const fewest = judged.reduce((least, { lacks }) => Math.min(least, lacks.length), Infinity);
  const groups = new Map<string, { readonly miss: Omit<Miss, 'runners'>; readonly runners: string[] }>();
  for (const { name, lacks } of judged) {
    if (lacks.length > fewest) continue;
    const miss = { failing: lacks.map(({ clause }) => clause), found: lacks.map(({ found }) => found) };
    const key = JSON.stringify(miss);
    const group = groups.get(key) ?? { miss, runners: [] };
    groups.set(key, group);
    group.runners.push(name);
  }
  const misses = [...groups.values()]
    .map(({ miss, runners }) => ({ ...miss, runners }))
    .sort((a, b) => b.runners.length - a.runners.length);
  return { misses, hints: hintsOn(filter, candidates) };
};

/** On the conditions that nobody meets: what some runner has is no mistake. */
const hintsOn = (filter: Filter, candidates: readonly Candidate[]): readonly string[] => {
  const hints = filter.flatMap((clause) => {
    const alone = candidates.map((candidate) => judge(candidate, [clause])[0]);
    if (alone.some((one) => one?.holds === true)) return [];
    return hintsFor(clause, [...new Set(alone.flatMap((one) => one?.found.split(', ') ?? []))]);
  });
  return [...new Set(hints)];
};

const counted = (n: number): string => `${n} ${n === 1 ? 'runner has' : 'runners have'}`;

const missText = ({ failing, found, runners }: Miss): string =>
  `${describeFilter(failing)}: ${counted(runners.length)} ${found.map((one) => one || 'none').join(', ')}`;

/** `platform_family is ubuntu: 3 runners have debian`, and what was probably meant. */
export const nearestMissText = ({ misses, hints, slots }: NearestMiss): string => {
  if (slots !== undefined) return tooFewSlots(slots.needed, [slots.largest]);
  const rest = misses.slice(SHOWN).reduce((sum, { runners }) => sum + runners.length, 0);
  const told = [
    ...misses.slice(0, SHOWN).map(missText),
    ...(rest > 0 ? [`${rest} more ${rest === 1 ? 'lacks' : 'lack'} as much`] : []),
  ].join('; ');
  return [told, ...hints].join('. ').replace(/\.$/, '');
};
