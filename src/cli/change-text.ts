/** How a change reads: in a list, by itself, and in one line. */
import type {
  BlockedView,
  ChangeView,
  ConsumerView,
  Deed,
  PhaseView,
  PipelineName,
} from '../app/use-cases.js';
import { Outcome } from '../events/shapes.js';
import type { Io } from './io.js';
import { age, fields, short, table } from './print.js';

type Stage = ChangeView['stages'][number];

/** One that has begun and whose jobs all wait says so. */
const runText = ({ status, waiting }: Stage): string => (waiting === true ? 'waiting for a runner' : status);

/** The latest run of each stage. */
export const stageText = ({ stages }: ChangeView): string =>
  stages
    .filter((run, at) => !stages.slice(at + 1).some(({ stage }) => stage === run.stage))
    .map((run) => `${run.stage} ${runText(run)}`)
    .join(', ') || 'no stage yet';

/** A change in one line, with the phases of the stage that moves. */
export const lineText = (change: ChangeView): string => {
  const live = change.stages.findLast(({ status }) => status === 'queued' || status === 'running');
  const phases = [
    ...(live?.phases ?? []).map(({ phase, status }) => `${phase} ${status}`),
    ...(live?.consumers ?? []).map((consumer) => `${nameIn(change, consumer)} ${wordOf(consumer)}`),
  ].join(', ');
  return [
    `${short(change.id)} ${change.status}: ${stageText(change)}`,
    ...(phases === '' ? [] : [`(${phases})`]),
  ].join(' ');
};

export const listText = (changes: readonly ChangeView[]): string =>
  changes.length === 0
    ? 'No changes found.'
    : table(
        ['CHANGE', 'STATUS', 'PROJECT', 'BRANCH', 'PATCHSET', 'STAGES', 'TITLE'],
        changes.map((change) => [
          short(change.id),
          change.status,
          change.project,
          `${change.branch} -> ${change.pipeline}`,
          String(change.patchset),
          stageText(change),
          change.title,
        ]),
      );

const deedText = (deed: Deed | undefined, now: number): string | undefined =>
  deed && `${age(deed.at, now)} by ${deed.by}${deed.reason === undefined ? '' : `: ${deed.reason}`}`;

const statusText = (run: Stage): string =>
  run.cancelRequested !== undefined && (run.status === 'queued' || run.status === 'running')
    ? `${run.status}, cancelling`
    : runText(run);

/** `rerun-build` → the command that does it. */
const commandOf = (action: string, id: string): string =>
  action.startsWith('rerun-')
    ? `baton change rerun ${id} --stage ${action.slice('rerun-'.length)}`
    : `baton change ${action} ${id}`;

/** `project:pipeline`, with the organisation before it where it is another one. */
const nameIn = (
  change: Pick<ChangeView, 'organisation'>,
  { organisation, project, pipeline }: PipelineName,
): string => `${organisation === change.organisation ? '' : `${organisation}/`}${project}:${pipeline}`;

const wordOf = ({ status }: Pick<ConsumerView | PhaseView, 'status'>): string => status.replaceAll('_', ' ');

const blockedText = (change: ChangeView, blocked: BlockedView | undefined): string | undefined => {
  if (blocked === undefined) return undefined;
  const names = blocked.pipelines.map((pipeline) => nameIn(change, pipeline));
  const [last = '', ...others] = names.toReversed();
  const all = others.length === 0 ? last : `${others.toReversed().join(', ')} and ${last}`;
  return `Union of ${all} has not passed since ${blocked.since}`;
};

/** A row for each phase; what is of the whole stands in the first. */
const phaseRows = (phases: readonly PhaseView[], whole: readonly [string, string, string]) =>
  phases.map(({ phase, status, jobs, kept }, at) => [
    ...(at === 0 ? whole : ['', '', '']),
    phase,
    kept === true ? `${wordOf({ status })} (kept)` : wordOf({ status }),
    jobs.map(short).join(', '),
  ]);

/** Of a Union that failed for a consumer: how that alone is run again, from the phase that failed. */
const consumerReruns = (change: ChangeView): readonly string[] => {
  if (!change.actions.includes('rerun-union')) return [];
  const union = change.stages.findLast(({ stage }) => stage === 'union');
  return (union?.consumers ?? []).flatMap(({ changeId, phases }) => {
    const failed = phases.find(({ status }) => Outcome.is(status) && status !== 'succeeded');
    const consumer = short(changeId);
    return failed === undefined
      ? []
      : [`${commandOf('rerun-union', short(change.id))} --phase ${failed.phase} --consumer ${consumer}`];
  });
};

export const showText = (io: Io, change: ChangeView): string => {
  const now = io.now();
  const { merge, mergeRefused } = change;
  const head = fields([
    ['change', change.id],
    ['title', change.title],
    ['status', change.status],
    ['project', change.project],
    ['branch', `${change.branch} -> ${change.pipeline}`],
    ['patchset', `${change.patchset} at ${change.sha}`],
    ['approved', deedText(change.approved, now)],
    ['merge', merge && `${merge.sha} onto ${merge.targetSha}`],
    ['not merged', mergeRefused && `${age(mergeRefused.at, now)}: ${mergeRefused.detail}`],
    ['delivered', deedText(change.delivered, now)],
    ['deleted', deedText(change.deleted, now)],
    ['superseded by', change.supersededBy],
    ['caution', blockedText(change, change.promotion.blocked)],
  ]);
  const rows = change.stages.flatMap((run) => [
    ...phaseRows(run.phases, [run.stage, String(run.patchset), statusText(run)]),
    ...(run.consumers ?? []).flatMap((consumer) =>
      phaseRows(consumer.phases, [
        `  ${nameIn(change, consumer)} ${short(consumer.changeId)}`,
        '',
        wordOf(consumer),
      ]),
    ),
  ]);
  const stages =
    rows.length === 0 ? [] : [table(['STAGE', 'PATCHSET', 'STATUS', 'PHASE', 'OUTCOME', 'JOBS'], rows)];
  const next =
    change.actions.length === 0
      ? change.moving
        ? 'Next: nothing to do, it goes on by itself.'
        : 'Next: nothing to do.'
      : [
          'Next:',
          ...[
            ...change.actions.map((action) => commandOf(action, short(change.id))),
            ...consumerReruns(change),
          ].map((line) => `  ${line}`),
        ].join('\n');
  return [head, ...stages, next].join('\n\n');
};
