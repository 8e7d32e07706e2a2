/**
 * Which builds wait for others, and which need not run any more? Screwdriver names the jobs that block a job, itself among them; the older
 * build goes first, and none overtakes one that runs. Of builds of one job that wait, the newest is enough. Pure.
 */
import * as E from 'fp-ts/lib/Either.js';
import { wishesOf } from './annotations.js';
import type { BuildRecord } from './records.js';

type Gated = Pick<BuildRecord, 'buildId' | 'jobId' | 'blockedBy' | 'annotations' | 'state' | 'stopAsked'>;
type Waiting = Pick<
  BuildRecord,
  'buildId' | 'jobId' | 'annotations' | 'state' | 'blockedTold' | 'stopAsked' | 'refusal'
>;

/** The builds that this one waits for: older ones that will run, and those that Baton has. So none waits for one that waits for it. */
export const blockersOf = (record: Gated, live: readonly Gated[]): readonly number[] => {
  const wishes = wishesOf(record.annotations);
  const atOnce = E.isRight(wishes) && wishes.right.atOnce;
  const jobs = record.blockedBy.filter((jobId) => !(atOnce && jobId === record.jobId));
  return live
    .filter(
      ({ buildId, jobId, state, stopAsked }) =>
        jobs.includes(jobId) &&
        buildId !== record.buildId &&
        (state === 'promoted' || (buildId < record.buildId && stopAsked !== true)),
    )
    .map(({ buildId }) => buildId);
};

/** Screwdriver was told that it is blocked, and it still is; neither was it stopped, nor is Screwdriver being told that it cannot be run. */
const waits = ({ state, blockedTold, stopAsked, refusal }: Waiting): boolean =>
  state === 'ready' && blockedTold === true && stopAsked !== true && refusal === undefined;

const collapses = ({ annotations }: Waiting, byDefault: boolean): boolean => {
  const wishes = wishesOf(annotations);
  return E.isRight(wishes) && !wishes.right.atOnce && (wishes.right.collapse ?? byDefault);
};

/**
 * The newest build of the same job that waits, too, and wants the older ones to be collapsed into it, as the queue service of Screwdriver
 * does (queue-service, plugins/worker/lib/BlockedBy.js). `byDefault`: what holds for jobs that say nothing. Undefined: it goes on waiting.
 */
export const collapsesInto = (
  record: Waiting,
  live: readonly Waiting[],
  byDefault: boolean,
): number | undefined =>
  waits(record)
    ? live.findLast(
        (newer) =>
          newer.jobId === record.jobId &&
          newer.buildId > record.buildId &&
          waits(newer) &&
          collapses(newer, byDefault),
      )?.buildId
    : undefined;
