/** How a change reads: where it is, what it waits for, why it must wait, and what speaks against it. */
import type { BlockedView, ChangeView, PipelineName } from '../../app/change-view.js';
import { isLiveRun, runStatus, titleOf } from './stages.js';

/** `project:pipeline`, with the organisation before it where it is another one. */
export const pipelineText = ({ organisation }: Pick<ChangeView, 'organisation'>, of: PipelineName): string =>
  `${of.organisation === organisation ? '' : `${of.organisation}/`}${of.project}:${of.pipeline}`;

/** `a`, `a and b`, `a, b and c`. */
export const listed = (names: readonly string[]): string => {
  const last = names.at(-1) ?? '';
  return names.length < 2 ? last : `${names.slice(0, -1).join(', ')} and ${last}`;
};

/** Which pipelines have not passed a Union together; without when, which is shown beside it. */
export const blockedText = (change: Pick<ChangeView, 'organisation'>, { pipelines }: BlockedView): string => {
  const all = listed(pipelines.map((pipeline) => pipelineText(change, pipeline)));
  const left = pipelines.filter(({ passed }) => !passed);
  const rest =
    left.length === pipelines.length
      ? ''
      : ` Still to pass: ${listed(left.map((pipeline) => pipelineText(change, pipeline)))}.`;
  return `Union of ${all} has not passed.${rest}`;
};

/** Where a change is: the newest run of its stages, and its status; nothing before the first. */
export const placeOf = ({
  stages,
}: Pick<ChangeView, 'stages'>): { stage: string; status: string } | undefined => {
  const run = stages.findLast(isLiveRun) ?? stages.at(-1);
  return run === undefined ? undefined : { stage: titleOf(run.stage), status: runStatus(run) };
};

/** Whether it goes on by itself, or what it waits for; undefined for one that has come to its end. */
export const standingOf = (
  change: Pick<ChangeView, 'moving' | 'actions' | 'status' | 'stages'>,
): string | undefined => {
  const waits = waitsFor(change);
  if (!change.moving) return waits === undefined ? undefined : `It ${waits}.`;
  const run = change.stages.findLast(isLiveRun);
  return run !== undefined && runStatus(run) === 'waiting_for_a_runner'
    ? 'It waits for a runner.'
    : 'It goes on by itself.';
};

/** What a change that stands still waits for; undefined for one that moves, or has come to its end. */
export const waitsFor = (
  change: Pick<ChangeView, 'moving' | 'actions' | 'status' | 'stages'>,
): string | undefined => {
  const { moving, actions, status, stages } = change;
  if (moving) return undefined;
  if (actions.includes('approve')) return 'waits for approval';
  if (actions.includes('deliver')) return 'waits for delivery';
  const last = stages.at(-1);
  if (last === undefined || last.status === 'passed' || !actions.includes(`rerun-${last.stage}`))
    return undefined;
  return status === 'open' ? 'waits for a better patchset' : 'waits for somebody to run it again';
};

export type Deed = 'approve' | 'deliver' | 'delete';

const notPassed = (change: ChangeView, stage: string): string => {
  const run = change.stages.findLast((other) => other.stage === stage);
  if (run === undefined) return `${titleOf(stage)} has not begun.`;
  return isLiveRun(run)
    ? `${titleOf(stage)} has not ended yet.`
    : `${titleOf(stage)} ${run.status === 'cancelled' ? 'was cancelled' : 'has failed'}.`;
};

/** Deeds that are in question as the change stands; the others are behind it, or never come. */
export const deedsOf = ({ status }: Pick<ChangeView, 'status'>): readonly Deed[] =>
  status === 'open' || status === 'merging'
    ? ['approve', 'deliver', 'delete']
    : status === 'merged'
      ? ['deliver']
      : [];

/** Why it cannot be done now; undefined when it can. The server has the last word. */
export const whyNot = (change: ChangeView, deed: Deed): string | undefined => {
  if (change.actions.includes(deed)) return undefined;
  if (change.status === 'merging') return 'The merge is on its way.';
  if (deed === 'deliver' && change.status === 'open') return 'It is not approved.';
  return notPassed(change, deed === 'deliver' ? 'acceptance' : 'verify');
};

/** Changes that this one contains and that were not delivered by themselves: superseded by it, or by one that was. */
export const containedIn = (
  id: string,
  superseded: readonly Pick<ChangeView, 'id' | 'title' | 'supersededBy'>[],
): readonly Pick<ChangeView, 'id' | 'title'>[] => {
  const inside = new Set([id]);
  for (let before = 0; before !== inside.size;) {
    before = inside.size;
    for (const { id: other, supersededBy } of superseded)
      if (supersededBy !== undefined && inside.has(supersededBy)) inside.add(other);
  }
  return superseded.filter((other) => other.id !== id && inside.has(other.id));
};
