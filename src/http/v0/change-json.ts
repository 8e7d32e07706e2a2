/** A change as the original showed it. */
import type { NumberedChange, SubmittedChange } from '../../app/original.js';
import { changeHref, jobHref, phaseRunHref } from './links.js';
import { descriptionOf, stagesOf, type PhaseRunOf } from './stage-json.js';
import { enqueueTime, timestamp } from './words.js';

/** Of its latest patchset. What was superseded by a later change had been merged all the same. */
const stateOf = ({ change: { status } }: SubmittedChange): 'open' | 'merged' =>
  status === 'open' || status === 'merging' ? 'open' : 'merged';

const ownJson = (submitted: SubmittedChange) => {
  const { change, submission } = submitted;
  return {
    id: change.id,
    topic: change.branch,
    target: change.pipeline,
    state: stateOf(submitted),
    submit_at: timestamp(submission.patchsets.at(-1)?.at ?? submission.at),
    submit_by: submission.by,
    merge_sha: stateOf(submitted) === 'merged' ? (change.merge?.sha ?? null) : null,
    approved_by: change.approved?.by ?? null,
    title: change.title,
    description: '',
    delivered_by: change.delivered?.by ?? null,
    delivered_at: change.delivered === undefined ? '' : timestamp(change.delivered.at),
  };
};

const runJson = (base: string, { change }: NumberedChange, { status, project, numbered }: PhaseRunOf) => ({
  status,
  description: descriptionOf(project, numbered?.job.filter ?? []),
  href: numbered === undefined ? null : phaseRunHref(base, numbered.job, numbered.phaseRun),
  // the job's own, whose it is (B13)
  job_href: numbered === undefined ? null : jobHref(base, change, numbered.id),
  search_query: null,
  search_description: null,
});

/** Of one that is merged, only what was merged. What each holds is asked of git. */
const patchsetsJson = (submitted: SubmittedChange) => {
  const { patchsets } = submitted.submission;
  return (stateOf(submitted) === 'merged' ? patchsets.slice(-1) : patchsets).map(({ number, sha, at }) => ({
    ...{ sequence_number: number, sha, submitted_at: timestamp(at) },
    ...{ stats: {}, files_changed: [], commit_msgs: [] },
  }));
};

/** What may be done now, by somebody who may act at all. */
const linksJson = (base: string, { change }: NumberedChange, mayAct: boolean) => {
  const links: Record<string, { readonly href: string }> = {};
  for (const action of mayAct ? change.actions : []) {
    const [verb, stage] = action.split('-');
    if (action === 'approve') links['approve'] = { href: changeHref(base, change, 'merge') };
    if (action === 'deliver') links['deliver'] = { href: changeHref(base, change, 'accept') };
    if (action === 'delete') links['delete'] = { href: changeHref(base, change) };
    if (verb === 'rerun' && stage !== undefined)
      links[`trigger-${stage}`] = { href: changeHref(base, change, 'trigger', stage) };
  }
  return links;
};

export const promotionJson = ({ change: { promotion } }: SubmittedChange) => ({
  status: promotion.status,
  ...(promotion.reason === undefined ? {} : { reason: promotion.reason }),
});

export const changeJson = (base: string, numbered: NumberedChange, mayAct: boolean) => ({
  ...ownJson(numbered),
  promotion: promotionJson(numbered),
  stages: stagesOf(numbered).map(({ stage, status, phases }) => ({
    ...{ stage, status },
    phases: phases.map(({ name, status: ofPhase, runs }) => ({
      ...{ name, status: ofPhase },
      run_details: runs.map((run) => runJson(base, numbered, run)),
    })),
  })),
  patchsets: patchsetsJson(numbered),
  superseding_change: numbered.superseding === undefined ? null : ownJson(numbered.superseding),
  _links: linksJson(base, numbered, mayAct),
});

/** Queues of which a stage has started: the debugging aid of the original, for admins. */
export const queueStatusJson = (numbered: NumberedChange) => {
  const { change, submission, triggered } = numbered;
  const summary = stagesOf(numbered);
  return summary
    .filter(({ status }) => status === 'running')
    .map(({ stage, stageRunId }) => ({
      queue_name: queueName(change, stage),
      stage_queue_status: 'running',
      change_id: change.id,
      submitted_by: submission.by,
      latest_status: stateOf(numbered),
      enqueue_time: enqueueTime(triggered[stageRunId] ?? ''),
      phase_run_summary: summary.map(({ stage: name, status, phases }) => ({
        ...{ stage: name, status },
        phases: phases.map((phase) => ({
          ...{ name: phase.name, status: phase.status },
          run_details: phase.runs.map((run) => ({ phase: phase.name, status: run.status })),
        })),
      })),
    }));
};

const queueName = (
  { enterprise, organisation, project, pipeline, id }: NumberedChange['change'],
  stage: string,
): string => {
  const shared = [enterprise, stage];
  const ofPipeline = [...shared, organisation, project, pipeline];
  if (stage === 'verify') return [...ofPipeline, id].join('-');
  return (stage === 'build' || stage === 'acceptance' ? ofPipeline : shared).join('-');
};
