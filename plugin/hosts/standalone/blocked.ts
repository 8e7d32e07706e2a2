/**
 * Which pipelines are not known to work together? Those that took part in a Union that has not passed are blocked, as one set; sets that have a
 * pipeline in common become one. A set is there until each of its pipelines has taken part, itself or as a consumer, in a Union that passed.
 * That is a caution: nothing is kept from being delivered.
 */
import type { BlockedView, ChangeView, PromotionView } from '../../../src/app/use-cases.js';
import type { Instant } from '../../../src/kernel/time.js';

export interface Member {
  readonly enterprise: string;
  readonly organisation: string;
  readonly project: string;
  readonly pipeline: string;
}

export interface BlockedSet {
  /** The end of the first Union that blocked one of them. */
  readonly since: Instant;
  readonly members: readonly (Member & { readonly passed: boolean })[];
}

/** The pipeline by its names alone. */
export const memberOf = ({ enterprise, organisation, project, pipeline }: Member): Member => ({
  ...{ enterprise, organisation, project, pipeline },
});

const nameOf = ({ enterprise, organisation, project, pipeline }: Member): string =>
  JSON.stringify([enterprise, organisation, project, pipeline]);

/** `isOneOf(members)(member)`. */
const isOneOf = (members: readonly Member[]): ((member: Member) => boolean) => {
  const names = new Set(members.map(nameOf));
  return (member) => names.has(nameOf(member));
};

/** The sets after the end of a Union in which these took part. */
export const afterUnion = (
  sets: readonly BlockedSet[],
  participants: readonly Member[],
  passed: boolean,
  at: Instant,
): readonly BlockedSet[] => {
  const tookPart = isOneOf(participants);
  if (passed)
    return sets
      .map(({ since, members }) => ({
        since,
        members: members.map((member) => (tookPart(member) ? { ...member, passed } : member)),
      }))
      .filter(({ members }) => members.some((member) => !member.passed));
  const overlaps = ({ members }: BlockedSet): boolean => members.some(tookPart);
  const [first] = sets.filter(overlaps);
  const others = sets.filter(overlaps).flatMap(({ members }) => members);
  const members = [
    ...participants.map((member) => ({ ...memberOf(member), passed: false })),
    ...others.filter((member) => !tookPart(member)),
  ];
  return [...sets.filter((set) => !overlaps(set)), { since: first?.since ?? at, members }].toSorted(bySince);
};

const bySince = (one: BlockedSet, other: BlockedSet): number =>
  one.since < other.since ? -1 : one.since > other.since ? 1 : 0;

const blockedBy = (sets: readonly BlockedSet[], change: Member): { readonly blocked?: BlockedView } => {
  const set = sets.find(({ members }) => isOneOf(members)(change));
  return set === undefined
    ? {}
    : {
        blocked: {
          since: set.since,
          pipelines: set.members.map(({ enterprise: _, ...named }) => named),
        },
      };
};

/** What is told of a change, its pipeline being blocked or not. */
export const promotionOf = (
  sets: readonly BlockedSet[],
  change: Member & Pick<ChangeView, 'status' | 'supersededBy'>,
): PromotionView => {
  const { status, supersededBy } = change;
  if (status === 'deleted') return { status: 'disabled' };
  if (status === 'superseded') return { status: 'disabled', reason: 'change_superseded' };
  const found = supersededBy === undefined ? blockedBy(sets, change) : {};
  if (status === 'delivered') return { status: 'disabled', reason: 'change_delivered', ...found };
  return found.blocked === undefined
    ? { status: 'proceed' }
    : { status: 'caution', reason: 'pipeline_union_failure', ...found };
};
